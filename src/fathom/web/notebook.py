"""The playground inside a notebook."""

from __future__ import annotations

import html
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fathom.web.running import Playground

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


def frame(playground: Playground) -> str:
    """Return HTML that shows the playground inside a notebook's page.

    The cookie is for pages of the same site only, so that the frame must go by the name that the
    notebook goes by: `localhost` and `127.0.0.1` are two sites.
    """
    from fathom.web.running import LOCAL_HOST

    return FRAME.format(
        id=f"fathom-playground-{playground.port}",
        host=json.dumps(LOCAL_HOST),
        before=json.dumps("http://"),
        after=json.dumps(f":{playground.port}/?token={playground.gate.token}"),
        height=HEIGHT,
        url=html.escape(playground.url),
    )


def is_notebook() -> bool:
    """Return whether this process runs a notebook's cells."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
