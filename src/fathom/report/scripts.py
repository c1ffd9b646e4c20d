"""Scripts and data inside the page, and the policy that lets nothing else run.

Every script that runs is named by its hash, so text from a data set can never
become one; data are JSON blocks, which a browser does not execute.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from fathom.report.markup import Markup, element


def asset(name: str) -> str:
    """Return the text of a file of the report room."""
    return resources.files("fathom.report").joinpath(name).read_text("utf-8")


@cache
def plotly_script() -> str:
    """Return plotly.min.js of the installed plotly."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def inline_script(source: str) -> Markup:
    """Return `source` as a script element.

    Raises:
        ValueError: `source` would end its own element.
    """
    if "</script" in source.lower() or "<!--" in source:
        raise ValueError("a script inside a page may not end its own element")
    return Markup(f"<script>{_as_parsed(source)}</script>")


def data_block(identifier: str, data: Any) -> Markup:
    """Return `data` as a JSON block that no text in it can end."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="{identifier}">{text}</script>')


def policy(sources: Iterable[str]) -> Markup:
    """Return the content security policy that runs `sources` and loads nothing."""
    hashes = " ".join(f"'sha256-{_digest(source)}'" for source in sources)
    rules = [
        "default-src 'none'",
        f"script-src {hashes}" if hashes else "script-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return element("meta", http_equiv="Content-Security-Policy", content="; ".join(rules))


def _digest(source: str) -> str:
    return base64.b64encode(hashlib.sha256(_as_parsed(source).encode()).digest()).decode()


def _as_parsed(source: str) -> str:
    """Return `source` as a browser reads it: line ends are always line feeds."""
    return source.replace("\r\n", "\n").replace("\r", "\n")
