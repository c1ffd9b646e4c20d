"""Features that were planted are found: what units respond to, and where classes come apart."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from support import planted_features as planted
from support.planted_features import BRIGHT, CLASSES, DARK, DEAD, HEAD, OTHER, PIXEL, PIXELS, SECOND

import fathom
from fathom.api.features import Features, features
from fathom.errors import DataError, FathomError, ModelError, SpecError, UnknownNameError
from fathom.studies.anatomy import subject_of
from fathom.studies.features import FeaturesSpec
from fathom.studies.features.examining import _positions
from fathom.studies.features.filters import first_filters
from fathom.studies.features.inputs import bounds_of, inputs_of, shown_as
from fathom.studies.features.outputs import patches

L = keras.layers
QUICK: dict[str, Any] = {"steps": 2, "num_units": 1, "top": 2}


@pytest.fixture(scope="module")
def pictures() -> Features:
    return features(
        planted.picture_network(), planted.pictures(), units=[0, 1, 2], variation=0, top=5
    )


@pytest.fixture(scope="module")
def plane() -> Features:
    return features(planted.plane_network(), planted.plane(), num_units=2, steps=5)


# -- units -----------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "value"), [(BRIGHT, 1.0), (DARK, 0.0)])
def test_the_input_that_maximises_a_unit_of_one_pixel_is_that_pixel(
    pictures: Features, unit: int, value: float
):
    found = pictures.result.units_of(PIXELS)[unit].maximiser[..., 0].copy()
    assert found[PIXEL] == pytest.approx(value, abs=0.01)
    found[PIXEL] = 0.5
    np.testing.assert_allclose(found, pictures.result.inputs.mean[..., 0], atol=0.05)


@pytest.mark.parametrize(("unit", "sign"), [(BRIGHT, -1), (DARK, 1)])
def test_the_rows_that_excite_a_unit_most_are_those_with_that_pixel(
    pictures: Features, unit: int, sign: int
):
    x, y = planted.pictures()
    rows = pictures.result.units_of(PIXELS)[unit].rows
    pixel = x[:, *PIXEL, 0]
    assert list(rows) == sorted(rows, key=lambda row: sign * pixel[row])
    trained = fathom.load((x, y)).train.rows
    assert set(rows) == set(trained[np.argsort(sign * pixel[trained])[:5]])
    shown = pictures.result.units_of(PIXELS)[unit].inputs
    np.testing.assert_allclose(shown, x[list(rows)], atol=1e-6)
    assert pictures.result.units_of(PIXELS)[unit].positions == ((),) * 5


def test_a_maximiser_excites_a_unit_at_least_as_much_as_any_row(pictures: Features):
    for unit in pictures.result.units:
        assert unit.reached is None or unit.reached >= unit.responses[0] - 1e-5


def test_a_dead_unit_is_named_and_nothing_excites_it(pictures: Features):
    assert pictures.result.row(PIXELS).dead == (DEAD,)
    unit = pictures.result.units_of(PIXELS)[DEAD]
    assert unit.rows == () and unit.maximiser is None
    assert f"1 of 4 in {PIXELS}" in pictures.result.findings["dead"]


def test_every_unit_is_in_the_table_of_units(pictures: Features):
    table = pictures.units(PIXELS)
    assert table["unit"].to_list() == [0, 1, 2, 3]
    assert table["dead"].to_list() == [False, False, True, False]
    assert table["active"][BRIGHT] == pytest.approx(0.5, abs=0.1)
    assert len(pictures.units()) == 4 + 3 + 2
    with pytest.raises(UnknownNameError, match="There are: pixels, classes, head"):
        pictures.units("pixel")


# -- layers ----------------------------------------------------------------------------


def test_the_layer_that_tells_the_classes_apart_is_named(pictures: Features):
    result = pictures.result
    assert result.findings["separation"].startswith(f"Classes lie furthest apart in {CLASSES}")
    silhouettes = [row.silhouette.mean for row in result.layers]
    assert silhouettes[1] == max(silhouettes) > 0.7
    assert result.silhouette_input.mean < 0.05
    assert result.row(CLASSES).between.mean > result.row(HEAD).between.mean + 0.2


def test_the_representation_is_finished_where_a_linear_model_can_read_it(pictures: Features):
    result = pictures.result
    assert result.finished == PIXELS
    assert result.probe_input.mean < 0.7 < 0.93 < result.row(PIXELS).probe.mean
    assert result.row(PIXELS).probe_shuffled.high < 0.75
    assert "finished" in result.findings["building"] and result.is_trained


def test_conductance_adds_up_at_every_layer_and_runs_through_the_pixel_alone(pictures: Features):
    found = pictures.result.conductance
    assert found.targets == ("0", "1") and found.layers == (PIXELS, CLASSES, HEAD)
    for values, gap in zip(found.values, found.gap):
        np.testing.assert_allclose(values.sum(axis=1), found.change, rtol=0.05)
        assert np.abs(gap).max() < 0.05
    own = found.values[0]
    assert not own[:, DEAD].any()
    through_other = own[:, SECOND] / 2  # it is added to both answers alike
    np.testing.assert_allclose(through_other[0], through_other[1], atol=0.6)
    of_pixel = own[:, [BRIGHT, DARK]].sum(axis=1)
    assert of_pixel[1] > 0.5


def test_the_first_layers_filters_are_its_weights_as_pictures(pictures: Features):
    filters = pictures.result.filters
    assert filters.kind == "picture" and filters.units == (0, 1, 2, 3)
    expected = np.zeros((4, 4))
    expected[OTHER] = 1
    np.testing.assert_array_equal(filters.values[SECOND, ..., 0], expected)
    assert filters.values[BRIGHT][PIXEL] == 1 and filters.values[DARK][PIXEL] == -1


def test_the_same_seed_gives_the_same_findings(plane: Features):
    again = features(planted.plane_network(), planted.plane(), num_units=2, steps=5)
    assert again.result.records() == plane.result.records()
    assert again.text == plane.text
    np.testing.assert_array_equal(again.result.units[0].maximiser, plane.result.units[0].maximiser)


# -- the plane ----------------------------------------------------------------------------


def test_a_plane_laid_into_more_dimensions_is_drawn_as_the_plane(plane: Features):
    shown = plane.result.embedding
    assert shown.names[:2] == ("input", "laid")
    assert shown.explained[1] == pytest.approx(1)
    before, after = shown.points[:2]
    np.testing.assert_allclose(np.abs(after), np.abs(before), atol=1e-4)


def test_surfaces_are_the_units_functions(plane: Features):
    surfaces = plane.result.surfaces
    assert surfaces.units[1] == (0, 1, 2)
    across, up = np.meshgrid(surfaces.x, surfaces.y)
    halves = surfaces.values[1]
    np.testing.assert_allclose(halves[0], np.maximum(across, 0), atol=1e-5)
    np.testing.assert_allclose(halves[1], np.maximum(up, 0), atol=1e-5)
    np.testing.assert_allclose(halves[2], np.maximum(across + up - 1, 0), atol=1e-5)


def test_a_network_that_learned_nothing_is_shown_and_said_to_have_learned_nothing(
    plane: Features,
):
    assert not plane.result.is_trained
    assert "probably never trained" in plane.text
    assert {"building", "conductance"}.isdisjoint(plane.result.findings)
    assert plane.result.units and plane.result.filters.kind == "weights"


def test_rows_of_tables_are_shown_by_name_in_the_units_of_the_data():
    iris = fathom.load("iris")
    inputs = inputs_of(iris, iris.train.x, FeaturesSpec())
    assert inputs.kind == "table" and inputs.names[0] == "sepal length (cm)"
    assert 4.2 < inputs.low[0] < 5 < inputs.mean[0] < 7 < inputs.high[0] < 8
    shown = shown_as(iris, iris.train.x, inputs.shape)
    assert np.allclose(np.round(shown, 1), shown, atol=1e-5)  # as they were measured
    bounds = bounds_of(iris, iris.train.x, inputs)
    np.testing.assert_array_equal(bounds.low, iris.train.x.min(axis=0))


def test_a_row_of_numbers_is_a_picture_where_that_is_said():
    x, y = planted.pictures()
    flat = fathom.load((x.reshape(len(x), -1), y))
    assert inputs_of(flat, flat.train.x, FeaturesSpec()).kind == "table"
    inputs = inputs_of(flat, flat.train.x, FeaturesSpec(picture=(4, 4)))
    assert inputs.kind == "picture" and inputs.shape == (4, 4, 1)


# -- other models ------------------------------------------------------------------------------


class Own(keras.Model):
    """A subclassed model of one number, with a layer that it uses twice."""

    def __init__(self) -> None:
        super().__init__(name="own")
        self.inner = keras.Sequential([L.Dense(3, "tanh", name="first")], name="inner")
        self.shared = L.Dense(3, name="shared")
        self.last = L.Dense(1, name="last")

    def call(self, x: Any) -> Any:
        h = self.inner(x)
        return self.last(self.shared(self.shared(h)) + h)


def test_a_subclassed_regression_is_looked_at_and_what_is_impossible_says_why():
    model = Own()
    model(np.zeros((1, 2), "float32"))
    x, _ = planted.plane()
    found = features(model, (x, x[:, 0] * 3 + 1), **QUICK)
    result = found.result
    assert [row.name for row in result.layers] == ["first", "shared", "last"]
    shared = result.row("shared")
    assert "used 2 times" in shared.notes["layer"]
    assert "several times" in shared.notes["conductance"]
    assert result.conductance.layers == ("first", "last")
    assert result.between_input is None and result.probe_input.mean > 0.99
    assert result.conductance.targets[0].startswith("low")
    assert found.plot.separation().layout.annotations[0].text.startswith("A regression")


def test_whole_numbers_have_no_gradient_and_the_notes_say_so():
    draw = np.random.default_rng(0)
    x = draw.integers(0, 9, (300, 2)).astype("int32")
    model = keras.Sequential(
        [keras.Input((2,), dtype="int32"), L.Embedding(9, 3), L.Flatten(), L.Dense(1)]
    )
    found = features(model, (x, x.sum(axis=1) / 2), **QUICK).result
    assert found.conductance is None and "whole numbers" in found.notes["conductance"]
    assert all(unit.maximiser is None and len(unit.rows) == 2 for unit in found.units)
    assert "an Embedding" in found.notes["filters"]


def test_kernels_of_a_convolution_are_shown_and_positions_are_averaged_where_outputs_are_wide():
    x = np.random.default_rng(0).uniform(size=(60, 6, 6, 3)).astype("float32")
    model = keras.Sequential(
        [keras.Input((6, 6, 3)), L.Conv2D(2, 3, name="seen"), L.Flatten(), L.Dense(2)]
    )
    dataset = fathom.load((x, np.arange(60) % 2))
    subject = subject_of(model, dataset)
    filters = first_filters(subject, None, {"seen": (1,)})
    assert filters.kind == "kernels" and filters.values.shape == (2, 3, 3, 3)
    np.testing.assert_array_equal(
        filters.values[1], np.array(model.get_layer("seen").kernel)[..., 1]
    )
    assert _positions(np.array([0, 5]), subject.sites[0]) == ((0, 0), (1, 1))
    assert patches((100, 100), 64) == [13, 13]
    assert patches((), 10_000) == []


# -- what cannot be done ---------------------------------------------------------------------------


def _several_inputs() -> keras.Model:
    first, second = keras.Input((2,)), keras.Input((2,))
    return keras.Model([first, second], L.Dense(2)(L.concatenate([first, second])))


def _not_finite() -> keras.Model:
    model = planted.plane_network()
    model.get_layer(HEAD).set_weights([np.full((3, 2), np.nan), np.zeros(2)])
    return model


@pytest.mark.parametrize(
    ("model", "settings", "error", "message"),
    [
        (_several_inputs, {}, ModelError, "one input and one output"),
        (_not_finite, {}, ModelError, "finite numbers. Received: 6 in"),
        (planted.picture_network, {}, DataError, r"rows of shape \(2,\).*takes \(4, 4, 1\)"),
        (planted.plane_network, {"layers": ["lade"]}, UnknownNameError, "did you mean 'laid'"),
        (
            planted.plane_network,
            {"layers": ["halves"], "units": [3]},
            SpecError,
            "halves are numbered 0 to 2",
        ),
        (planted.plane_network, {"units": [6]}, SpecError, "laid are numbered 0 to 5"),
        (planted.plane_network, {"embedding": "umap"}, SpecError, "one of pca, tsne, isomap"),
        (planted.plane_network, {"picture": (2, 2)}, SpecError, "as many numbers as a row"),
        (planted.plane_network, {"picture": (2, 1, 7)}, SpecError, "1, 3 or 4 channels"),
        (planted.plane_network, {"baseline": "noise"}, SpecError, "one of mean, zero"),
        (planted.plane_network, {"top": 0}, SpecError, "`top` must be at least 1"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_rule(
    model: Any, settings: dict[str, Any], error: type[FathomError], message: str
):
    with pytest.raises(error, match=message):
        features(model(), planted.plane(), **settings)


def test_a_classifier_is_not_shown_a_regression():
    x, _ = planted.plane()
    with pytest.raises(DataError, match="ends in one number"):
        features(planted.plane_network(), (x, x[:, 0] * 1.5))
