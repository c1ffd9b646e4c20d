"""A series as one HTML document: nothing is loaded from anywhere else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from fathom.report.document import self_contained
from fathom.report.exhibits import exhibit_of
from fathom.report.markup import Markup, element, fragment, plain
from fathom.report.numbers import count_text, counted, interval_text, listed, rate_text
from fathom.report.parts import (
    exhibit,
    found_part,
    masthead_of,
    notices_part,
    part,
    provenance_part,
    scrolling,
    sentences_part,
)
from fathom.report.series_figures import (
    series_differences,
    series_effects,
    series_growth,
    series_odds,
    series_scores,
    series_splits,
)
from fathom.report.series_table import (
    BEST,
    SeriesRow,
    has_verdict,
    series_metric,
    series_notes,
    series_rows,
)
from fathom.specs import ROWS, StudySpec, from_json_data
from fathom.studies.series import SeriesResult, combination, judge, named

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\s\d])")
Draw = Callable[[SeriesResult], "go.Figure | None"]

SCORES = (
    "Look where each line stops rising, and where it falls away: crosses are depths that learned "
    "far less than the best. The ring is the best combination."
)
EXHIBITS: dict[str, tuple[Draw, str]] = {
    "growth": (
        series_growth,
        "Look where the line crosses zero: from there on the deeper network is worth its depth. A "
        "shaded band, if there is one, extrapolates.",
    ),
    "effects": (
        series_effects,
        "Look at which depths a value is worth something: filled marks have an interval that "
        "leaves zero out. The intervals are wide enough to hold all at once.",
    ),
    "differences": (
        series_differences,
        "Look which intervals leave zero out: only those are surely better or worse than the best "
        "combination. They are wide enough to hold all at once.",
    ),
    "splits": (
        series_splits,
        "Look how far the lines lie apart, and how alike they run: what makes a split hard for "
        "every depth cancels in paired differences.",
    ),
    "odds": (
        series_odds,
        "Read a row from left to right: how sure it is that this depth has a higher mean than "
        "each other. Near 50 nothing is known.",
    ),
}


def series_page(result: SeriesResult) -> str:
    """Return the series as one HTML document that works from a file, offline."""
    return self_contained(
        f"{plain(result.record.name, limit=80)} · Fathom sweep",
        _body(result),
        has_figures=bool(result.cells),
        version=result.record.versions.get("fathom", ""),
    )


def series_summary(result: SeriesResult) -> str:
    """Return the series for a notebook: its answer and its table, as HTML."""
    return element("div", element("p", element("strong", series_headline(result))), _table(result))


def series_headline(result: SeriesResult) -> str:
    """Return the answer in one sentence, or how far the series got."""
    done, total = len(result.finished), len(result.record.members)
    if not result.is_finished:
        so_far = ""
        if result.cells and has_verdict(result):
            so_far = f": so far {named(result, combination(result))} is best"
        return f"Not finished, {done} of {counted(total, 'study', plural='studies')}{so_far}."
    return plain(_SENTENCE_END.split(judge(result).text, maxsplit=1)[0])


def _body(result: SeriesResult) -> Markup:
    verdict = judge(result) if result.cells else None
    return fragment(
        masthead_of(
            "Fathom sweep", series_headline(result), _facts(result), name=result.record.name
        ),
        element(
            "main",
            _question(result),
            found_part(verdict.findings.values()) if verdict is not None else None,
            exhibit(exhibit_of("scores", SCORES, series_scores(result))) if verdict else None,
            _numbers(result) if verdict is not None else None,
            _exhibits(result) if verdict is not None else None,
            sentences_part("How it was done", _sentences(result)),
            _studies(result),
            _provenance(result),
            notices_part(result.record.dataset.get("notices") or []),
        ),
    )


def _exhibits(result: SeriesResult) -> list[Markup]:
    drawn = [(name, caption, draw(result)) for name, (draw, caption) in EXHIBITS.items()]
    return [
        exhibit(exhibit_of(name, caption, figure))
        for name, caption, figure in drawn
        if figure is not None and figure.data
    ]


def _facts(result: SeriesResult) -> dict[str, object]:
    if not result.cells or not has_verdict(result):
        return {}
    best, record = combination(result), result.record
    return {
        "depth": str(best.depth),
        (record.setting or ""): plain(best.value, limit=40) if best.value else None,
        f"test {series_metric(result)} [95% interval]": interval_text(
            best.test, best.test_low, best.test_high
        ),
        "splits": str(record.splits) if record.splits > 1 else None,
        "seeds": str(result.seeds),
        "studies": count_text(len(record.members)),
        "trainings": count_text(record.trainings),
    }


def _question(result: SeriesResult) -> Markup:
    record = result.record
    what = (
        f"How many hidden layers should a network have, whatever rows it is trained on? The study "
        f"was repeated on {counted(record.splits, 'split')} into training and validation rows."
        if record.setting is None
        else "How much more data would a deeper network need? The study was repeated with "
        f"{listed([plain(value, limit=40) for value in record.values])} of the training rows."
        if record.setting == ROWS
        else f"How many hidden layers should a network have, and which {record.setting}? The study "
        f"was repeated with {listed([plain(value, limit=40) for value in record.values])}"
        f"{f', each on {record.splits} splits' if record.splits > 1 else ''}."
    )
    rows = record.dataset["rows"]
    data = f"{plain(record.dataset['source'], limit=200)}: " + ", ".join(
        f"{count_text(number)} {name}" for name, number in rows.items()
    )
    return part("What was asked", element("p", what), element("p", data))


def _numbers(result: SeriesResult) -> Markup:
    caption = " ".join(series_notes(result))
    scroll = scrolling(_table(result), "In numbers")
    return part("In numbers", scroll, caption=caption, name="table", kind="wide")


def _table(result: SeriesResult) -> Markup:
    rows = series_rows(result)
    if not rows:
        return element("p", "No study is finished yet.")
    head = element("tr", [element("th", header, scope="col") for header in rows[0].cells])
    body = [_row(row) for row in rows]
    return element("table", element("thead", head), element("tbody", body), class_="fathom-table")


def _row(row: SeriesRow) -> Markup:
    cells = [
        element(
            "th" if place == 0 else "td",
            element("strong", text) if header in row.marks else text,
            " " if header in row.marks else None,
            element("span", row.marks[header], class_="mark") if header in row.marks else None,
            scope="row" if place == 0 else None,
        )
        for place, (header, text) in enumerate(row.cells.items())
    ]
    is_best = BEST in row.marks.values()
    return element("tr", cells, class_="chosen" if is_best and "depth" in row.marks else None)


def _sentences(result: SeriesResult) -> list[str]:
    record = result.record
    spec = from_json_data(record.members[0].spec, StudySpec)
    rates = listed([rate_text(rate) for rate in spec.learning_rates])
    ordinary = (
        f"Every study is an ordinary one: each depth at the learning rates {rates} from "
        f"{counted(spec.seeds, 'seed')}, its best rate chosen on its own validation rows, its test "
        "scores read once."
    )
    return [ordinary, _splitting(result), _pairing(result), _testing(result)]


def _splitting(result: SeriesResult) -> str:
    if result.splits < 2:
        return "All studies have the same test and validation rows."
    return (
        "The test rows were set aside once and are the same in all studies, so that no row by "
        "which a depth was chosen on one split tests it on another. The other rows were split "
        f"{count_text(result.splits)} times into training and validation rows; preprocessing was "
        "fitted on each split's training rows alone."
    )


def _pairing(result: SeriesResult) -> str:
    correction = (
        f" The variance of a mean over J splits is taken as 1/J + {result.overlap:.2f} times that "
        "of one split, validation over training rows being the second term, because training rows "
        "overlap (Nadeau and Bengio, “Inference for the Generalization Error”, Machine Learning "
        "52, 2003)."
        if result.splits > 1
        else ""
    )
    return (
        f"Combinations are compared by their differences on the {result.compared_on} rows with the "
        f"same {result.block}. Intervals "
        f"come from {result.block}s drawn with replacement, stretched to Student’s width because "
        "so few vary too little (Hesterberg, The American Statistician 69(4), 2015); where several "
        "are told at once they are wide enough to hold together with 95% (Bonferroni)."
        f"{correction} {_rule(result)}"
    )


def _rule(result: SeriesResult) -> str:
    rule = "The chosen depth is the shallowest within one standard error of the best mean"
    if result.splits < 2:
        return f"{rule}; the error is over seeds and validation rows."
    return (
        f"{rule}; the error is that of the paired difference over splits, in which what makes a "
        "split hard for every depth cancels, and at most that of the best mean itself, times "
        "Student’s factor for so few splits."
    )


def _testing(result: SeriesResult) -> str:
    if result.splits < 2:
        return "Test intervals are those of the studies: over seeds and test rows."
    return (
        "The test score is the mean over splits. Its interval is from splits and test rows drawn "
        "with replacement; all splits share the rows, so their uncertainty does not shrink."
    )


def _studies(result: SeriesResult) -> Markup:
    name = plain(result.record.name, limit=200)
    rows = [
        element(
            "tr",
            element("td", element("code", f"{name}/{plain(member.name, limit=100)}")),
            element("td", count_text(member.training_rows)),
            element("td", _own_depth(result, member.name)),
        )
        for member in result.record.members
    ]
    head = [element("th", text, scope="col") for text in ("study", "training rows", "chose depth")]
    table = element(
        "table",
        element("thead", element("tr", head)),
        element("tbody", rows),
        class_="listing",
    )
    command = f"fathom report {shlex.quote(f'{name}/{result.record.members[0].name}')}"
    return part(
        "Its studies",
        element("div", table, class_="scroll", tabindex="0"),
        element("p", "Each has a page of its own: ", element("code", command)),
    )


def _own_depth(result: SeriesResult, name: str) -> str:
    found = result.studies.get(name)
    if found is None or found.verdict is None:
        return "not finished"
    return "none" if found.verdict.depth is None else str(found.verdict.depth)


def _provenance(result: SeriesResult) -> Markup:
    record = result.record
    return provenance_part(
        record.members[0].spec,
        {
            "versions": ", ".join(f"{name} {text}" for name, text in record.versions.items()),
            "machine": ", ".join(f"{name} {value}" for name, value in record.machine.items()),
            "data fingerprint": record.dataset.get("fingerprint"),
        },
        whose="The first study's spec",
    )
