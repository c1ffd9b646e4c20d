"""A table with a column of times to windows, and to the target that each is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fathom.data import targets
from fathom.data.material import PART_NAMES, TEST, TRAIN, Material, Options
from fathom.data.tables.cells import Cells
from fathom.data.tables.detecting import detect
from fathom.data.tables.opening import (
    Table,
    choose_split,
    choose_target,
    make_table,
    only,
    open_table,
    raw_target,
    without,
)
from fathom.data.tables.readings import DATE, NUMERIC, Reading, parse
from fathom.data.tables.windows import Windows, order_in_time, spacing_in_words
from fathom.data.wording import count, listed, name_of, value_of
from fathom.errors import DataError, SpecError
from fathom.specs import at_least, closest

if TYPE_CHECKING:
    import polars as pl

FEWEST_WINDOWS = 10
USUAL_HORIZON = 1


def open_source(cells: Cells, options: Options, *, name: str, source: str) -> Material:
    """Return a table's material: its rows, or its windows where `time` was asked for.

    Raises:
        DataError: The table cannot be used.
        SpecError: Only a part of `time`, `window` and `horizon` was given.
    """
    if options.time is None:
        _refuse_without_time(options)
        return open_table(cells, options, name=name, source=source)
    return _open_series(cells, options, name=name, source=source)


def _refuse_without_time(options: Options) -> None:
    for option in ("window", "horizon"):
        if getattr(options, option) is not None:
            raise SpecError(
                f"`{option}` needs `time`, the column that orders the rows. "
                f"Received: {option}={getattr(options, option)}.",
                hint="name the column of dates or of step numbers",
            )


@dataclass(frozen=True)
class _Shape:
    """Size of windows, and how far ahead their target lies."""

    size: int
    horizon: int

    @classmethod
    def of(cls, options: Options) -> _Shape:
        if options.window is None:
            raise SpecError(
                "A time series needs `window`, the rows that each input has. "
                f"Received: time={options.time!r} alone.",
                hint="window=24 reads 24 rows at a time",
            )
        at_least("window", options.window, 1)
        horizon = USUAL_HORIZON if options.horizon is None else options.horizon
        at_least("horizon", horizon, 0, hint="0 asks for the target of the window's last row")
        return cls(int(options.window), int(horizon))

    def ends(self, rows: int) -> np.ndarray:
        """Return the last row of every window that has a target."""
        windows = rows - self.size - self.horizon + 1
        if windows < FEWEST_WINDOWS:
            most = rows - self.horizon - FEWEST_WINDOWS + 1
            raise DataError(
                f"A time series must have {FEWEST_WINDOWS} windows or more. "
                f"Received: {count(rows, 'row')}, window={self.size}, horizon={self.horizon}, "
                f"which make {max(windows, 0)}.",
                hint=f"use window={most} or less" if most > 0 else "use more rows",
            )
        return np.arange(self.size - 1, rows - self.horizon, dtype=np.int64)


def _open_series(cells: Cells, options: Options, *, name: str, source: str) -> Material:
    shape = _Shape.of(options)
    target = choose_target(cells, options.target)
    time = _choose_time(cells, str(options.time), target)
    split, parts = choose_split(cells, options.split, target)
    readings, notices = detect(without(cells, [split]), target=target)
    by_name = {reading.name: reading for reading in readings}
    times = _times(only(cells, [time]), by_name[time])
    raw = raw_target(only(cells, [target]), by_name[target])
    targets.check_complete(raw)
    order = order_in_time(times, by_name[time])
    ends = shape.ends(len(order))
    answers = order[ends + shape.horizon]
    table = _table(cells, by_name, {time, split} | ({target} if shape.horizon == 0 else set()))
    windows = Windows(
        table=replace(table, frame=table.frame[order], target=target, split=split),
        ends=ends,
        size=shape.size,
        horizon=shape.horizon,
        time=by_name[time],
        target=target,
    )
    numbers = cells.row_numbers
    return Material(
        name=name,
        source=source,
        features=windows,
        target=replace(raw, values=raw.values[answers]),
        parts=None if parts is None else _in_order(parts[answers]),
        parts_rule=f"column {name_of(split)}" if split else "`split`",
        in_order=True,
        row_numbers=answers if numbers is None else numbers[answers],
        notices=(*cells.notices, *notices, *_told(times[order], windows)),
    )


def _choose_time(cells: Cells, time: str, target: str) -> str:
    if time == target:
        raise DataError(
            f"`time` must be another column than the target. Received: {name_of(time)} for both.",
            hint="choose another target",
        )
    if time in cells.names:
        return time
    meant = closest(time, cells.names)
    raise DataError(
        f"`time` must be a column of the table. Received: time={value_of(time)}; the columns are "
        f"{listed((name_of(name) for name in cells.names), most=20)}.",
        hint=f"did you mean {value_of(meant)}?" if meant else None,
    )


def _times(cells: Cells, reading: Reading) -> pl.Series:
    if reading.kind not in (DATE, NUMERIC):
        raise DataError(
            f"A column of times must hold dates or numbers. Received: {name_of(reading.name)} is "
            f"{reading.kind}.",
            hint="write dates as 2024-03-01 or 2024-03-01 12:30:00",
        )
    return parse(cells, [reading]).to_series()


def _table(cells: Cells, by_name: dict[str, Reading], left_out: set[str | None]) -> Table:
    return make_table(cells, [by_name[name] for name in cells.names if name not in left_out])


def _in_order(parts: np.ndarray) -> np.ndarray:
    """Return parts of the windows, once they are known to follow each other in time.

    Raises:
        DataError: A later part has windows before an earlier one's.
    """
    names = [name for name in ("train", "validation", "test") if PART_NAMES[name] in parts]
    if (np.diff(parts) < 0).any():
        raise DataError(
            "The parts of a time series must follow each other: train, validation, test. "
            f"Received: {listed(names)} mixed in time.",
            hint="leave `split` out to split by time",
        )
    if TRAIN not in parts or TEST not in parts:
        raise DataError(
            "A time series with a split of its own needs rows to train on and rows to test on. "
            f"Received: {listed(names)} only.",
            hint="leave `split` out to split by time",
        )
    return parts


def _told(times: pl.Series, windows: Windows) -> list[str]:
    """Return what was made of the rows, in words."""
    ahead = windows.horizon
    when = f"{count(ahead, 'row')} after its last" if ahead else "in its last row"
    past = ", whose past is an input" if ahead else ", which is no input"
    return [
        f"time: {count(len(times), 'row')} in the order of {name_of(windows.time.name)}, from "
        f"{times[0]} to {times[-1]}",
        *spacing_in_words(times.to_physical().to_numpy(), windows.time.name),
        f"windows: {count(len(windows), 'window')} of {count(windows.size, 'row')}, each asked for "
        f"{name_of(windows.target)} {when}{past}",
    ]
