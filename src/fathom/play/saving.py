"""The network on screen as a file: `.keras`, or its weights as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from fathom import models
from fathom.play.experiment import Experiment, changed, experiment_data
from fathom.play.lane import Lane
from fathom.play.modern import ModernNetwork
from fathom.play.network import parameter_arrays, with_parameters
from fathom.play.slow import plain


def network_bytes(lane: Lane) -> bytes:
    """Return the network as the bytes of a `.keras` file; features go in, answers come out."""
    setup = lane.setup
    experiment: Experiment = changed(setup.experiment, mode="modern")
    network = ModernNetwork(experiment, setup.material, setup.features.names)
    state = network.first(_stream())
    arrays = parameter_arrays(setup.machine.network.layout, lane.state)
    filled = with_parameters(network.layout, state, arrays)
    return models.model_bytes(network.keras_model(filled))


def _stream() -> Any:
    from fathom.play.seedrandom import SeedRandom

    return SeedRandom("0")


def weights_data(lane: Lane) -> dict[str, Any]:
    """Return the experiment and all weights as JSON data."""
    layout = lane.setup.machine.network.layout
    return {
        "experiment": experiment_data(lane.setup.experiment),
        "epoch": lane.position.epoch,
        "features": list(lane.setup.features.names),
        "parameters": [
            {
                "layer": one.layer,
                "name": one.name,
                "shape": list(one.shape),
                "values": plain(np.asarray(array)),
            }
            for one, array in zip(layout.parameters, parameter_arrays(layout, lane.state))
        ],
    }
