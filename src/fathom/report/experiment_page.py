"""Experiments as one HTML document that loads nothing from anywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fathom.report import palette
from fathom.report.cells.frame import framed
from fathom.report.document import self_contained
from fathom.report.experiment_figure import experiment_figure
from fathom.report.experiment_words import (
    effect_text,
    mark_of,
    seeds_text,
    value_text,
    verdict_text,
)
from fathom.report.markup import Markup, element, fragment
from fathom.report.numbers import duration_text, rate_text
from fathom.report.parts import part, sentences_part, topline
from fathom.studies.experiments import ExperimentResult, Finding

TITLE = "Fathom experiments"


def experiments_page(
    results: Sequence[ExperimentResult], *, playground: Mapping[str, str] | None = None
) -> str:
    """Return experiments as one HTML document of some kilobytes that works offline.

    Args:
        results: One, or a gallery of several.
        playground: The playground's address by the experiment's name, where it runs; without it
            the address's fragment is told.
    """
    many = len(results) > 1
    names = f"{len(results)} statements" if many else results[0].name
    body = fragment(
        _gallery_head(results) if many else _masthead(results[0]),
        element("main", [_sections(one, playground or {}, is_one_of_many=many) for one in results]),
    )
    return self_contained(f"{names} · {TITLE}", body, has_figures=False, style=_STYLE)


def _masthead(result: ExperimentResult) -> Markup:
    return element(
        "header",
        topline("Fathom experiment", result.name),
        element("h1", result.claim),
        _verdict(result),
        element("p", f"Says: {result.source}.", class_="caption"),
        class_="masthead",
    )


def _gallery_head(results: Sequence[ExperimentResult]) -> Markup:
    trainings = sum(result.trainings for result in results)
    seconds = duration_text(sum(result.processor_seconds for result in results))
    return fragment(
        element(
            "header",
            topline(TITLE),
            element("h1", "What is said about depth and learning, put to the test"),
            element(
                "p",
                f"{len(results)} statements, {trainings:,} networks trained, {seconds} of "
                "processor time. "
                f"{seeds_text(results)} each; 95% intervals.",
                class_="caption",
            ),
            class_="masthead",
        ),
        part("Verdicts", _overview(results), kind="wide"),
    )


def _overview(results: Sequence[ExperimentResult]) -> Markup:
    rows = [
        element(
            "tr",
            element("td", element("a", one.claim, href=f"#{one.name}")),
            element("td", element("span", verdict_text(one), class_=_kind(one.verdict))),
        )
        for one in results
    ]
    head = element("tr", element("th", "statement"), element("th", "verdict"))
    table = element("table", element("thead", head), element("tbody", rows), class_="listing")
    return element("div", table, class_="scroll overview", tabindex="0")


def _verdict(result: ExperimentResult) -> Markup:
    return element("p", verdict_text(result), class_=f"verdict {_kind(result.verdict)}")


def _kind(outcome: str) -> str:
    return f"is-{outcome.replace(' ', '-')}"


def _sections(
    result: ExperimentResult, playground: Mapping[str, str], *, is_one_of_many: bool
) -> list[Markup]:
    figure = element(
        "figure", experiment_figure(result), _key(), class_="experiment-plot", role="group"
    )
    if is_one_of_many:
        content = [
            _verdict(result),
            _parts(result),
            figure,
            element("details", element("summary", "Numbers and method"), _numbers(result)),
            element("p", result.because),
            _opens(result, playground),
        ]
        caption = f"{result.source}. {result.name}"
        return [part(result.claim, content, caption=caption, name=result.name, kind="experiment")]
    return [
        part("What was found", _parts(result), element("p", result.because, class_="because")),
        part("What was measured", figure, kind="exhibit"),
        part("In numbers", _numbers(result), kind="wide"),
        sentences_part("How it was done", _method(result)),
        *([part("Try it", _opens(result, playground))] if result.playground else []),
    ]


def _key() -> Markup:
    words = (
        "Large dots: means over seeds, with 95% intervals; small dots: seeds. Dashed: the claim's "
        "limits."
    )
    return element("figcaption", words, class_="caption")


def _parts(result: ExperimentResult) -> Markup:
    return element("ul", [_part(one) for one in result.findings], class_="parts")


def _part(finding: Finding) -> Markup:
    mark = mark_of(finding)
    return element(
        "li",
        element("span", mark, class_=f"part-mark {_kind(finding.outcome)}"),
        element(
            "span",
            finding.says,
            element("span", effect_text(finding), class_="effect"),
            None if finding.votes else element("span", "beside the claim", class_="aside"),
        ),
    )


def _numbers(result: ExperimentResult) -> Markup:
    """Return a table with a row for each arm and a column for each quantity."""
    arms = list(dict.fromkeys(value.arm for value in result.values))
    rates = {value.arm: value.learning_rate for value in result.values}
    has_rates = any(rate is not None for rate in rates.values())
    known = {(value.arm, value.quantity): value_text(value) for value in result.values}
    titles = ["", *result.quantities, *(["learning rate"] if has_rates else [])]
    rows = []
    for arm in arms:
        cells = [known.get((arm, quantity), "") for quantity in result.quantities]
        if has_rates:
            rate = rates[arm]
            cells.append(rate_text(rate) if rate else "")
        rows.append(
            element("tr", element("th", arm, scope="row"), [element("td", one) for one in cells])
        )
    head = element("tr", [element("th", title, scope="col") for title in titles])
    table = element("table", element("thead", head), element("tbody", rows), class_="fathom-table")
    return element("div", table, class_="scroll", tabindex="0")


def _method(result: ExperimentResult) -> list[str]:
    several = any(value.learning_rate is not None for value in result.values)
    return [
        f"Data: {'; '.join(result.data)}.",
        f"{result.trainings:,} networks, seeds {result.seeds[0]} to {result.seeds[-1]}: a seed "
        "draws the initial weights and the order of rows. "
        f"{duration_text(result.processor_seconds)} of processor time.",
        *(
            [
                "The learning rate of each arm is the one of those tried with the best mean score "
                "on validation rows; test rows are read once, for that rate."
            ]
            if several
            else []
        ),
        "Intervals are 95%, by bootstrap over seeds (and test rows, for accuracies), with "
        "Student's allowance for few seeds; differences are taken within each seed. A part holds "
        "where its whole interval is within the limit, fails where all of it is outside, and is "
        "open in between.",
        *result.notices,
    ]


def _opens(result: ExperimentResult, playground: Mapping[str, str]) -> Markup | None:
    if not result.playground:
        return None
    address = playground.get(result.name)
    if address:
        return element("p", "In the playground: ", element("a", address, href=address))
    return element(
        "p",
        "In the playground: run ",
        element("code", "fathom playground"),
        " and put this after its address: ",
        element("code", result.playground),
    )


_STYLE = """
.verdict { display: inline-block; margin: 1rem 0 0.8rem; padding: 0.25rem 0.9rem; max-width: none;
  border-radius: 1.2rem; border: 2px solid var(--mark); color: var(--mark); font-weight: 620; }
