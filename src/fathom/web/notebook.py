"""The playground inside a notebook."""

from __future__ import annotations

import html
import json
import sys

HEIGHT = 860

FRAME = """\
<div id="{id}"></div>
<script>
(() => {{
  const host = ["localhost", "127.0.0.1"].includes(location.hostname) ? location.hostname : {host};
  const frame = document.createElement("iframe");
  frame.src = {before} + host + {after};
  frame.title = "Fathom playground";
  frame.style.cssText = "width:100%;height:{height}px;border:0";
  document.getElementById("{id}").append(frame);
}})();
</script>
<p><a href="{url}" target="_blank" rel="noopener">Open it in a page of its own</a></p>"""


def frame(*, host: str, port: int, token: str, url: str) -> str:
    """Return HTML that shows the playground inside a notebook's page.

    The cookie is for pages of the same site only, so that the frame must go by the name that the
    notebook goes by: `localhost` and `127.0.0.1` are two sites.

    Args:
        host: Where the playground listens, for pages that go by neither name.
        port: Its port.
        token: What lets a browser in.
        url: Its address with the token.
    """
    return FRAME.format(
        id=f"fathom-playground-{port}",
        host=json.dumps(host),
        before=json.dumps("http://"),
        after=json.dumps(f":{port}/?token={token}"),
        height=HEIGHT,
        url=html.escape(url),
    )


def is_notebook() -> bool:
    """Return whether this process runs a notebook's cells."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
