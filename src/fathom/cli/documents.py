"""JSON documents: one on stdout, numbers in full, null for what is unknown."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any


def print_document(document: Any) -> None:
    """Write `document` to stdout as JSON, in UTF-8 whatever the terminal's encoding."""
    text = json.dumps(_plain_data(document), ensure_ascii=False, allow_nan=False, indent=2)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def _plain_data(value: Any) -> Any:
    """Return dataclasses as objects, times and paths as text, numbers that are none as None."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_data(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain_data(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_data(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
