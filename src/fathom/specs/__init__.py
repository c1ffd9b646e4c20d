"""What to run and what was found, as frozen data that goes to JSON and back."""

from fathom.specs.coding import decode_record, encode_record, from_json_data, to_json_data
from fathom.specs.health import (
    EXPLODING,
    FAILED_SHARE,
    MANY_DEAD,
    MANY_SATURATED,
    VANISHING,
)
from fathom.specs.model import NORMALIZATIONS, TASKS, ModelSpec
from fathom.specs.names import closest, one_of
from fathom.specs.ranges import above, at_least, distinct, within
from fathom.specs.records import (
    BOOSTING,
    DIVERGED,
    FINISHED,
    STOPPED_EARLY,
    ArchitectureRecord,
    BaselineRecord,
    LayerRecord,
    Progress,
    Record,
    RunRecord,
    StatusRecord,
    StudyRecord,
    TestRecord,
    VerdictRecord,
)
from fathom.specs.study import DEFAULT_LEARNING_RATES, StudySpec, TrainSpec
from fathom.specs.watched import (
    IN_ACTIVATION,
    IN_GRADIENT,
    IN_LOSS,
    IN_WEIGHTS,
    FirstCause,
    WatchedTraining,
)

__all__ = [
    "BOOSTING",
    "DEFAULT_LEARNING_RATES",
    "DIVERGED",
    "EXPLODING",
    "FAILED_SHARE",
    "FINISHED",
    "IN_ACTIVATION",
    "IN_GRADIENT",
    "IN_LOSS",
    "IN_WEIGHTS",
    "MANY_DEAD",
    "MANY_SATURATED",
    "NORMALIZATIONS",
    "STOPPED_EARLY",
    "TASKS",
    "VANISHING",
    "ArchitectureRecord",
    "BaselineRecord",
    "FirstCause",
    "LayerRecord",
    "ModelSpec",
    "Progress",
    "Record",
    "RunRecord",
    "StatusRecord",
    "StudyRecord",
    "StudySpec",
    "TestRecord",
    "TrainSpec",
    "VerdictRecord",
    "WatchedTraining",
    "above",
    "at_least",
    "closest",
    "decode_record",
    "distinct",
    "encode_record",
    "from_json_data",
    "one_of",
    "to_json_data",
    "within",
]
