"""The example notebooks run from top to bottom, and the documentation shows what they print."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

REPOSITORY = Path(__file__).parents[2]


def _script() -> Any:
    spec = importlib.util.spec_from_file_location("notebooks", REPOSITORY / "scripts/notebooks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


notebooks = _script()
NAMES = [path.stem for path in notebooks.sources()]


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    """All notebooks with what they print now, run one by one in a kernel of Jupyter's."""
    found = notebooks.run(notebooks.sources())
    return {path.stem: notebook for path, notebook in found.items()}


def _stored(name: str) -> Any:
    return nbformat.read(notebooks.FOLDER / f"{name}.ipynb", as_version=4)


def _outputs(notebook: Any, kind: str = "text/html") -> list[str]:
    data = [out.get("data", {}) for cell in notebook.cells for out in cell.get("outputs", ())]
    return [one[kind] for one in data if kind in one]


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_notebook_is_that_of_its_python_file(name):
    cells = [(cell.cell_type, cell.source) for cell in _stored(name).cells]
    wanted = notebooks.notebook_of(notebooks.FOLDER / f"{name}.py").cells

    assert cells == [(cell.cell_type, cell.source) for cell in wanted]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_names_no_folder_of_the_machine_it_ran_on(name):
    text = (notebooks.FOLDER / f"{name}.ipynb").read_text()

    assert not re.search(r"/(home|root|tmp|Users|work)/", text)
    assert '"output_type": "error"' not in text


@pytest.mark.slow
def test_the_notebooks_run_and_show_as_many_cells_as_are_stored(run):
    assert len(run) == 3
    for name, notebook in run.items():
        assert len(_outputs(notebook)) == len(_outputs(_stored(name))) > 0


@pytest.mark.slow
def test_live_pictures_leave_still_ones_in_a_real_kernel(run):
    shown = _outputs(run["does-not-learn"])

    assert sum("12 epochs: loss" in html for html in shown) == 2
    assert any("vanish" in html and 'class="critical"' in html for html in shown)
    assert _outputs(run["does-not-learn"], "application/vnd.jupyter.widget-view+json") == []
    assert "is enough" in _outputs(run["how-deep"])[1]
