"""What a study ran on and with, for its first record."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from fathom.runtime import cpu_cores
from fathom.version import __version__

PACKAGES = ("keras", "jax", "jaxlib", "numpy", "scikit-learn")


def versions() -> dict[str, str]:
    """Return the versions of Fathom, Python and the packages that make the numbers."""
    found = {name: metadata.version(name) for name in PACKAGES}
    return {"fathom": __version__, "python": platform.python_version(), **found}


def machine() -> dict[str, Any]:
    """Return cores, devices and platform."""
    import jax

    devices = jax.devices()
    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": cpu_cores(),
        "devices": len(devices),
        "device_kind": devices[0].device_kind,
        "backend": devices[0].platform,
    }
