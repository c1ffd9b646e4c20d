"""Experiments as a Markdown page: the table of verdicts, and every experiment below it."""

from __future__ import annotations

from collections.abc import Sequence

from fathom.report.experiment_words import (
    effect_text,
    mark_of,
    seeds_text,
    verdict_text,
)
from fathom.report.numbers import duration_text
from fathom.studies.experiments import ExperimentResult

INTRODUCTION = """\
# What is said about depth and learning, put to the test

Written by `fathom experiments --all --data mnist.npz --markdown docs/experiments.md`. Every
statement is some data in `src/fathom/studies/experiments/gallery/`: what is learned from, arms,
what is measured, and the smallest effect that would matter. `fathom experiments` lists them;
`fathom experiments NAME` runs one.

**How they are judged.** Every arm is trained from {seeds}. Where several learning rates are tried,
the one with the best mean validation score is scored on test rows. A part of a statement holds
where its whole 95% interval is within the stated limit, fails where all of it is outside, and is
open in between. Differences are taken within each seed and test row. Intervals are bootstrapped
over seeds, and over test rows for accuracies, with Student's allowance for few seeds. A statement
*holds* where all its parts do, *does not hold* where none does, *depends* where some do and others
do not, and is *undecided* where an open part stands in the way.

**What that does not say.** Every interval is at 95% for itself, so that of forty parts one or two
may be wrong by chance; the limits were set with pilot runs in mind; and each statement is tried on
one or two small data sets: a verdict is about what was run.

{count} statements, {trainings} networks, {seconds} of processor time: on two idle cores at
least half as long by the clock.
"""


def experiments_markdown(results: Sequence[ExperimentResult], *, figures: str) -> str:
    """Return a Markdown page of experiments.

    Args:
        results: What was found.
        figures: The folder of the figures, relative to the page, each `NAME.svg`.
    """
    parts = [_introduction(results), _table(results)]
    theme = ""
    for result in results:
        if result.theme != theme:
            theme = result.theme
            parts.append(f"## {theme}\n")
        parts.append(_section(result, figures))
    return "\n".join(parts)


def _introduction(results: Sequence[ExperimentResult]) -> str:
    return INTRODUCTION.format(
        seeds=seeds_text(results),
        count=len(results),
        trainings=f"{sum(result.trainings for result in results):,}",
        seconds=duration_text(sum(result.processor_seconds for result in results)),
    )


def _table(results: Sequence[ExperimentResult]) -> str:
    lines = ["| statement | verdict | its first part |", "|---|---|---|"]
    for result in results:
        first = result.findings[0]
        lines.append(
            f"| [{_cell(result.claim)}](#{result.name}) | **{_cell(verdict_text(result))}** | "
            f"{_cell(first.says)}: {_cell(effect_text(first))} |"
        )
    return "\n".join(lines) + "\n"


def _section(result: ExperimentResult, figures: str) -> str:
    marks = [
        f"- **{mark_of(finding)}**{'' if finding.votes else ' (beside the claim)'}: "
        f"{finding.says}: {effect_text(finding)}"
        for finding in result.findings
    ]
    lines = [
        f"### {result.name}\n",
        f"{result.claim} *{result.source}.*\n",
        f"**{verdict_text(result)}.**\n",
        *marks,
        "",
        f"{result.because}\n",
        f"![{result.name}: {result.quantities[0]}]({figures}/{result.name}.svg)\n",
        f"{result.trainings:,} networks in {duration_text(result.processor_seconds)} of "
        "processor time. Data: "
        f"{'; '.join(result.data)}.",
        *result.notices,
    ]
    if result.playground:
        lines.append(f"In the playground: `{result.playground}`")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
