"""`fathom.playground(data)`: the web page, from Python."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.errors import SpecError
from fathom.specs import typed

if TYPE_CHECKING:
    from fathom.store import Store
    from fathom.web.running import Playground


@typed
def playground(
    data: Any = None,
    *,
    port: int | None = None,
    store: Store | str | Path | None = None,
    open_browser: bool | None = None,
    **load_options: Any,
) -> Playground:
    """Open the playground, and go on: it is served in the background until `stop()`.

    In a notebook what is returned shows the page below the cell.

    Args:
        data: A `fathom.Dataset`, or anything that `fathom.load` takes; None for made-up points.
        port: Port on this machine; None for 8765 or any that is free.
        store: The store whose studies are shown, or its folder; `$FATHOM_STORE` or
            `fathom-runs/` if None.
        open_browser: Whether to open a browser; None: unless in a notebook.
        load_options: As for `fathom.load`, such as `target="price"`.

    Returns:
        The running server: `url`, `stop()`; a context manager.

    Raises:
        DataError: The data cannot be used.
        FathomError: The server cannot listen there.
    """
    from fathom.data import Dataset, load
    from fathom.store import store_of
    from fathom.web.notebook import is_notebook
    from fathom.web.running import serve

    is_ready = data is None or isinstance(data, Dataset)
    if is_ready and load_options:
        _refuse_load_options(data, load_options)
    given = data if is_ready else load(data, **load_options)
    inside = is_notebook()
    running = serve(port=port, given=given, store=store_of(store), framed=inside).start()
    if not inside:
        print(f"The playground is at {running.url}", file=sys.stderr)
    if open_browser if open_browser is not None else not inside:
        import webbrowser

        webbrowser.open(running.url)
    return running


def _refuse_load_options(data: Any, options: dict[str, Any]) -> None:
    what = "no data" if data is None else f"the data set {data.name}, which is loaded"
    raise SpecError(
        f"{', '.join(f'`{name}`' for name in options)} would say how data are loaded. "
        f"Received: {what}.",
        hint="name a file, a frame or arrays, such as fathom.playground('prices.csv', target=...)",
    )
