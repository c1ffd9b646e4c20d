"""What each column holds is found out and said, never silently changed."""

from __future__ import annotations

import numpy as np
import pytest

from fathom.data import load
from fathom.data.tables.cells import cells_of
from fathom.data.tables.detecting import detect
from fathom.data.tables.readings import Reading, parse


def found(*texts: str, separator: str = ",") -> tuple[Reading, list[object], list[str]]:
    """Return how a column of these texts is read, its values, and what is said about it."""
    import polars as pl

    cells = cells_of(pl.DataFrame({"0": texts}), ["col"], separator=separator)
    (reading,), notices = detect(cells)
    return reading, parse(cells, [reading]).to_series().to_list(), notices


@pytest.mark.parametrize(
    ("texts", "values", "said"),
    [
        (["1", "2.5", "", "-3e2"], [1.0, 2.5, None, -300.0], []),
        (["1", "?", "3"], [1.0, None, 3.0], ["`col`: '?' read as missing, 1 row"]),
        (["1", "NA", "NA"], [1.0, None, None], ["`col`: 'NA' read as missing, 2 rows"]),
        (["1", "nan", "2"], [1.0, None, 2.0], ["`col`: 'nan' read as missing, 1 row"]),
        (["1,5", "2"], [1.5, 2.0], ["`col`: commas are decimal commas ('1,5')"]),
        (
            ["1.234,5", "2.000.000,25"],
            [1234.5, 2000000.25],
            ["`col`: commas are decimal commas ('1.234,5')"],
        ),
        (
            ["1,234,567", "1,000.5", "12"],
            [1234567.0, 1000.5, 12.0],
            ["`col`: commas separate thousands ('1,000.5')"],
        ),
        (
            ["1,234", "567"],
            [1234.0, 567.0],
            ["`col`: commas separate thousands, which could also be decimal commas ('1,234')"],
        ),
    ],
)
def test_numbers_are_read_and_what_was_done_is_said(texts, values, said):
    reading, read, notices = found(*texts)

    assert reading.kind == "numeric"
    assert read == values
    assert notices == said


def test_a_comma_before_three_digits_is_decimal_where_semicolons_separate():
    _, values, notices = found("1,234", "567", separator=";")

    assert values == [1.234, 567.0]
    assert "which could also separate thousands" in notices[0]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["00123", "45678"], "kept as text such as '00123', because leading zeros would be lost"),
        (["12345678901234567890", "1"], "numbers as long as these cannot be held exactly"),
        (["NA", "Namibia"], "'NA' kept as a value, 1 row"),
        (["1", "a", "b"], "mixed types, 33% of the values are numbers, all kept as text"),
        ([" x", "y"], "spaces around values removed, 1 row"),
    ],
)
def test_texts_stay_texts_and_what_could_have_been_is_said(texts, said):
    reading, values, notices = found(*texts)

    assert reading.kind == "categorical"
    assert values == [text.strip() for text in texts]
    assert any(said in notice for notice in notices)


def test_zero_point_five_has_no_leading_zero():
    assert found("0.5", "0", "-0.25")[0].kind == "numeric"


def test_a_few_texts_among_many_numbers_are_missing_and_named():
    reading, values, notices = found(*map(str, range(99)), "unknown")

    assert reading.kind == "numeric"
    assert values[-1] is None
    assert notices == ["`col`: 'unknown' read as missing, 1 row"]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["yes", "no", ""], [True, False, None]),
        (["TRUE", "False", "true"], [True, False, True]),
        (["t", "f", "NA"], [True, False, None]),
    ],
)
def test_booleans_are_recognised(texts, values):
    reading, read, _ = found(*texts)

    assert reading.kind == "boolean"
    assert read == values


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["2024-03-01", "2023-12-31"], (2024, 3, 1, 0)),
        (["2024/03/01", "2023/12/31"], (2024, 3, 1, 0)),
        (["01.03.2024", "31.12.2023"], (2024, 3, 1, 0)),
        (["03/01/2024", "12/31/2023"], (2024, 3, 1, 0)),
        (["01/03/2024", "31/12/2023"], (2024, 3, 1, 0)),
        (["1 March 2024", "31 December 2023"], (2024, 3, 1, 0)),
        (["01-Mar-2024", "31-Dec-2023"], (2024, 3, 1, 0)),
        (["Mar 1, 2024", "Dec 31, 2023"], (2024, 3, 1, 0)),
        (["2024-03-01 17:30", "2023-12-31 01:02"], (2024, 3, 1, 17)),
        (["2024-03-01T17:30:15.25", "2023-12-31T01:02:03"], (2024, 3, 1, 17)),
        (["2024-03-01T17:30:15+02:00", "2023-12-31T01:02:03Z"], (2024, 3, 1, 15)),
    ],
)
def test_dates_are_recognised_and_their_format_is_said(texts, first):
    reading, values, notices = found(*texts, "")

    date = values[0]
    assert reading.kind == "date"
    assert (date.year, date.month, date.day, date.hour) == first  # pyright: ignore[reportAttributeAccessIssue]
    assert values[-1] is None
    assert "dates written as %" in notices[0]


def test_a_day_that_could_be_a_month_is_said():
    _, _, notices = found("01/02/2024", "03/04/2024")

    assert "month and day could also be the other way round, %d/%m/%Y" in notices[0]


@pytest.mark.parametrize(
    "texts", [["2024-02-30", "2024-01-01"], ["12:30", "13:45"], ["1.2.3", "x"]]
)
def test_what_is_no_date_stays_text(texts):
    assert found(*texts)[0].kind == "categorical"


def test_dots_beside_decimal_commas_are_said(write):
    rows = "".join(f"{k},5;1.{k:03d};{k % 2}\n" for k in range(100, 140))
    data = load(write("a;b;y\n" + rows), target="y")

    assert (
        "`b`: '1.100' read with a decimal point, though other columns have decimal commas"
        in data.notices
    )


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_from_a_german_spreadsheet_is_read_right(write, encoding):
    rows = "".join(
        f"{k * 7 % 100 + 0.25:.2f};{'Köln' if k % 3 else 'NA'};{k % 9:05d};{k % 2}\n".replace(
            ".", ",", 1
        )
        for k in range(60)
    )
    data = load(write("Größe;Stadt;PLZ;y\n" + rows, encoding=encoding), target="y")

    size = data.feature_names.index("Größe")
    truth = np.array([k * 7 % 100 + 0.25 for k in range(60)])
    seen = data.train.x[:, size] * truth[data.train.rows].std() + truth[data.train.rows].mean()
    assert np.allclose(seen, truth[data.train.rows], atol=1e-4)
    assert "Stadt = NA" in data.feature_names
    assert "PLZ = 00003" in data.feature_names
    said = " ".join(data.notices)
    for words in ("semicolons", "decimal commas", "'NA' kept as a value", "leading zeros"):
        assert words in said
