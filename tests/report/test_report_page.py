from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from fathom import report
from fathom.report import scripts
from fathom.report.markup import VOID
from fathom.studies import StudyResult

Make = Callable[..., StudyResult]

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\">\u202e<!--'`${1}"
LOADING = {"src", "href", "srcset", "action", "formaction", "data", "poster", "background"}


class Document(HTMLParser):
    """A page taken apart; raises where an element is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack[-1:] == ["script"]:
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        else:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def executed(document: Document) -> list[str]:
    return [text for attributes, text in document.scripts if "type" not in attributes]


def data_blocks(document: Document) -> dict[str, object]:
    return {
        str(attributes["id"]): json.loads(text)
        for attributes, text in document.scripts
        if attributes.get("type") == "application/json"
    }


def policy_of(document: Document) -> str:
    metas = [attributes for tag, attributes in document.elements if tag == "meta"]
    return next(str(m["content"]) for m in metas if m.get("http-equiv"))


@pytest.fixture(scope="module")
def digits_page(made_study: Make) -> str:
    """The page of a finished study, with a notice."""
    return report.page(made_study(), notices=["A notice."])


STUDIES = {
    "classification": {},
    "unfinished": {"finished": 3},
    "nothing trained": {"finished": 0},
    "regression": {"metric": "r2"},
    "single seed": {"seeds": 1},
    "single depth": {"depths": (2,)},
    "linear only": {"depths": (0,)},
    "widths": {"widths": (16, 64), "depths": (0, 1, 2)},
    "matched": {"matched": True},
    "failing": {"fails_from": 3, "activation": "sigmoid"},
    "unwatched": {"watch": False},
    "all diverged at the only rate": {"depths": (8,), "rates": (3e-3,), "seeds": 1},
}


@pytest.mark.parametrize("settings", STUDIES.values(), ids=STUDIES)
def test_page_is_balanced_and_its_data_are_json(made_study: Make, settings):
    document = Document(report.page(made_study(**settings)))
    assert document.stack == []
    blocks = data_blocks(document)
    plots = {str(a["data-figure"]) for _, a in document.elements if "data-figure" in a}
    assert {*plots, "night-colours"} == set(blocks)
    ids = [a["id"] for _, a in document.elements if a.get("id")]
    assert len(ids) == len(set(ids))


def test_page_tells_the_study_in_order(digits_page: str):
    headings = re.findall("<h2>(.*?)</h2>", digits_page)
    assert headings == [
        "What was asked",
        "What was found",
        "Score against depth",
        "Every depth in numbers",
        "The others against depth 2",
        "Validation score by learning rate and depth",
        "Loss while training, at each depth&#x27;s chosen learning rate",
        "How much gradient reaches each layer",
        "Dead units by layer",
        "What a score costs",
        "How it was done",
        "What to do next",
        "Where it comes from",
        "Notices",
    ]


def test_page_holds_verdict_table_method_and_spec(made_study: Make):
    result = made_study()
    assert result.verdict is not None
    words = Document(report.page(result)).words
    for text in (
        *result.verdict.text.split("\n\n"),
        *report.describe_method(result),
        *(cell for row in report.table_rows(result) for cell in row.cells.values()),
        '"learning_rates": [',
        "keras 3.15.1",
        "7.1 s",
    ):
        assert " ".join(text.split()) in words


def test_page_requests_nothing(digits_page: str):
    document = Document(digits_page)
    for tag, attributes in document.elements:
        assert not LOADING & set(attributes), tag
        assert tag not in {"link", "iframe", "object", "embed", "base", "img"}
    styles = re.findall("<style>(.*?)</style>", digits_page, flags=re.DOTALL)
    assert len(styles) == 1
    assert "url(" not in styles[0] and "@import" not in styles[0]


def test_policy_runs_only_the_scripts_of_the_page(digits_page: str):
    document = Document(digits_page)
    policy = policy_of(document)
    hashes = {
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in executed(document)
    }
    assert len(hashes) == 2
    assert set(re.findall("'sha256-(.*?)'", policy)) == hashes
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy and "http" not in policy
    assert re.search("script-src[^;]*unsafe-inline", policy) is None


def test_policy_comes_before_anything_that_could_run(digits_page: str):
    places = [digits_page.index(part) for part in ("Security-Policy", "<style", "<script")]
    assert places == sorted(places)


def hostile_study(made_study: Make) -> StudyResult:
    column = {"name": HOSTILE, "kind": HOSTILE, "decision": HOSTILE, "used": False}
    return made_study(
        name=HOSTILE,
        source=HOSTILE,
        layer_name=HOSTILE.replace("{1}", "") + "{}",
        classes=(HOSTILE, "b"),
        columns=(column,),
        depths=(0, 1, 2),
    )


def test_hostile_names_stay_text(made_study: Make):
    hostile = Document(report.page(hostile_study(made_study), notices=[HOSTILE]))
    friendly = Document(report.page(made_study(depths=(0, 1, 2)), notices=["x"]))
    assert hostile.stack == []
    assert len(hostile.scripts) == len(friendly.scripts)
    assert executed(hostile) == executed(friendly)
    for tag, attributes in hostile.elements:
        assert tag != "img"
        assert not [name for name in attributes if name.startswith("on")]
    assert "</script><img src=x onerror=" in hostile.words


def test_hostile_names_in_data_blocks_survive_unharmed():
    block = scripts.data_block("x", {"name": HOSTILE})
    inner = block.removeprefix('<script type="application/json" id="x">').removesuffix("</script>")
    assert "<" not in inner
    assert json.loads(inner) == {"name": HOSTILE}


def test_characters_that_turn_text_around_are_replaced(made_study: Make):
    text = report.page(hostile_study(made_study))
    assert "\u202e" not in text
    assert "\x00" not in report.page(made_study(name="a\x00b", finished=0))


def test_a_script_that_would_end_itself_is_refused():
    with pytest.raises(ValueError, match="end its own element"):
        scripts.inline_script("'</SCRIPT>'")


def test_page_states_its_size(digits_page: str):
    text = digits_page
    stated = re.search(r"one file of ([\d.]+) MB", text)
    assert stated is not None
    assert float(stated[1]) == pytest.approx(len(text.encode()) / 1e6, abs=0.1)
    assert len(text) < 6_000_000


def test_page_without_runs_is_small_and_says_so(made_study: Make):
    text = report.page(made_study(finished=0))
    assert len(text) < 50_000
    assert "Nothing has been trained yet." in text
    assert "fathom runs show digits-depth" in text


def test_unfinished_page_says_so_first(made_study: Make):
    words = Document(report.page(made_study(finished=4))).words
    assert words.index("This study is unfinished: 60 of 135") < words.index("Not finished: so far")
    assert "What was found" not in words


def test_thousands_of_columns_and_long_names_stay_bounded(made_study: Make):
    columns = tuple(
        {"name": f"c{i}" * 500, "kind": "numeric", "decision": "scaled", "used": True}
        for i in range(5000)
    )
    result = made_study(columns=columns, finished=0, name="n" * 1_000_000)
    text = report.page(result)
    assert len(text) < 300_000
    assert "What was decided about 5,000 columns" in text
    assert "and 4,700 more." in text


def test_notices_of_data_and_caller_are_listed_once(made_study: Make):
    result = made_study(finished=0)
    result.header.dataset["notices"] = ["3 rows were dropped."]
    text = report.page(result, notices=["3 rows were dropped.", "Another."])
    assert text.count("3 rows were dropped.") == 1
    assert "Another." in text


def test_panels_fold_by_the_same_numbers_in_python_and_javascript():
    from fathom.report.figures import panels

    source = scripts.asset("page.js")
    assert f"GAP_WIDTH = {panels.GAP_WIDTH};" in source
    assert f"GAP_HEIGHT = {panels.GAP_HEIGHT};" in source
