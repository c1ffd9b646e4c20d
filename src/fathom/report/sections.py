"""The parts of the page, from a study's result to HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fathom.report.facts import (
    architecture_label,
    architecture_name,
    chosen_row,
    is_width_named,
    metric_name,
    score_digits,
)
from fathom.report.markup import Markup, element, plain
from fathom.report.numbers import (
    count_text,
    counted,
    duration_text,
    interval_text,
    listed,
    share_text,
)
from fathom.report.parts import (
    found_part,
    masthead_of,
    notices_part,
    pairs_list,
    part,
    provenance_part,
    scrolling,
    sentences_part,
)
from fathom.report.table import html_table
from fathom.report.words import describe_method, headline, next_commands, progress_text
from fathom.studies import StudyResult

MOST_COLUMNS = 300  # of the data set, listed on the page
MOST_CLASSES = 30


def masthead(result: StudyResult) -> Markup:
    """Return the study's name, its answer in one line, and the numbers behind it."""
    return masthead_of(
        "Fathom study",
        headline(result),
        _facts(result),
        name=result.header.name,
        banner=progress_text(result),
    )


def _facts(result: StudyResult) -> dict[str, object]:
    row = chosen_row(result)
    if row is None:
        return {}
    test, digits = row.test, score_digits(result)
    score = interval_text(test.mean, test.low, test.high, digits=digits) if test else None
    wall = result.status.wall_seconds if result.status else None
    width = [element("small", f" × width {row.width}")] if is_width_named(result, row) else []
    return {
        "chosen depth": [str(row.depth), *width],
        f"test {metric_name(result)} [95% interval]": score,
        "parameters": count_text(row.parameters),
        "trainings": count_text(len(result.runs)),
        "wall time": duration_text(wall) if wall is not None else None,
    }


def question(result: StudyResult) -> Markup:
    """Return what was asked: the data, the splits, and what was decided about columns."""
    dataset = result.header.dataset
    return part(
        "What was asked",
        element(
            "p",
            "How many hidden layers should a network have for ",
            element("bdi", plain(dataset.get("name", "these data"), limit=120)),
            f"? Judged by {metric_name(result)} on rows that no network was trained on.",
        ),
        pairs_list(_data_facts(result)),
        _columns(dataset.get("columns") or []),
    )


def _data_facts(result: StudyResult) -> dict[str, object]:
    dataset = result.header.dataset
    classes = [plain(name, limit=40) for name in dataset.get("classes") or []]
    task = str(dataset.get("task", result.spec.model.task))
    return {
        "data": dataset.get("source"),
        "predicted": dataset.get("target"),
        "task": f"{task}, {counted(len(classes), 'class', plural='classes')}" if classes else task,
        "classes": _shortened(classes, MOST_CLASSES) if classes else None,
        "rows": _rows_text(dataset.get("rows") or {}),
        "split": str(dataset.get("split") or "").removeprefix("split: "),
    }


def _rows_text(rows: Mapping[str, int]) -> str | None:
    if not rows:
        return None
    parts = [f"{name} {count_text(int(number))}" for name, number in rows.items()]
    return f"{count_text(sum(map(int, rows.values())))}: {listed(parts)}"


def _columns(columns: Sequence[Mapping[str, Any]]) -> Markup | None:
    if not columns:
        return None
    left_out = sum(not column.get("used", True) for column in columns)
    rest = len(columns) - MOST_COLUMNS
    rows = [
        [plain(column.get(key, ""), limit=200) for key in ("name", "kind", "decision")]
        for column in columns[:MOST_COLUMNS]
    ]
    summary = f"What was decided about {counted(len(columns), 'column')}"
    return element(
        "details",
        element("summary", summary, f"; {left_out} not used as a feature" if left_out else None),
        _listing(["column", "kind", "decision"], rows),
        element("p", f"and {count_text(rest)} more.") if rest > 0 else None,
    )


def found(result: StudyResult) -> Markup | None:
    """Return the verdict in full; None before there is one."""
    if result.verdict is None:
        return None
    paragraphs = map(str.strip, result.verdict.text.split("\n\n"))
    return found_part(filter(None, paragraphs))


def table(result: StudyResult) -> Markup:
    """Return the table, in a container of its own that scrolls sideways."""
    title = "Every depth in numbers"
    scroll = scrolling(Markup(html_table(result)), title)
    caption = (
        "A line per depth at its best learning rate: means over seeds, with the standard error on "
        "validation and the 95% bootstrap interval on test rows. Baselines are on the same splits."
    )
    return part(title, scroll, caption=caption, name="table", kind="wide")


def comparisons(result: StudyResult) -> Markup | None:
    """Return every other depth against the chosen one; None where nothing was compared."""
    verdict, chosen = result.verdict, chosen_row(result)
    if verdict is None or chosen is None or not verdict.comparisons:
        return None
    digits = score_digits(result)
    names = {(row.depth, row.width): architecture_label(result, row) for row in result.rows()}
    rows = [
        [
            names.get((one.depth, one.width), str(one.depth)),
            interval_text(one.difference, one.low, one.high, digits=digits),
            share_text(one.probability),
            "yes" if one.is_clear else "no",
        ]
        for one in verdict.comparisons
    ]
    headers = [
        "depth",
        f"test {metric_name(result)}, difference [95%]",
        "probability of being better",
        "clear",
    ]
    caption = (
        "Differences are positive where the other is better. They are paired: the same seeds, the "
        "same test rows. With many comparisons some look clear by chance; the last column allows "
        "for all of them."
    )
    title = f"The others against {architecture_name(result, chosen)}"
    return part(title, _listing(headers, rows), caption=caption, name="comparisons")


def method(result: StudyResult) -> Markup:
    """Return how the study was done, in words."""
    return sentences_part("How it was done", describe_method(result))


def next_steps(result: StudyResult) -> Markup:
    """Return the commands to go on with."""
    steps = [
        element("li", element("code", command), element("span", gives))
        for command, gives in next_commands(result)
    ]
    return part("What to do next", element("ul", steps, class_="commands"))


def provenance(result: StudyResult) -> Markup:
    """Return versions, machine, seeds, and the whole spec."""
    header = result.header
    seeds = listed([str(seed) for seed in result.spec.member_seeds])
    return provenance_part(
        header.spec,
        {
            "versions": ", ".join(f"{name} {text}" for name, text in header.versions.items()),
            "machine": ", ".join(f"{name} {value}" for name, value in header.machine.items()),
            "seeds": _shortened(seeds.split(", "), 40),
            "data fingerprint": header.dataset.get("fingerprint"),
        },
    )


def notices(result: StudyResult, others: Iterable[str]) -> Markup | None:
    """Return what was noticed about the data and the study; None if nothing was."""
    return notices_part([*(result.header.dataset.get("notices") or []), *others])


def _listing(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    head = element("tr", [element("th", header, scope="col") for header in headers])
    body = [element("tr", [element("td", cell) for cell in row]) for row in rows]
    table = element("table", element("thead", head), element("tbody", body), class_="listing")
    return element("div", table, class_="scroll", tabindex="0")


def _shortened(names: Sequence[str], most: int) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {count_text(rest)} more" if rest > 0 else "")