.is-holds { --mark: var(--chosen); } .is-does-not-hold { --mark: var(--test); }
.is-depends { --mark: var(--validation); } .is-undecided { --mark: var(--muted); }
.overview span { color: var(--mark); font-weight: 600; }
.overview td { min-width: 8rem; }
.overview td:last-child { min-width: 8rem; }
.parts { list-style: none; margin: 0 0 1rem; padding: 0; max-width: 74ch; }
.parts li { display: flex; gap: 0.8rem; padding: 0.45rem 0; border-bottom: 1px solid var(--grid); }
.part-mark { flex: none; width: 3.2rem; height: 1.6rem; border-radius: 5px; text-align: center;
  color: var(--surface); background: var(--mark); font-size: 0.85rem; line-height: 1.6rem; }
.effect { display: block; color: var(--muted); font-variant-numeric: tabular-nums;
  font-size: 0.93rem; }
.aside { color: var(--muted); font-size: 0.85rem; font-style: italic; }
.experiment-plot { margin: 0.5rem 0 1rem; max-width: 33rem; }
.experiment-figure { display: block; width: 100%; height: auto; }
tbody th[scope] { white-space: normal; min-width: 9rem; }
.experiment .verdict { margin-top: 0; }
.experiment details { margin-bottom: 1.2rem; }
a { text-underline-offset: 0.15em; }
"""


def experiment_summary(result: ExperimentResult) -> str:
    """Return what a notebook shows: the claim, the verdict, its parts and the figure."""
    colours = f".fathom-experiment{{{palette.css_variables()}max-width:42rem}}"
    scoped = "".join(
        f".fathom-experiment {line}\n" for line in _STYLE.strip().splitlines() if line[:1] == "."
    )
    return framed(
        element(
            "div",
            element("style", Markup(colours + scoped)),
            element("strong", result.claim),
            element("div", _verdict(result)),
            _parts(result),
            experiment_figure(result),
            class_="fathom-experiment",
        )
    )
