"""Shallow against deep: what is asked for is checked, trained, counted and told."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import fathom
from fathom.api.separating import Separation
from fathom.errors import SpecError, UnknownNameError
from fathom.studies.depth_separation import (
    FunctionResult,
    NetworkResult,
    SeparationResult,
    SeparationSpec,
    headline,
    marks,
    target_of,
)
from fathom.studies.depth_separation.sizes import parameters, units_for
from fathom.studies.depth_separation.theory import needed_units
from fathom.studies.depth_separation.words import findings, notices

QUICK: dict[str, Any] = {"steps": 40, "rows": 300, "seeds": 2, "lines": 2}


@pytest.fixture(scope="module")
def found() -> Separation:
    return fathom.depth_separation(
        ("tents:2", "spirals"), depths=(1, 2), budgets=(40,), learning_rates=(1e-2, 3e-2), **QUICK
    )


def network(depth: int, errors: tuple[float | None, ...], best: float | None, **more: Any) -> Any:
    settings = {"units": 4, "parameters": 100 + depth, "budget": 110, "learning_rate": 0.01}
    regions: Any = {"regions": (5.0, 7.0), "regions_before": (3.0, 5.0)}
    return NetworkResult(depth=depth, errors=errors, best=best, **{**settings, **regions, **more})


def result_of(name: str, *networks: NetworkResult) -> SeparationResult:
    function = FunctionResult(target=target_of(name), rows={"test": 9}, networks=networks)
    spec = SeparationSpec(functions=(name,), depths=(1, 2), budgets=(110,), seeds=3)
    result = SeparationResult(spec=spec, functions=(function,))
    return replace(result, findings=findings(result), notices=notices(result))


def test_every_function_and_shape_is_told(found: Separation) -> None:
    table = found.table()
    assert table["function"].to_list() == ["tents:2"] * 2 + ["spirals"] * 2
    assert table["depth"].to_list() == [1, 2, 1, 2]
    assert all(size <= 40 for size in table["parameters"])
    assert all(0 < one < 2 for one in table["median"])
    assert all(len(errors) == 2 for errors in table["errors"])


def test_networks_have_the_parameters_that_are_told(found: Separation) -> None:
    from fathom import models
    from fathom.studies.depth_separation.networks import network as build

    for function in found.result.functions:
        for one in function.networks:
            with models.without_values():
                model = build(function.target, one.units, one.depth)
            sizes = [math.prod(variable.shape) for variable in model.trainable_variables]
            assert sum(sizes) == one.parameters


def test_regions_stay_within_what_a_line_can_have(found: Separation) -> None:
    for function in found.result.functions:
        for one in function.networks:
            counts = np.array([*one.regions, *one.regions_before])
            assert (counts >= 1).all()
            assert (counts <= (one.units + 1) ** one.depth).all()


def test_the_same_seed_gives_the_same_numbers() -> None:
    settings = {"depths": (1,), "budgets": (20,), "learning_rates": (1e-2,), **QUICK}
    first, second = (fathom.depth_separation("tents:2", **settings) for _ in range(2))
    assert first.result.records() == second.result.records()


def test_a_deep_network_that_quarters_the_best_error_pays() -> None:
    shallow, deep = network(1, (0.3, 0.4, 0.5), 0.2), network(2, (0.1, 0.15, 0.2), 0.01)
    result = result_of("tents:4", shallow, deep)
    assert headline(result) == "Depth pays on the tent map composed 4 times"
    assert "0.01 at best, 0.15 in the median" in result.text
    assert "beats every shallow seed" in result.text


def test_a_lucky_seed_is_called_a_chance() -> None:
    shallow, deep = network(1, (0.3, 0.4, 0.5), 0.2), network(2, (0.01, 0.35, 0.5), 0.01)
    text = result_of("tents:4", shallow, deep).text
    assert "depth pays" in text and "a chance, not a promise" in text


def test_a_deep_network_that_is_no_better_does_not_pay() -> None:
    shallow, deep = network(1, (0.0, 0.01, 0.02), 0.0), network(2, (0.1, 0.1, 0.1), 0.1)
    result = result_of("parity:8", shallow, deep)
    assert headline(result) == "Depth did not pay on any of these functions"
    assert "depth does not pay" in result.text and "8 units is enough" in result.text


def test_a_function_that_no_network_learned_is_told_as_such() -> None:
    nothing = network(1, (None,) * 3, None, diverged=9, regions=())
    result = result_of("tents:4", nothing, replace(nothing, depth=2))
    assert nothing.median is None
    assert "no network learned" in result.text
    assert any("diverged" in notice for notice in result.notices)


def test_theory_counts_parameters_of_the_networks_it_names() -> None:
    shallow, deep = marks(target_of("tents:4"))
    assert (shallow.units, shallow.parameters, shallow.is_needed) == (15, 46, True)
    assert (deep.depth, deep.units, deep.parameters) == (4, 2, 2 + 2 + 3 * 6 + 3)
    assert [mark.parameters for mark in marks(target_of("parity:8"))] == [8 * 8 + 8 + 8 + 1]
    assert marks(target_of("spirals")) == ()


@pytest.mark.parametrize("depth", range(1, 9))
def test_fewer_units_than_needed_cannot_make_the_pieces(depth: int) -> None:
    units = needed_units(target_of("tents:6"), depth)
    assert units is not None
    assert (units + 1) ** depth >= 2**6
    assert units == 1 or units**depth < 2**6


def test_the_widest_network_that_fits_is_taken() -> None:
    for inputs in (1, 8):
        for depth in (1, 5):
            units = units_for(inputs, depth, 500)
            assert units is not None
            assert parameters(inputs, units, depth) <= 500
            assert parameters(inputs, units + 1, depth) > 500


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"functions": ("tent",)}, UnknownNameError, "did you mean 'tents'"),
        ({"functions": ("tents:99",)}, SpecError, "from 1 to 10"),
        ({"functions": ("tents:4:4",)}, SpecError, "from 1 to 10"),
        ({"functions": ("spirals:2",)}, SpecError, "has no size"),
        ({"functions": ("tents", "tents:4")}, SpecError, "functions"),
        ({"functions": ()}, SpecError, "functions"),
        ({"depths": (0,)}, SpecError, "at least 1"),
        ({"budgets": (10,)}, SpecError, "too few for 8 hidden layers"),
        ({"learning_rates": (-1.0,)}, SpecError, "learning_rates"),
        ({"steps": 0}, SpecError, "steps"),
    ],
)
def test_what_cannot_be_is_refused_before_training(
    settings: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refused:
        fathom.depth_separation(**settings)
    assert message in f"{refused.value} {getattr(refused.value, 'hint', '')}"


def test_asking_for_a_function_that_was_not_compared_lists_those_that_were(
    found: Separation,
) -> None:
    with pytest.raises(SpecError, match="tents:2, spirals"):
        found.plot("parity:8")


# -- views ---------------------------------------------------------------------------------


def test_figures_draw_every_depth_and_what_theory_names(found: Separation) -> None:
    figure = found.plot("tents:2")
    names = {trace.name for trace in figure.data}
    assert {"1 layer", "2 layers", "median over seeds", "best of all trainings"} <= names
    written = [note.text for note in figure.layout.annotations]
    assert " theory: 1 layer of 3 needed" in written
    assert " theory: 2 layers of 2 are enough" in written
    regions = found.plot_regions("spirals")
    drawn = [value for trace in regions.data for value in trace.y if value is not None]
    assert drawn and all(math.isfinite(value) and value > 0 for value in drawn)


def test_the_page_holds_the_findings_and_a_table_for_each_function(
    found: Separation, tmp_path: Any
) -> None:
    path = tmp_path / "page.html"
    found.report(path)
    page = path.read_text()
    assert "Fathom depth-separation</title>" in page
    assert page.count('class="fathom-table"') == 2
    assert "Two spirals" in page and "Telgarsky" in page
    assert "https://" not in page.split("<script", 1)[0]
