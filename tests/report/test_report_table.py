from __future__ import annotations

from collections.abc import Callable

from fathom import report
from fathom.studies import StudyResult

Make = Callable[..., StudyResult]


def test_table_formats_the_numbers_of_the_rows(made_study: Make):
    result = made_study(depths=(0, 3))
    linear, deep = report.table_rows(result)[:2]
    row = result.rows()[1]
    assert row.test is not None and row.validation.se is not None
    assert deep.cells["depth"] == "3"
    assert deep.cells["parameters"] == "13,130"
    assert (
        deep.cells["learning rate"] == {3e-4: "3e-4", 1e-3: "1e-3", 3e-3: "3e-3"}[row.learning_rate]
    )
    assert deep.cells["validation accuracy (± se)"] == (
        f"{row.validation.mean:.3f} ± {row.validation.se:.3f}"
    )
    assert deep.cells["test accuracy [95%]"] == (
        f"{row.test.mean:.3f} [{row.test.low:.3f}, {row.test.high:.3f}]"
    )
    assert linear.cells["gradient, first ÷ last layer"] == "–"


def test_vanishing_gradients_are_written_with_exponents(made_study: Make):
    result = made_study(depths=(0, 4), activation="sigmoid", fails_from=4)
    cell = report.table_rows(result)[1].cells["gradient, first ÷ last layer"]
    assert cell == f"{result.rows()[1].gradient_ratio:.0e}"
    assert "e-" in cell


def test_diverged_members_are_counted_out_of_all(made_study: Make):
    rows = report.table_rows(made_study())
    assert rows[8].cells["diverged"] == "3 of 15"
    assert rows[0].cells["diverged"] == "none"


def test_only_the_verdicts_row_is_chosen(made_study: Make):
    result = made_study()
    assert result.verdict is not None
    chosen = [row.cells["depth"] for row in report.table_rows(result) if row.is_chosen]
    assert chosen == [str(result.verdict.depth)]
    assert not any(row.is_chosen for row in report.table_rows(made_study(finished=3)))


def test_baselines_come_last_with_their_intervals(made_study: Make):
    last = report.table_rows(made_study())[-1]
    assert last.is_baseline
    assert last.cells["depth"] == "gradient boosting"
    assert last.cells["test accuracy [95%]"] == "0.953 [0.933, 0.971]"


def test_width_is_a_column_only_where_widths_differ(made_study: Make):
    assert "width" not in report.table_rows(made_study())[0].cells
    rows = report.table_rows(made_study(widths=(16, 64), depths=(0, 1)))
    assert [row.cells["width"] for row in rows[:3]] == ["–", "16", "64"]


def test_every_row_has_the_same_headers(made_study: Make):
    rows = report.table_rows(made_study(widths=(16, 64), depths=(0, 1)))
    assert len({tuple(row.cells) for row in rows}) == 1


def test_a_single_seed_shows_no_standard_error(made_study: Make):
    result = made_study(seeds=1, depths=(2,))
    cell = report.table_rows(result)[0].cells["validation accuracy (± se)"]
    assert cell == f"{result.rows()[0].validation.mean:.3f}"


def test_regression_scores_are_r2_with_real_minus_signs(made_study: Make):
    rows = report.table_rows(made_study(metric="r2"))
    cells = next(row.cells for row in rows if row.cells["depth"] == "always the mean")
    assert cells["test R² [95%]"] == "−0.004 [−0.024, 0.014]"


def test_untested_depths_have_a_dash(made_study: Make):
    rows = report.table_rows(made_study(finished=2))
    assert rows[0].cells["test accuracy [95%]"] == "–"


def test_html_table_marks_the_chosen_row(made_study: Make):
    html = report.html_table(made_study())
    assert html.count('<tr class="chosen">') == 1
    assert html.count("<tr") == 1 + 9 + 2
    assert "No member has been trained" in report.html_table(made_study(finished=0))
