"""How refusals look, here and on the socket: error, hint, status."""

from __future__ import annotations

import logging
from typing import Any

from fathom.errors import FathomError, UnknownNameError

LOG = logging.getLogger("fathom.web")
BAD, FORBIDDEN, MISSING, TOO_LARGE, FAULT = 400, 403, 404, 413, 500


def error_data(error: Exception, *, request: int | None) -> dict[str, Any]:
    """Return an `error` message; of a fault of ours no more is told than that there was one."""
    data = {"type": "error", **refusal(error)}
    return data if request is None else {**data, "request": request}


def refusal(error: Exception) -> dict[str, Any]:
    """Return what every refusal says."""
    if isinstance(error, FathomError):
        status = MISSING if isinstance(error, UnknownNameError) else BAD
        return {"error": error.message, "hint": error.hint, "status": status}
    return {
        "error": "Something went wrong inside Fathom.",
        "hint": "the terminal in which it runs says more",
        "status": FAULT,
    }


def log_fault(error: Exception) -> None:
    """Write a fault of ours where the server runs."""
    LOG.error("%s: %s", type(error).__name__, error, exc_info=error)
