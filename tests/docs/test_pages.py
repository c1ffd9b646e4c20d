import re
from pathlib import Path

import pytest

import fathom

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "python.md").read_text()
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", [n for n in fathom.__all__ if not n.startswith("_")])
def test_every_public_name_is_in_the_reference_and_documented(name):
    assert f":: fathom.{name}\n" in REFERENCE
    assert len(getattr(fathom, name).__doc__ or "") > 30


def test_the_tutorial_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = PYTHON.findall((DOCS / "tutorial.md").read_text())
    assert len(blocks) >= 2
    names: dict = {}
    for block in blocks:
        exec(compile(block, "docs/tutorial.md", "exec"), names)
    assert "is enough" in capsys.readouterr().out
    assert "vanish" in names["diagnosis"].text


def test_every_page_is_in_a_table_of_contents():
    listed = set(re.findall(r"^[a-z0-9/*-]+$", (DOCS / "index.md").read_text(), re.MULTILINE))
    pages = {
        str(page.relative_to(DOCS).with_suffix(""))
        for page in DOCS.rglob("*.md")
        if page.parent.name != "decisions" and "_build" not in page.parts
    }
    assert pages - {"index"} <= listed


def test_the_citation_names_this_version():
    citation = (DOCS.parent / "CITATION.cff").read_text()
    assert f"\nversion: {fathom.__version__}\n" in citation
