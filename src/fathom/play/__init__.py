"""The playground's experiments: small networks that are trained to be looked at."""
# ruff: noqa: E402

from fathom import runtime

runtime.start()

from fathom.play.address import read_hash, write_hash
from fathom.play.changes import COMPILED, DATA, NONE, RESET, SETTINGS, effect_of, keeps_weights
from fathom.play.code import FRAMEWORKS, network_code
from fathom.play.descent import DescentWanted, descent
from fathom.play.experiment import (
    DEFAULT,
    Experiment,
    changed,
    experiment_data,
    read_experiment,
)
from fathom.play.formulas import parse
from fathom.play.history import Snapshot
from fathom.play.lane import UNITS, Lane
from fathom.play.limits import limits_data
from fathom.play.materials import Material, gather
from fathom.play.network import (
    flat_parameters,
    from_flat,
    kept_where_alike,
    parameter_arrays,
    with_parameters,
)
from fathom.play.offer import catalog_data, source_keys
from fathom.play.population import Depths, Many
from fathom.play.rules import check
from fathom.play.saving import network_bytes, weights_data
from fathom.play.setup import Setup, same_program, set_up
from fathom.play.slow import slow_motion
from fathom.play.spaces import SpaceWanted, first_components
from fathom.play.stopping import stop_words
from fathom.play.trouble import Trouble, find_trouble
from fathom.play.views import Sights, Want, inspect, look

__all__ = [
    "COMPILED",
    "DATA",
    "DEFAULT",
    "FRAMEWORKS",
    "NONE",
    "RESET",
    "SETTINGS",
    "UNITS",
    "Depths",
    "DescentWanted",
    "Experiment",
    "Lane",
    "Many",
    "Material",
    "Setup",
    "Sights",
    "Snapshot",
    "SpaceWanted",
    "Trouble",
    "Want",
    "catalog_data",
    "changed",
    "check",
    "descent",
    "effect_of",
    "experiment_data",
    "find_trouble",
    "first_components",
    "flat_parameters",
    "from_flat",
    "gather",
    "inspect",
    "keeps_weights",
    "kept_where_alike",
    "limits_data",
    "look",
    "network_bytes",
    "network_code",
    "parameter_arrays",
    "parse",
    "read_experiment",
    "read_hash",
    "same_program",
    "set_up",
    "slow_motion",
    "source_keys",
    "stop_words",
    "weights_data",
    "with_parameters",
    "write_hash",
]
