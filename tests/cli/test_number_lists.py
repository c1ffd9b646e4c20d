"""Lists of numbers as people type them."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from fathom.cli.number_lists import height_and_width, learning_rates, patience, whole_numbers
from fathom.errors import SpecError


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0-8", (0, 1, 2, 3, 4, 5, 6, 7, 8)),
        ("0,2,4-6", (0, 2, 4, 5, 6)),
        (" 3 , 1 - 2 ", (3, 1, 2)),
        ("7", (7,)),
        ("5-5", (5,)),
        ("-1", (-1,)),
    ],
)
def test_ranges_include_both_ends(text, numbers):
    assert whole_numbers("depths", text) == numbers


@pytest.mark.parametrize("text", ["", "a", "1,,2", "1.5", "1-2-3", "1-", "0-x", "9" * 5000])
def test_what_is_no_list_is_refused_by_its_option(text):
    with pytest.raises(SpecError, match="--depths") as refusal:
        whole_numbers("depths", text)
    assert "--depths 0-8" in (refusal.value.hint or "")


def test_a_range_downwards_is_turned_round_in_the_hint():
    with pytest.raises(SpecError, match="must go upwards") as refusal:
        whole_numbers("depths", "8-0")
    assert refusal.value.hint == "use --depths 0-8"


@pytest.mark.parametrize("text", ["0-999999999999", ",".join(["0-500"] * 3)])
def test_more_numbers_than_anyone_means_are_refused(text):
    with pytest.raises(SpecError, match="at most 1000"):
        whole_numbers("depths", text)


def test_rates_are_read_as_written():
    assert learning_rates("3e-4, 1e-3,0.01") == (3e-4, 1e-3, 0.01)


def test_a_range_of_rates_is_spaced_by_equal_factors():
    rates = learning_rates("1e-4:1e-1:7")
    factors = [b / a for a, b in pairwise(rates)]
    assert rates[0] == 1e-4 and rates[-1] == 1e-1
    assert all(math.isclose(factor, 10**0.5, rel_tol=1e-5) for factor in factors)


@pytest.mark.parametrize(
    "text",
    ["x", "1e-3,", "1e-3:1e-2", "1e-2:1e-3:3", "0:1:3", "1:2:1", "1:inf:3", "1:2:x", "1:2:9999"],
)
def test_what_are_no_rates_is_refused(text):
    with pytest.raises(SpecError, match="--learning-rates"):
        learning_rates(text)


@pytest.mark.parametrize("text", ["0", "none", "None"])
def test_no_patience_trains_all_epochs(text):
    assert patience(text) is None
    assert patience("5") == 5
    assert patience("auto") == "auto"


def test_patience_in_words_is_refused():
    with pytest.raises(SpecError, match="--patience takes a whole number") as refusal:
        patience("long")
    assert refusal.value.hint == "use --patience 0 to train all epochs"


def test_one_side_makes_a_square():
    assert height_and_width("28") == (28, 28)
    assert height_and_width("32X48") == (32, 48)
    for text in ("", "x", "1x2x3", "ax4"):
        with pytest.raises(SpecError, match="--image-size"):
            height_and_width(text)
