"""What a change of the experiment means for the training that is under way."""

from __future__ import annotations

import msgspec

from fathom.play.experiment import Experiment

NONE, SETTINGS, COMPILED, RESET, DATA = "none", "settings", "compiled", "reset", "data"

KEEPS_WEIGHTS = ("noise", "train_share", "rows", "added", "removed", "axes")
"""Changes of the data through which a network goes on learning."""


def effect_of(before: Experiment, after: Experiment) -> str:
    """Return "none", "settings", "compiled" (weights kept), "reset" or "data" (other points).

    The classic mode begins anew where TensorFlow Playground does: with other
    features, layers or activations.
    """
    if before.seed != after.seed or before.data != after.data:
        return DATA
    if _begins_anew(before, after):
        return RESET
    if _structure(before) != _structure(after):
        return RESET if before.is_classic and after.is_classic else COMPILED
    return SETTINGS if _settings(before) != _settings(after) else NONE


def keeps_weights(before: Experiment, after: Experiment) -> bool:
    """Return whether other points are learned by the same network, which goes on."""
    same = msgspec.structs.replace(
        after.data, **{name: getattr(before.data, name) for name in KEEPS_WEIGHTS}
    )
    return (
        before.seed == after.seed
        and before.data == same
        and not _begins_anew(before, after)
        and _structure(before) == _structure(after)
    )


def _begins_anew(before: Experiment, after: Experiment) -> bool:
    return (before.weights_seed, before.init_zero, before.network.initializer) != (
        after.weights_seed,
        after.init_zero,
        after.network.initializer,
    )


def _structure(experiment: Experiment) -> object:
    optimizer = {
        key: value for key, value in experiment.optimizer.items() if key != "learning_rate"
    }
    network, loss = experiment.network, experiment.loss
    return experiment.mode, experiment.features, network, loss, sorted(optimizer.items(), key=str)


def _settings(experiment: Experiment) -> object:
    return (
        experiment.learning_rate,
        experiment.schedule,
        experiment.regularization,
        experiment.batch_size,
        experiment.shuffle,
        experiment.stop,
    )
