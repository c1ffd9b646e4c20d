"""`fathom playground`: watch networks learn, in a web page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from fathom.cli import interrupts
from fathom.cli.documents import print_document
from fathom.cli.failures import Stopped, UsageError
from fathom.cli.options import DataOptions, Json, StoreFolder
from fathom.cli.terminal import messages, plain

if TYPE_CHECKING:
    from fathom.data import Dataset
    from fathom.web import Playground

EXAMPLES = """\
Examples:

  fathom playground                          made-up points, as many as you like
  fathom playground digits                   handwritten digits
  fathom playground prices.csv --target price
  fathom playground --port 9000 --no-browser"""

NOT_LOOPBACK = """\
--host {host} lets other machines in: whoever has the address with its token can train here, read
the studies of the store and upload files, and everybody on the network between can read along,
because it is not encrypted. Without --host only this machine can reach the page."""


def playground(
    source: Annotated[
        str | None,
        Parameter(help="What to play with, as for `fathom study`. Without it, made-up points."),
    ] = None,
    /,
    *,
    data: DataOptions = DataOptions(),  # noqa: B008
    host: Annotated[str, Parameter(help="Address to listen at.", metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[
        int | None,
        Parameter(help="Port to listen to; without it 8765, or any that is free.", metavar="PORT"),
    ] = None,
    browser: Annotated[
        bool, Parameter(help="Open the page in a browser.", negative="--no-browser")
    ] = True,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Watch networks learn in a web page, change everything, and look at stored studies.

    Prints the page's address, whose token lets only you in, and serves it until Ctrl-C.
    """
    from fathom.store import Store
    from fathom.web import serve

    interrupts.current().farewell = "Stopped before the playground was open."
    if source is None and data != DataOptions():
        raise UsageError(
            "How data are loaded is said with a SOURCE. Received: none.",
            hint="name it first: fathom playground prices.csv --target price",
        )
    given = None if source is None else _loaded(source, data)
    running = serve(host=host, port=port, given=given, store=Store(store))
    stop = interrupts.current()
    try:
        with running.start(), stop.working(lambda: None):
            _tell(running, host, as_json=json)
            if browser:
                _open_browser(running.url)
            while running.is_serving(seconds=0.2):
                stop.heed()
    except KeyboardInterrupt as error:
        if json:  # the one document is written already
            raise SystemExit(interrupts.exit_code(stop.number)) from None
        raise Stopped("The playground has stopped.") from error


def _tell(running: Playground, host: str, *, as_json: bool) -> None:
    from fathom.web import is_loopback

    if as_json:
        print_document({"url": running.url, "host": host, "port": running.port})
    out = messages()
    if not is_loopback(host):
        out.print(NOT_LOOPBACK.format(host=plain(host)), style="yellow")
    out.print(f"The playground is at {running.url}", soft_wrap=True)
    out.print("Stop it with Ctrl-C.")


def _loaded(source: str, data: DataOptions) -> Dataset:
    from fathom.data import load

    options: dict[str, Any] = data.load_options()
    path = Path(source).expanduser()
    return load(str(path) if path.exists() else source, **options)


def _open_browser(url: str) -> None:
    """Open the page once the server answers, in the background: browsers may take their time."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
