"""What is shown of experiments: words, figures, one page, Markdown."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from fathom import report
from fathom.report.experiment_words import amount_text
from fathom.studies.experiments import ExperimentResult, Finding, Value

SVG = "{http://www.w3.org/2000/svg}"


def finding(**changes: object) -> Finding:
    """Return a part of a claim that holds."""
    made = Finding(
        says="ReLU is better by at least 1 point",
        of="test accuracy",
        unit="share",
        effect=0.163,
        low=0.141,
        high=0.186,
        at_least=0.01,
        at_most=None,
        is_difference=True,
        outcome="holds",
        votes=True,
    )
    return replace(made, **changes)


def value(arm: str, mean: float, **changes: object) -> Value:
    """Return the test accuracy of an arm."""
    made = Value(
        arm=arm,
        quantity="test accuracy",
        unit="share",
        digits=2,
        mean=mean,
        low=mean - 0.02,
        high=mean + 0.01,
        seeds=(mean - 0.01, mean, mean + 0.01),
    )
    return replace(made, **changes)


def result(**changes: object) -> ExperimentResult:
    """Return what an experiment found."""
    made = ExperimentResult(
        name="relu-over-sigmoid",
        theme="The ladder",
        claim="ReLU gains.",
        source="Courses <1>",
        verdict="depends",
        depends_on="how long both train",
        because="Slopes.",
        findings=(
            finding(),
            finding(outcome="does not hold", votes=False),
            finding(outcome="undecided", is_difference=False, effect=0.9, low=0.88, high=0.93),
        ),
        values=(value("10 sigmoid", 0.73), value("10 ReLU & more", 0.895, learning_rate=0.01)),
        axis="",
        is_log=False,
        data=("digits",),
        notices=("Not MNIST.",),
        seeds=(0, 1, 2),
        trainings=30,
        seconds=12.3,
        processor_seconds=20.1,
        playground="#dataset=circle&networkShape=3",
    )
    return replace(made, **changes)


def on_axis() -> ExperimentResult:
    """Return what was found over a logarithmic axis, on two lines."""
    places = ((1.0, 0.5), (10.0, 0.7), (100.0, 0.9))
    values = [
        value(f"{line} {at:g}", mean - 0.1 * (line == "b"), at=at, line=line)
        for line in ("a", "b")
        for at, mean in places
    ]
    return result(values=tuple(values), axis="rate", is_log=True)


def test_effects_are_told_in_points_factors_and_percent() -> None:
    assert report.effect_text(finding()) == "+16.3 points [+14.1, +18.6]"
    assert report.effect_text(finding(is_difference=False)) == "16.3% [14.1%, 18.6%]"
    factor = finding(unit="decades", effect=-0.5, low=-1.0, high=0.0)
    assert report.effect_text(factor) == "× 0.32 [0.1, 1]"
    number = finding(unit="number", effect=-0.0021, low=-0.004, high=0.001)
    assert report.effect_text(number) == "−0.002 [−0.004, +0.001]"
    assert amount_text(4.25, "decades") == "18,000"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("holds", "Holds"),
        ("does not hold", "Does not hold"),
        ("depends", "Depends on how long both train"),
        ("undecided", "Undecided: 3 seeds cannot tell"),
    ],
)
def test_a_verdict_is_told_in_words(verdict: str, words: str) -> None:
    assert report.verdict_text(result(verdict=verdict)) == words


@pytest.mark.parametrize("made", [result(), on_axis()], ids=["rows", "lines"])
def test_a_figure_is_svg_that_shows_every_seed_mean_and_interval_inside_its_bounds(
    made: ExperimentResult,
) -> None:
    drawing = ET.fromstring(report.experiment_figure(made, alone=True))
    width, height = map(float, drawing.attrib["viewBox"].split()[2:])
    kinds = [one.attrib["class"].split()[0] for one in drawing.iter(f"{SVG}circle")]
    names = {one.line for one in made.values if one.line}
    legend = len(names) if len(names) > 1 else 0
    assert kinds.count("seed") == 3 * len(made.values)
    assert kinds.count("mean") == len(made.values) + legend
    bars = [one for one in drawing.iter(f"{SVG}line") if one.attrib["class"].startswith("bar")]
    assert len(bars) == len(made.values)
    for dot in drawing.iter(f"{SVG}circle"):
        assert 0 <= float(dot.attrib["cx"]) <= width and 0 <= float(dot.attrib["cy"]) <= height


def test_a_logarithmic_axis_puts_powers_of_ten_at_equal_steps() -> None:
    drawing = ET.fromstring(report.experiment_figure(on_axis(), alone=True))
    line = next(drawing.iter(f"{SVG}polyline")).attrib["points"]
    places = [float(pair.split(",")[0]) for pair in line.split()]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)


def test_values_that_are_all_equal_can_be_drawn() -> None:
    same = value("a", 0.0, unit="number", low=0.0, high=0.0, seeds=(0.0, 0.0))
    ET.fromstring(report.experiment_figure(result(values=(same,)), alone=True))


def test_a_page_loads_nothing_runs_only_its_own_script_and_escapes_text() -> None:
    hostile = result(claim="</style><script>alert(1)</script>.", source='"><img src=x>')
    for page in (report.experiments_page([hostile]), report.experiments_page([hostile, on_axis()])):
        assert "<script>alert" not in page and "<img src=x" not in page
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
        assert (
            policy
            and "default-src" in policy[1]
            and "unsafe-inline" not in policy[1].split("style-src")[0]
        )
        addresses = set(re.findall(r'(?:src|href)="([^"#][^"]*)"', page))
        assert not addresses
        assert "Fathom experiments</title>" in page


def test_a_page_tells_parts_numbers_notices_and_where_to_play() -> None:
    page = report.experiments_page([result()], playground={"relu-over-sigmoid": "http://x/#a"})
    for words in ("+16.3 points", "beside the claim", "Not MNIST.", "10 ReLU &amp; more", "30"):
        assert words in page
    assert 'href="http://x/#a"' in page
    alone = report.experiments_page([result()])
    assert "#dataset=circle&amp;networkShape=3" in alone


def test_markdown_has_a_row_and_a_figure_for_every_experiment() -> None:
    other = replace(on_axis(), name="other", theme="Else", claim="A | B.")
    text = report.experiments_markdown([result(), other], figures="figures")
    assert "| [ReLU gains.](#relu-over-sigmoid) | **Depends on how long both train** |" in text
    assert "A \\| B." in text and text.count("figures/") == 2
    assert "2 statements, 60 networks, 40 s of processor time" in text
    assert "- **no** (beside the claim): ReLU is better" in text


def test_a_notebook_shows_the_verdict_and_the_figure() -> None:
    html = report.experiment_summary(result())
    assert "Depends on how long both train" in html and "<svg" in html
    assert "Depends" in report.experiment_text(result())
