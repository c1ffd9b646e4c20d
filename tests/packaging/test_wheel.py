"""What `pip install` brings: all of Fathom, and nothing but Fathom."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import fathom as package

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = REPOSITORY / "src"
BYTECODE = "__pycache__"
RUN_COMMAND = """
import sys
from importlib.metadata import distribution

[command] = distribution("fathom-nn").entry_points.select(group="console_scripts")
main = command.load()
print(command.name, sys.modules["fathom"].__file__, flush=True)
sys.argv = ["fathom", "--version"]
main()
"""


def _build(kind: str, *, source: Path, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", into]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    [built] = into.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build("wheel", source=REPOSITORY, into=tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


@pytest.fixture(scope="module")
def unpacked_sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sdist = _build("sdist", source=REPOSITORY, into=tmp_path_factory.mktemp("sdist"))
    folder = tmp_path_factory.mktemp("unpacked-sdist")
    with tarfile.open(sdist) as archive:
        # Early releases of Python 3.11 have no filters; later ones warn when none is chosen.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)
    [top] = folder.iterdir()
    return top


@pytest.fixture(scope="module")
def metadata(unpacked_wheel: Path) -> Message:
    [written] = unpacked_wheel.glob("*.dist-info/METADATA")
    return Parser().parsestr(written.read_text("utf-8"))


def _files(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if BYTECODE not in path.parts}


def test_the_wheel_holds_every_file_of_fathom_and_no_other(unpacked_wheel):
    installed = {name for name in _files(unpacked_wheel) if ".dist-info/" not in name}

    assert installed == _files(SOURCES)
    assert "fathom/py.typed" in installed


def test_the_wheel_names_its_version_python_and_licence(metadata):
    assert metadata["Name"] == "fathom-nn"
    assert metadata["Version"] == package.__version__
    assert set(metadata["Requires-Python"].split(",")) == {">=3.11", "<3.14"}
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE"]


def test_the_wheel_carries_the_licence_and_the_readme(unpacked_wheel, metadata):
    [licence] = unpacked_wheel.glob("*.dist-info/licenses/LICENSE")

    assert licence.read_bytes() == (REPOSITORY / "LICENSE").read_bytes()
    assert "Apache License" in licence.read_text()
    assert metadata.get_payload() == (REPOSITORY / "README.md").read_text("utf-8")


def test_the_wheel_asks_for_no_development_tool(metadata):
    required = {Requirement(line).name for line in metadata.get_all("Requires-Dist", [])}

    assert {"keras", "jax"} <= required
    assert required.isdisjoint({"pytest", "hypothesis", "playwright", "ruff", "pyright", "torch"})


def test_the_wheel_gives_the_fathom_command(unpacked_wheel, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(unpacked_wheel)}
    shown = subprocess.run(
        [sys.executable, "-c", RUN_COMMAND],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.stdout.startswith(f"fathom {unpacked_wheel / 'fathom' / '__init__.py'}"), shown
    assert package.__version__ in shown.stdout.splitlines()[1]


def test_the_source_archive_builds_the_same_wheel(unpacked_sdist, wheel, tmp_path):
    rebuilt = _build("wheel", source=unpacked_sdist, into=tmp_path)

    assert set(zipfile.ZipFile(rebuilt).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_the_source_archive_can_be_tested(unpacked_sdist):
    needed = {"Makefile", "uv.lock", "scripts/uv", "scripts/chromium", "tests/conftest.py"}

    assert needed <= _files(unpacked_sdist)
