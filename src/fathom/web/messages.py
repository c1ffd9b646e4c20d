"""What a page may say: one strict type for each message."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from fathom.errors import SpecError
from fathom.play import SpaceWanted

Side = Literal["a", "b"]
Unit = Literal["epoch", "batch", "sample"]


class Message(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """Anything that a page says; `request` comes back with the answer."""

    request: int | None = None


class Sided(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one of the two networks is told."""

    side: Side = "a"


class Start(Message, frozen=True, kw_only=True, tag="start"):
    """The first message: go on with a session, or begin one."""

    session: str | None = None
    hash: str | None = None
    experiment: dict[str, Any] | None = None
    parameters: list[float] | None = None
    epoch: int = 0


class Ack(Message, frozen=True, kw_only=True, tag="ack"):
    """A frame was drawn."""

    frame: int


class Want(Sided, frozen=True, kw_only=True, tag="want"):
    """What frames contain."""

    maps: Literal["all", "none"] = "all"
    resolution: int = 100
    precision: Literal["u1", "f4"] = "u1"
    focus: int | None = None
    parameters: bool = True
    health: bool = False
    space: SpaceWanted | None = None


class SetExperiment(Sided, frozen=True, kw_only=True, tag="experiment"):
    """Make it so."""

    experiment: dict[str, Any]


class Open(Message, frozen=True, kw_only=True, tag="open"):
    """Make it so, from an address."""

    hash: str


class Play(Message, frozen=True, kw_only=True, tag="play"):
    """Train."""


class Pause(Message, frozen=True, kw_only=True, tag="pause"):
    """Stop training."""


class Speed(Message, frozen=True, kw_only=True, tag="speed"):
    """How much is trained between two pictures, and how fast at most."""

    unit: Unit = "epoch"
    per_frame: int | Literal["max"] = 1
    per_second: float | None = None


class Step(Message, frozen=True, kw_only=True, tag="step"):
    """Pause, and take so many."""

    unit: Unit = "epoch"
    count: int = 1


class Reset(Message, frozen=True, kw_only=True, tag="reset"):
    """Epoch 0 again."""

    weights: Literal["same", "new"] = "same"


class Regenerate(Message, frozen=True, kw_only=True, tag="regenerate"):
    """New points and new weights."""


class Edit(Sided, frozen=True, kw_only=True, tag="edit"):
    """Set one weight."""

    parameter: int
    index: int
    value: float


class Points(Message, frozen=True, kw_only=True, tag="points"):
    """Add and remove points."""

    add: list[tuple[float, float, float]] = []
    remove: list[int] = []


class Undo(Message, frozen=True, kw_only=True, tag="undo"):
    """Take back the last change."""


class Redo(Message, frozen=True, kw_only=True, tag="redo"):
    """Make it again."""


class Inspect(Sided, frozen=True, kw_only=True, tag="inspect"):
    """What every unit says at one input, or at a point."""

    input: list[float] | None = None
    point: int | None = None


class AskHistory(Sided, frozen=True, kw_only=True, tag="history"):
    """Which epochs can be shown."""


class Seek(Sided, frozen=True, kw_only=True, tag="seek"):
    """Show an epoch; None is now."""

    epoch: int | None = None


class Branch(Sided, frozen=True, kw_only=True, tag="branch"):
    """Go on from the epoch on show."""


class Slow(Sided, frozen=True, kw_only=True, tag="slow"):
    """The next step in six stages."""


class Compare(Message, frozen=True, kw_only=True, tag="compare"):
    """A second network on the same data, or none."""

    experiment: dict[str, Any] | None = None


class Many(Message, frozen=True, kw_only=True, tag="many"):
    """The same network from many seeds."""

    count: int = 32
    resolution: int = 24


class Depths(Message, frozen=True, kw_only=True, tag="depths"):
    """The same problem at many depths."""

    most: int | None = 8
    resolution: int = 40


class OpenMember(Message, frozen=True, kw_only=True, tag="open_member"):
    """Make one of many the network on show."""

    of: Literal["many", "depths"] = "many"
    member: int


class Descent(Sided, frozen=True, kw_only=True, tag="descent"):
    """The loss along one or two weights."""

    parameters: list[tuple[int, int]]
    span: float = 4
    resolution: int = 41
    race: list[dict[str, Any]] = []
    steps: int = 60


class Code(Sided, frozen=True, kw_only=True, tag="code"):
    """The network as a program."""

    framework: Literal["keras", "pytorch"] = "keras"


class OpenStudy(Message, frozen=True, kw_only=True, tag="open_study"):
    """A stored study's best network."""

    study: str


KINDS = (
    Start, Ack, Want, SetExperiment, Open, Play, Pause, Speed, Step, Reset, Regenerate, Edit,
    Points, Undo, Redo, Inspect, AskHistory, Seek, Branch, Slow, Compare, Many, Depths,
    OpenMember, Descent, Code, OpenStudy,
)  # fmt: skip

AnyMessage = (
    Start | Ack | Want | SetExperiment | Open | Play | Pause | Speed | Step | Reset | Regenerate
    | Edit | Points | Undo | Redo | Inspect | AskHistory | Seek | Branch | Slow | Compare | Many
    | Depths | OpenMember | Descent | Code | OpenStudy
)  # fmt: skip

_DECODER = msgspec.json.Decoder(AnyMessage)


def read_message(text: str | bytes) -> AnyMessage:
    """Return the message that a page sent.

    Raises:
        SpecError: It is none, or has a member that it should not have.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise SpecError(f"This is no message that the playground knows: {error}.") from error


def request_of(text: str | bytes) -> int | None:
    """Return the number of a request that could not be read otherwise."""
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    number = data.get("request") if isinstance(data, dict) else None
    return number if isinstance(number, int) else None
