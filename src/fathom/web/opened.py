"""`fathom.playground(data)`: the web page, from Python."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fathom.web.running import Playground


def playground(
    data: Any = None,
    *,
    port: int | None = None,
    store: Any = None,
    open_browser: bool | None = None,
    **load_options: Any,
) -> Playground:
    """Open the playground, and go on: it is served in the background until `stop()`.

    In a notebook what is returned shows the page below the cell.

    Args:
        data: A `fathom.Dataset`, or anything that `fathom.load` takes; None for made-up points.
        port: Port on this machine; None for 8765 or any that is free.
        store: The `fathom.Store` whose studies are shown.
        open_browser: Whether to open a browser; None: unless in a notebook.
        load_options: As for `fathom.load`, such as `target="price"`.

    Returns:
        The running server: `url`, `stop()`; a context manager.

    Raises:
        DataError: The data cannot be used.
        FathomError: The server cannot listen there.
    """
    from fathom.data import Dataset, load
    from fathom.web.notebook import is_notebook
    from fathom.web.running import serve

    given = data if data is None or isinstance(data, Dataset) else load(data, **load_options)
    inside = is_notebook()
    running = serve(port=port, given=given, store=store, framed=inside).start()
    if not inside:
        print(f"The playground is at {running.url}", file=sys.stderr)
    if open_browser if open_browser is not None else not inside:
        import webbrowser

        webbrowser.open(running.url)
    return running
