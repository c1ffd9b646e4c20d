"""`fathom report`: a study as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from fathom.cli.destinations import check_page
from fathom.cli.documents import print_document
from fathom.cli.options import Json, StoreFolder
from fathom.cli.series import report_series
from fathom.cli.stored import open_stored
from fathom.cli.terminal import print_where
from fathom.store import Store, StoredSeries, write_output

EXAMPLES = """\
Examples:

  fathom report digits-20261121-101500
  fathom report prices --out ~/prices.html"""


def report(
    name: Annotated[str, Parameter(help="The study's name; fathom runs list shows all.")],
    /,
    *,
    out: Annotated[
        Path | None, Parameter(metavar="FILE.html", help="The page. Without it, NAME.html here.")
    ] = None,
    force: Annotated[
        bool,
        Parameter(
            negative=(), show_default=False, help="Replace the file even if it is no page of ours."
        ),
    ] = False,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Write a study as one self-contained HTML page: figures, table, verdict and method.

    The page loads nothing from anywhere else: it can be kept, mailed, and read offline.
    """
    kept_in = Store(store)
    is_series = kept_in.has_series(name)
    path = Path(f"{name.replace('/', '-')}.html") if out is None else out.expanduser()
    stored = kept_in.open_series(name) if is_series else kept_in.open(name)
    check_page(path, option="--out", force=force)
    if isinstance(stored, StoredSeries):
        report_series(stored, path)
    else:
        _, result = open_stored(name, store)
        from fathom.report import page

        write_output(path, page(result, notices=stored.notices).encode())
    if json:
        print_document({"sweep" if is_series else "study": stored.name, "report": path.absolute()})
    else:
        print_where("report", path)
