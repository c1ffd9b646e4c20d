"""Colours that tell apart by daylight, at night, and without red or green.

The categories are Okabe and Ito's. Figures are drawn in the light colours;
`night_colours` says what each becomes on a dark page.

References:
    Okabe and Ito, "Color Universal Design", 2008.
"""

from __future__ import annotations

from collections.abc import Sequence

SURFACE = "#ffffff"
INK = "#1c2127"
MUTED = "#5b6470"
GRID = "#e8e9e7"
AXIS = "#b9bec4"
BAND = "#eef1f4"
SHADE = "#e2e8ee"

VALIDATION = "#0072b2"
TEST = "#d55e00"
CHOSEN = "#007a5a"
FAINT_VALIDATION = "rgba(0,114,178,0.45)"
FAINT_TEST = "rgba(213,94,0,0.45)"

CATEGORIES = ("#0072b2", "#d55e00", "#007a5a", "#aa4a86", "#a87000", "#3a96c9", INK)

_NIGHT = {
    SURFACE: "#171a1f",
    INK: "#e7e9ea",
    MUTED: "#9da6b0",
    GRID: "#282d34",
    AXIS: "#525a64",
    BAND: "#20262e",
    SHADE: "#2b3440",
    VALIDATION: "#56b4e9",
    TEST: "#f0883e",
    CHOSEN: "#35c496",
    FAINT_VALIDATION: "rgba(86,180,233,0.5)",
    FAINT_TEST: "rgba(240,136,62,0.5)",
    CATEGORIES[3]: "#dc9cc4",
    CATEGORIES[4]: "#e5b94e",
    CATEGORIES[5]: "#9bd3f4",
}

# Shallow to deep, and low to high: one hue path, ever darker by day and ever lighter at night.
_DAY_PATH = ("#e0a526", "#d5722c", "#b8436a", "#7a3b94", "#2b2f77")
_NIGHT_PATH = ("#7d6be0", "#b45fc4", "#e8677f", "#f5a05a", "#f9e08b")
# Pale enough for ink, and dark enough for pale letters, from end to end.
_DAY_HEAT = ("#f4f2ec", "#dbe8ee", "#b9d6e8", "#90c0de", "#62a6d0")
_NIGHT_HEAT = ("#1e242c", "#203648", "#224763", "#24587e", "#276a99")

STEPS = 24


def category(place: int) -> str:
    """Return the colour of the category at `place`; after seven they repeat."""
    return CATEGORIES[place % len(CATEGORIES)]


def depth_colours(number: int) -> list[str]:
    """Return `number` colours from shallow to deep."""
    if number < 2:
        return [DEPTHS[STEPS // 2]] * number
    return [DEPTHS[round(place * (STEPS - 1) / (number - 1))] for place in range(number)]


def heat_scale() -> list[list[float | str]]:
    """Return a Plotly colour scale, low to high."""
    return [[place / (len(_DAY_HEAT) - 1), colour] for place, colour in enumerate(_DAY_HEAT)]


def signed_scale() -> list[list[float | str]]:
    """Return a Plotly colour scale from negative over nothing to positive."""
    return [[0.0, TEST], [0.5, SURFACE], [1.0, VALIDATION]]


def night_colours() -> dict[str, str]:
    """Return what each colour of a figure becomes on a dark page."""
    return {
        **_NIGHT,
        **dict(zip(_DAY_HEAT, _NIGHT_HEAT, strict=True)),
        **dict(zip(DEPTHS, _blend(_NIGHT_PATH, STEPS), strict=True)),
    }


def _blend(path: Sequence[str], steps: int) -> tuple[str, ...]:
    """Return `steps` colours along `path`, its ends included."""
    return tuple(_colour_at(path, place / (steps - 1)) for place in range(steps))


def _colour_at(path: Sequence[str], fraction: float) -> str:
    place = fraction * (len(path) - 1)
    start = min(int(place), len(path) - 2)
    pairs = zip(_channels(path[start]), _channels(path[start + 1]))
    mixed = (round(low + (high - low) * (place - start)) for low, high in pairs)
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


DEPTHS = _blend(_DAY_PATH, STEPS)


def css_variables() -> str:
    """Return the page's colours as CSS variables for day and night."""
    names = {
        "surface": SURFACE,
        "ink": INK,
        "muted": MUTED,
        "grid": GRID,
        "axis": AXIS,
        "band": BAND,
        "validation": VALIDATION,
        "test": TEST,
        "chosen": CHOSEN,
    }
    night = night_colours()
    return "".join(f"--{name}:light-dark({day},{night[day]});" for name, day in names.items())
