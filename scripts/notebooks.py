"""Run the example notebooks of docs/notebooks, and keep what they show.

Each notebook is written as a Python file, its cells parted by `# %%` lines. This script makes the
.ipynb file beside it, with the outputs, which the documentation shows as they are.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode, v4

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebooks"
MARKER = re.compile(r"^# %%(?P<markdown> \[markdown\])?\n", re.MULTILINE)
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SECONDS = 300


def sources() -> list[Path]:
    """Return the Python files of all notebooks."""
    return sorted(FOLDER.glob("*.py"))


def notebook_of(path: Path) -> NotebookNode:
    """Return the notebook that a Python file describes, without outputs."""
    _, *parts = MARKER.split(path.read_text("utf-8"))
    cells = [
        _cell(text.strip(), is_markdown=bool(markdown))
        for markdown, text in zip(parts[::2], parts[1::2])
    ]
    for place, cell in enumerate(cells):
        cell["id"] = f"{path.stem}-{place}"
    return v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def _cell(text: str, *, is_markdown: bool) -> NotebookNode:
    if not is_markdown:
        return v4.new_code_cell(text)
    return v4.new_markdown_cell("\n".join(line[2:] for line in text.splitlines()))


def run(paths: list[Path]) -> dict[Path, NotebookNode]:
    """Return the notebooks of Python files with their outputs, run in one kernel one by one.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    notebooks = {path: notebook_of(path) for path in paths}
    whole = v4.new_notebook(
        cells=[cell for one in notebooks.values() for cell in one.cells],
        metadata={"kernelspec": KERNEL},
    )
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            whole,
            timeout=SECONDS,
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    for one in notebooks.values():
        _number(one)
    return notebooks


def _number(notebook: NotebookNode) -> None:
    """Count a notebook's own cells from 1, as if it had been run alone."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output["execution_count"] = count


def main() -> None:
    """Run all notebooks, or those that are named, and write them."""
    named = [FOLDER / f"{Path(name).stem}.py" for name in sys.argv[1:]]
    for path, notebook in run(named or sources()).items():
        nbformat.write(notebook, path.with_suffix(".ipynb"))
        print(path.with_suffix(".ipynb"))


if __name__ == "__main__":
    main()
