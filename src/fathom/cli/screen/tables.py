"""A study's table as the terminal has room for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.cli.terminal import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from fathom.report import DisplayRow

PRESENT, CHOSEN = ">", "*"


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Args:
        key: How its header begins in the report's table.
        header: Its header here, in lines.
        width: Characters that its usual cells take, so that it need not grow.
        rank: Where there is no room, columns of the highest rank go first; those
            of rank 0 stay.
    """

    key: str
    header: str
    width: int
    rank: int = 0


DEPTH = Column("depth", "\ndepth", 5)
WIDTH = Column("width", "\nwidth", 5)
PARAMETERS = Column("parameters", "\nparameters", 10, 1)
LEARNING_RATE = Column("learning rate", "learning\nrate", 8, 2)
VALIDATION = Column("validation", "validation\n± std. error", 13)
TEST = Column("test", "test\n[95% interval]", 20)
GRADIENT = Column("gradient", "gradient\nfirst/last", 10, 3)
DIVERGED = Column("diverged", "\ndiverged", 8, 4)
LET_GO = Column("let go", "let\ngo", 8, 4)
KEPT_EPOCH = Column("kept epoch", "kept\nepoch", 5, 6)
TRAINING = Column("training", "training\nseconds", 8, 5)
MEMORY = Column("memory", "training\nmemory", 8, 8)
OPERATIONS = Column("operations", "operations\nper row", 10, 7)
ONE_ROW = Column("one row", "one row\nms", 7, 9)
IN_BATCHES = Column("a row", "in batches\nms a row", 10, 10)
COLUMNS = (
    DEPTH,
    WIDTH,
    PARAMETERS,
    LEARNING_RATE,
    VALIDATION,
    TEST,
    GRADIENT,
    DIVERGED,
    LET_GO,
    KEPT_EPOCH,
    TRAINING,
    OPERATIONS,
    MEMORY,
    ONE_ROW,
    IN_BATCHES,
)
COSTS = (OPERATIONS, MEMORY, ONE_ROW, IN_BATCHES)

NONE_DIVERGED = ("none", "", "–")
CUT_WIDTH = 20
_UNLIMITED = 10_000


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Args:
        cells: Text by the key of its column; what is missing is left empty.
        mark: A character before the line, for one that stands out.
        is_bold: Whether it is printed bold.
        is_dim: Whether it is printed dim.
    """

    cells: Mapping[str, str]
    mark: str = ""
    is_bold: bool = False
    is_dim: bool = False


def line_of(row: DisplayRow) -> Line:
    """Return a line for a finished row of the study's table."""
    cells = {
        column.key: text
        for column in COLUMNS
        for header, text in row.cells.items()
        if header.startswith(column.key)
    }
    return Line(cells, mark=CHOSEN if row.is_chosen else "", is_bold=row.is_chosen)


def study_table(lines: Sequence[Line], console: Console) -> Table:
    """Return the lines as a table no wider than the console, less important columns left out."""
    columns = [column for column in COLUMNS if _is_worth_showing(column, lines)]
    while True:
        table = _table(columns, lines)
        most = max(column.rank for column in columns)
        if _natural_width(table, console) <= console.width or most == 0:
            return table
        columns = [column for column in columns if column.rank < most]


def _is_worth_showing(column: Column, lines: Sequence[Line]) -> bool:
    """Return whether a column tells anything; that nothing diverged goes without saying."""
    if column is WIDTH:
        return any(WIDTH.key in line.cells for line in lines)
    if column is LET_GO or column in COSTS:
        return any(column.key in line.cells for line in lines)
    if column is DIVERGED:
        return any(line.cells.get(DIVERGED.key, "") not in NONE_DIVERGED for line in lines)
    return True


def _table(columns: Sequence[Column], lines: Sequence[Line]) -> Table:
    table = _bare_table()
    table.add_column("", width=1)
    for column in columns:
        table.add_column(column.header, justify="right", no_wrap=True, min_width=column.width)
    for line in lines:
        cells = [plain(line.cells.get(column.key, "")) for column in columns]
        style = "bold" if line.is_bold else "dim" if line.is_dim else None
        table.add_row(line.mark, *cells, style=style)
    return table


def _bare_table() -> Table:
    from rich import box
    from rich.table import Table

    return Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        header_style="bold",
    )


def plain_table(
    rows: Iterable[Mapping[str, str]],
    console: Console,
    *,
    right: Sequence[str] = (),
    shrinks: str = "",
    leave_out: Sequence[str] = (),
) -> Table:
    """Return a table of texts, such as a list of studies, no wider than the console.

    Args:
        rows: Texts by header, the same headers in each.
        console: Where it will be printed.
        right: Headers of the columns of numbers.
        shrinks: Header of the column that is cut where there is no room.
        leave_out: Headers of the columns that go where that is not enough, the first one first.
    """
    cells = [{header: plain(text) for header, text in row.items()} for row in rows]
    headers = list(cells[0])
    for left_out in [*leave_out, None]:
        table = _text_table(headers, cells, right=right, shrinks=shrinks)
        if _natural_width(table, console) <= console.width:
            break
        if left_out is not None:
            headers.remove(left_out)
    return table


def _text_table(
    headers: Sequence[str],
    cells: Sequence[Mapping[str, str]],
    *,
    right: Sequence[str],
    shrinks: str,
) -> Table:
    table = _bare_table()
    for header in headers:
        is_cut = header == shrinks
        table.add_column(
            header,
            justify="right" if header in right else "left",
            no_wrap=is_cut or header in right,
            overflow="ellipsis" if is_cut else "fold",
            max_width=CUT_WIDTH if is_cut else None,
        )
    for row in cells:
        table.add_row(*(row[header] for header in headers))
    return table


def _natural_width(table: Table, console: Console) -> int:
    from rich.measure import Measurement

    unlimited = console.options.update(max_width=_UNLIMITED)
    return Measurement.get(console, unlimited, table).maximum
