"""The page's ES modules as one, because a notebook loads a widget's module without its neighbours.

Each module becomes a function that returns what the module exports, before those that import it.
Nothing is fetched, from this machine or any other, so that a notebook's policy need allow nothing.
"""

from __future__ import annotations

import re
from functools import cache
from posixpath import dirname, join, normpath

from fathom.web import static_text

IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
EXPORTED = re.compile(r"^export (?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
DEFAULT = re.compile(r"^export default ", re.MULTILINE)


@cache
def one_module(name: str) -> str:
    """Return a module of the page with all that it imports, as one ES module.

    Args:
        name: Of a module with a default export, such as "notebook/live.js".
    """
    order = _in_order(name, [])
    parts = [_as_function(one) for one in order]
    return "\n".join([*parts, f"export default {_variable(name)}.default;\n"])


def _in_order(name: str, known: list[str]) -> list[str]:
    """Return modules, each after those that it imports."""
    for _, other in IMPORT.findall(static_text(name)):
        if (found := _resolved(name, other)) not in known:
            _in_order(found, known)
    if name not in known:
        known.append(name)
    return known


def _as_function(name: str) -> str:
    source = static_text(name)
    exported = [
        *EXPORTED.findall(source),
        *(["default: _default"] if DEFAULT.search(source) else []),
    ]

    def imported(found: re.Match[str]) -> str:
        names = re.sub(r"\s+as\s+", ": ", " ".join(found[1].split()))
        return f"const {{ {names} }} = {_variable(_resolved(name, found[2]))};"

    body = IMPORT.sub(imported, source)
    body = DEFAULT.sub("const _default = ", EXPORT.sub("", body))
    return (
        f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();"
    )


def _resolved(name: str, other: str) -> str:
    return normpath(join(dirname(name), other))


def _variable(name: str) -> str:
    return "_" + re.sub(r"\W", "_", name)
