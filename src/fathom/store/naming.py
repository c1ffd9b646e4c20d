"""Names that people type, made safe to be the names of folders and files."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from pathlib import PurePath, PurePosixPath

from fathom.errors import StoreError

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # operating system commands: titles, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # device strings
    r"|\x1b[ -/]*[0-~]"
)
_SEPARATORS = re.compile(r'[\s/\\:*?"<>|]+')
_JOINERS = "\u200c\u200d"  # Persian words and many emoji need them
_ENDS = ".-" + _JOINERS
_LONGEST_BYTES = 100


def plain_text(text: str) -> str:
    """Return `text` without ANSI escapes, control characters and bidirectional overrides."""
    return "".join(character for character in _ESCAPES.sub("", text) if is_plain(character))


def is_plain(character: str) -> bool:
    """Whether a character is safe to print: neither control, format nor surrogate."""
    return character in _JOINERS or not unicodedata.category(character).startswith("C")


def folder_name(wanted: str) -> str:
    r"""Return `wanted` as a folder's name: unicode kept, at most 100 bytes long.

    Example:
        >>> folder_name("\x1b[31mÅrets/tal: 2\x1b[0m")
        'Årets-tal-2'
        >>> folder_name("../..")
        'study'
    """
    joined = plain_text(_SEPARATORS.sub("-", _ESCAPES.sub("", wanted)))
    name = _shortened(unicodedata.normalize("NFC", joined).strip(_ENDS)).strip(_ENDS)
    if name.casefold().startswith("index."):
        return f"study-{name}"  # the store's own files are called index.*
    return name or "study"


def _shortened(name: str) -> str:
    return name.encode()[:_LONGEST_BYTES].decode(errors="ignore")


def default_name(source: str, when: datetime | None = None) -> str:
    """Return a study's name made of its source and the time.

    Args:
        source: A built-in data set's name, or a path.
        when: Local time; now if None.

    Example:
        >>> default_name("data/sales.csv", datetime(2026, 11, 21, 10, 15))
        'sales-20261121-101500'
    """
    when = when or datetime.now()
    return f"{folder_name(PurePath(source).stem)}-{when:%Y%m%d-%H%M%S}"


def relative_parts(relative_name: str) -> tuple[str, ...]:
    """Return the parts of a file's name inside a study's folder.

    Args:
        relative_name: Such as "model/best.keras"; "/" separates.

    Raises:
        StoreError: The name is empty, absolute, hidden, climbs out of the
            folder, or has control characters or backslashes.
    """
    parts = PurePosixPath(relative_name).parts
    if not parts or not all(_is_safe_part(part) for part in parts):
        raise StoreError(
            "A file's name inside a study must be plain and relative, such as model/best.keras. "
            f"Received: {shown(relative_name)}.",
            hint="use letters, digits, dots and dashes, with / between folders",
        )
    return parts


def _is_safe_part(part: str) -> bool:
    return (
        not part.startswith((".", "/"))
        and "\\" not in part
        and all(is_plain(character) for character in part)
        and len(part.encode()) <= 200
    )


def shown(name: str) -> str:
    """Return `name` quoted for a message: escapes visible, at most 80 characters."""
    return repr(name if len(name) <= 80 else name[:77] + "...")
