"""`fathom doctor`: what this machine offers, and whether anything needs mending."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from fathom import runtime
from fathom.cli.documents import print_document
from fathom.cli.failures import REFUSED
from fathom.cli.options import Json, StoreFolder
from fathom.cli.terminal import output, plain
from fathom.errors import FathomError, StoreError
from fathom.store import UNREADABLE, Store
from fathom.version import __version__

PACKAGES = ("keras", "jax", "jaxlib", "numpy", "scikit-learn", "polars", "plotly", "rich")


def doctor(*, store: StoreFolder = None, json: Json = False) -> int:
    """Say what this machine offers and whether the store is sound.

    Ends with 2 if something needs mending, and says what.
    """
    findings = {
        "versions": _versions(),
        "machine": _machine(),
        "cache": _cache(),
        "store": _store(Store(store)),
    }
    problems = findings["store"]["problems"]
    if json:
        print_document(findings)
    else:
        _print(findings, problems)
    return REFUSED if problems else 0


def _versions() -> dict[str, str]:
    packages = {name: metadata.version(name) for name in PACKAGES}
    return {"fathom": __version__, "python": platform.python_version(), **packages}


def _machine() -> dict[str, Any]:
    runtime.start()
    import jax

    devices = jax.devices()
    return {
        "platform": platform.platform(),
        "cores": runtime.cpu_cores(),
        "backend": devices[0].platform,
        "devices": [str(device) for device in devices],
        "device_kind": devices[0].device_kind,
        "python": sys.executable,
    }


def _cache() -> dict[str, Any]:
    """Return where compiled programs are kept, and how much they take."""
    folder = runtime.cache_folder()
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {"folder": folder, "files": len(sizes), "bytes": sum(sizes)}


def _store(store: Store) -> dict[str, Any]:
    problems: list[str] = []
    try:
        store.check_writable()
        studies = store.list()
    except StoreError as error:
        return {"folder": store.root, "studies": {}, "problems": [str(error)]}
    statuses = [study.status for study in studies]
    for study in studies:
        problems += _problems_of(store, study.name, is_unreadable=study.status == UNREADABLE)
    return {
        "folder": store.root,
        "studies": {status: statuses.count(status) for status in sorted(set(statuses))},
        "problems": problems,
    }


def _problems_of(store: Store, name: str, *, is_unreadable: bool) -> list[str]:
    try:
        stored = store.open(name)
        if is_unreadable:
            stored.record  # noqa: B018  raises, and says why
        return [f"{name}: {notice}" for notice in stored.notices]
    except FathomError as error:
        return [f"{name}: {error}"]


def _print(findings: dict[str, Any], problems: Sequence[str]) -> None:
    from fathom.report import size_text

    machine, cache, store = findings["machine"], findings["cache"], findings["store"]
    versions = ", ".join(f"{name} {version}" for name, version in findings["versions"].items())
    studies = ", ".join(f"{count} {status}" for status, count in store["studies"].items())
    _print_lines(
        [
            ("versions", versions),
            ("platform", machine["platform"]),
            ("devices", f"{len(machine['devices'])} × {machine['device_kind']}"),
            ("cores", str(machine["cores"])),
            ("cache", f"{_folder(cache['folder'])}, {size_text(cache['bytes'])}"),
            ("store", f"{_folder(store['folder'])}, {studies or 'no studies'}"),
            ("problems", "\n".join(problems) or "none"),
        ]
    )


def _folder(path: Path) -> str:
    return str(path) if path.is_dir() else f"{path} (not made yet)"


def _print_lines(lines: Sequence[tuple[str, str]]) -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in lines:
        table.add_row(name, plain(text))
    output().print(table)
