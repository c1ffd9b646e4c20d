"""The lock file is what pyproject.toml asks for, and works on any machine."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

REPOSITORY = Path(__file__).resolve().parents[2]
INDEX = "https://pypi.org/simple"
FILES = "https://files.pythonhosted.org/"


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "uv.lock").read_text())


@pytest.fixture(scope="module")
def fathom_locked(lock: dict[str, Any]) -> dict[str, Any]:
    return next(package for package in lock["package"] if package["name"] == "fathom-nn")


def test_every_package_comes_from_the_public_index(lock, fathom_locked):
    others = [package for package in lock["package"] if package is not fathom_locked]

    assert {package["source"].get("registry") for package in others} == {INDEX}
    assert fathom_locked["source"] == {"editable": "."}


def test_every_file_comes_from_the_public_index_with_its_checksum(lock):
    files = [file for package in lock["package"] for file in _files(package)]

    assert [file for file in files if not file["url"].startswith(FILES)] == []
    assert all(file["hash"].startswith("sha256:") for file in files)


def test_the_lock_file_is_of_these_dependencies(project, fathom_locked):
    """Installing from the lock file alone would not notice that pyproject.toml has moved on."""
    locked = fathom_locked["metadata"]

    assert _locked(locked["requires-dist"]) == _asked(_of_users(project["project"]))
    assert _locked(locked["requires-dev"]["dev"]) == _asked(project["dependency-groups"]["dev"])


def test_the_lock_file_holds_for_every_python_fathom_supports(project, lock):
    supported = SpecifierSet(project["project"]["requires-python"])

    assert SpecifierSet(lock["requires-python"]) == supported
    assert [minor for minor in range(8, 20) if f"3.{minor}.0" in supported] == [11, 12, 13]


def _files(package: dict[str, Any]) -> list[dict[str, Any]]:
    return [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]


def _of_users(project: dict[str, Any]) -> list[str]:
    optional = project.get("optional-dependencies", {})
    return project["dependencies"] + [
        f"{requirement} ; extra == '{extra}'"
        for extra, requirements in optional.items()
        for requirement in requirements
    ]


def _asked(requirements: list[str]) -> set[Requirement]:
    return {Requirement(requirement) for requirement in requirements}


def _locked(entries: list[dict[str, Any]]) -> set[Requirement]:
    return {Requirement(_written(entry)) for entry in entries}


def _written(entry: dict[str, Any]) -> str:
    extras = f"[{','.join(entry['extras'])}]" if "extras" in entry else ""
    marker = f" ; {entry['marker']}" if "marker" in entry else ""
    return f"{entry['name']}{extras}{entry.get('specifier', '')}{marker}"
