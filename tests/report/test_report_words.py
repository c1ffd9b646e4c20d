from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from fathom import report
from fathom.specs import VerdictRecord
from fathom.studies import StudyResult

Make = Callable[..., StudyResult]


def with_verdict(result: StudyResult, text: str) -> StudyResult:
    verdict = VerdictRecord(depth=2, width=64, rule="one-standard-error", text=text)
    return replace(result, verdict=verdict)


def test_headline_is_the_verdicts_first_sentence_decimals_and_all(made_study: Make):
    text = "Use depth 2: 0.972 accuracy, ± 0.003. More gains nothing.\n\nThe rest follows."
    result = with_verdict(made_study(), text)
    assert report.headline(result) == "Use depth 2: 0.972 accuracy, ± 0.003."


def test_headline_of_an_unfinished_study_names_the_best_so_far(made_study: Make):
    result = made_study(finished=3)
    best = max(result.rows(), key=lambda row: row.validation.mean)
    assert report.headline(result) == (
        f"Not finished: so far depth {best.depth} is best, "
        f"with validation accuracy {best.validation.mean:.3f}."
    )


def test_progress_is_told_until_there_is_a_verdict(made_study: Make):
    text = report.progress_text(made_study(finished=3))
    assert text is not None
    assert "45 of 135 trainings done" in text
    assert "“paused”: stopped by Ctrl-C." in text
    assert report.progress_text(made_study()) is None


def rows_error(accuracy: float) -> float:
    """The binomial standard error of an accuracy on the made study's validation rows."""
    return math.sqrt(accuracy * (1 - accuracy) / 359)


def test_method_states_this_studys_numbers(made_study: Make):
    result = made_study()
    best = max(result.rows(), key=lambda row: row.validation.mean)
    error = math.hypot(best.validation.se or 0, rows_error(best.validation.mean))
    text = " ".join(report.describe_method(result))
    for part in (
        "The 1,797 rows were split once: 1,078 to train on, 359 to choose by and 360 to test",
        "learning rates 3e-4, 1e-3 and 3e-3",
        "5 seeds (0 to 4)",
        "135 trainings",
        "batches of 32 rows",
        "8 epochs without a better validation loss",
        f"the best is {best.validation.mean:.3f} at depth {best.depth}, with a standard error",
        f"of {error:.4f} (over 5 seeds and the validation rows together)",
        f"so {best.validation.mean - error:.3f} and more count as equally good",
        "counts as guessing (0.105)",
        "majority class and gradient boosting",
    ):
        assert part in text


def test_method_says_what_a_single_seed_cannot_tell(made_study: Make):
    text = " ".join(report.describe_method(made_study(seeds=1, depths=(2,))))
    assert "from the validation rows alone, since there is a single seed" in text
    assert "1 seed (0)" in text


def test_method_of_a_single_rate_admits_it(made_study: Make):
    text = " ".join(report.describe_method(made_study(rates=(1e-3,))))
    assert "A single learning rate was tried" in text


def test_method_of_matched_widths_says_so(made_study: Make):
    text = " ".join(report.describe_method(made_study(matched=True)))
    assert "about as many parameters as the deepest" in text


def test_commands_quote_the_studys_name(made_study: Make):
    commands = [command for command, _ in report.next_commands(made_study(name="a b; rm -rf ~"))]
    assert "fathom predict 'a b; rm -rf ~' FILE" in commands


def test_commands_of_an_unfinished_study_show_what_there_is(made_study: Make):
    commands = [command for command, _ in report.next_commands(made_study(finished=1))]
    assert commands == ["fathom runs show digits-depth", "fathom report digits-depth"]
