"""What can be compared beside depth: a setting's name, its values as typed, and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fathom.errors import SpecError
from fathom.specs import ROWS, closest, one_of

FEWEST_ROWS = 2


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting of which several values are compared.

    Args:
        name: As it is typed.
        option: The option of `fathom.study_spec` that it sets; None for what
            concerns the data.
        parse: Returns the option's value for a text; raises a ValueError for what it cannot be.
        words: Returns how a value is spoken of, such as "with batch normalization".
        takes: What its values are, for messages.
        has_order: Whether its values are numbers that mean more or less of it.
    """

    name: str
    option: str | None
    parse: Callable[[str], Any]
    words: Callable[[str], str]
    takes: str
    has_order: bool = False


def _name(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def _at_least(low: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        number = int(text)
        if number < low:
            raise ValueError(text)
        return number

    return whole


def _number(low: float, high: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        found = float(text)
        if not low <= found < high:
            raise ValueError(text)
        return found

    return number


def rows_of(text: str) -> int | float:
    """Return training rows as typed: a share in (0, 1] for "25%" or "0.25", else a count.

    Raises:
        ValueError: It is neither.

    Example:
        >>> rows_of("25%"), rows_of("0.5"), rows_of("400")
        (0.25, 0.5, 400)
    """
    if text.endswith("%"):
        share = float(text[:-1]) / 100
    elif text.isdecimal():
        return _at_least(FEWEST_ROWS)(text)
    else:
        share = float(text)
    if not 0 < share <= 1:
        raise ValueError(text)
    return share


def _with(noun: str) -> Callable[[str], str]:
    return lambda value: f"with {value} {noun}"


def _normalized(value: str) -> str:
    return "without normalization" if value == "none" else f"with {value} normalization"


def _dropped(value: str) -> str:
    return f"with dropout {value}" if float(value) else "without dropout"


def _fallen(value: str) -> str:
    return "at a constant rate" if value == "none" else f"with {value} decay of the rate"


def _penalised(kind: str) -> Callable[[str], str]:
    return lambda value: f"with {kind} {value}" if float(value) else f"without {kind}"


_NAMES = "names of Keras's"
_ALL = (
    Setting(
        name="activation", option="activation", parse=_name, words=_with("activation"), takes=_NAMES
    ),
    Setting(
        name="batch-size",
        option="batch_size",
        parse=_at_least(1),
        words=lambda value: f"with batches of {value} rows",
        takes="whole numbers from 1",
        has_order=True,
    ),
    Setting(
        name="cell",
        option="cell",
        parse=_name,
        words=_with("cells"),
        takes="lstm, gru and simple",
    ),
    Setting(
        name="decay",
        option="decay",
        parse=_name,
        words=_fallen,
        takes="none, linear and cosine",
    ),
    Setting(
        name="dropout",
        option="dropout",
        parse=_number(0, 1),
        words=_dropped,
        takes="numbers from 0 to below 1",
        has_order=True,
    ),
    Setting(
        name="family",
        option="family",
        parse=_name,
        words=lambda value: f"in family {value}",
        takes="names of families, such as mlp and residual",
    ),
    Setting(
        name="initializer", option="initializer", parse=_name, words=_with("weights"), takes=_NAMES
    ),
    Setting(
        name="l1",
        option="l1",
        parse=_number(0, float("inf")),
        words=_penalised("L1"),
        takes="numbers from 0",
        has_order=True,
    ),
    Setting(
        name="l2",
        option="l2",
        parse=_number(0, float("inf")),
        words=_penalised("L2"),
        takes="numbers from 0",
        has_order=True,
    ),
    Setting(
        name="normalization",
        option="normalization",
        parse=_name,
        words=_normalized,
        takes="none, batch and layer",
    ),
    Setting(
        name="optimizer", option="optimizer", parse=_name, words=_with("as optimizer"), takes=_NAMES
    ),
    Setting(
        name="readout",
        option="readout",
        parse=_name,
        words=lambda value: f"reading the {value} state",
        takes="last and mean",
    ),
    Setting(
        name=ROWS,
        option=None,
        parse=rows_of,
        words=lambda value: f"with {value} training rows",
        takes="shares such as 25%, or whole numbers from 2",
        has_order=True,
    ),
    Setting(
        name="width",
        option="widths",
        parse=_at_least(1),
        words=_with("units a block"),
        takes="whole numbers from 1",
        has_order=True,
    ),
)
SETTINGS: Mapping[str, Setting] = MappingProxyType({one.name: one for one in _ALL})


def setting(name: str) -> Setting:
    """Return the setting of that name; "_" and "-" are the same.

    Raises:
        SpecError: Nothing of that name can be compared; the message lists what can.
    """
    return SETTINGS[one_of("across", name.strip().replace("_", "-"), SETTINGS)]


def asked(text: str) -> tuple[Setting, tuple[str, ...]]:
    """Return the setting and its values of what was typed, such as "dropout=0,0.2".

    Raises:
        SpecError: It is not NAME=VALUE,VALUE, or a value cannot be.

    Example:
        >>> found, values = asked("normalization=none,batch")
        >>> found.name, values
        ('normalization', ('none', 'batch'))
    """
    name, equals, values = text.partition("=")
    if not equals:
        meant = closest(name.strip(), SETTINGS) or "normalization"
        raise SpecError(
            f"`across` takes a setting and its values, NAME=VALUE,VALUE. Received: {text!r}.",
            hint=f"such as --across {meant}=... with one of: {', '.join(SETTINGS)}",
        )
    return checked(setting(name), values.split(","))


def checked(setting: Setting, values: Sequence[object]) -> tuple[Setting, tuple[str, ...]]:
    """Return a setting with its values as texts, once all of them can be.

    Raises:
        SpecError: There are fewer than two, one comes twice, or one cannot be.
    """
    texts = tuple(_text(value) for value in values)
    meant = [_parsed(setting, text) for text in texts]
    if len(texts) < 2:
        raise SpecError(
            f"`across` compares two values of {setting.name} or more. Received: {len(texts)}.",
            hint=f"with one value use --{setting.name} alone"
            if setting.option
            else "such as --across rows=25%,50%,100%",
        )
    if len(set(meant)) < len(meant):
        raise SpecError(
            f"`across` must not repeat a value of {setting.name}. Received: {', '.join(texts)}."
        )
    return setting, _in_order(setting, texts, meant)


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _parsed(setting: Setting, text: str) -> Any:
    try:
        return setting.parse(text)
    except (ValueError, OverflowError):
        raise SpecError(
            f"`across` takes {setting.takes} for {setting.name}. Received: {text!r}."
        ) from None


def _in_order(setting: Setting, texts: Sequence[str], meant: Sequence[Any]) -> tuple[str, ...]:
    """Return numbers from low to high, names as they came."""
    if not setting.has_order:
        return tuple(texts)
    if setting.name == ROWS and len({type(value) for value in meant}) > 1:
        raise SpecError(
            "`across` takes either shares or counts of rows, not both. "
            f"Received: {', '.join(texts)}."
        )
    return tuple(text for _, text in sorted(zip(meant, texts), key=lambda pair: pair[0]))
