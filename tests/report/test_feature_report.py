"""Figures and pages of what layers have learned, and of what they are worth."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from report.test_report_page import HOSTILE, LOADING, Document, data_blocks, executed, policy_of
from support.made_features import make_features

from fathom import report
from fathom.errors import UnknownNameError
from fathom.report import palette
from fathom.report.tiles import Grid, as_pixels, png
from fathom.studies.features import FeaturesResult

KINDS = ("picture", "plane", "table", "sequence")
draw: Any = report


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest) -> FeaturesResult:
    return make_features(kind=request.param, regression=request.param == "table")


def image_of(source: str) -> np.ndarray:
    head, _, data = source.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_tiles_lie_where_the_grid_says_and_nothing_lies_between():
    grid = Grid.of(5, 3, 4, columns=2)
    tiles = np.arange(5 * 12).reshape(5, 3, 4) + 1
    whole = grid.laid(tiles, 0)
    assert whole.shape == grid.shape
    for place, tile in enumerate(tiles):
        top, left = grid.corner(place)
        np.testing.assert_array_equal(whole[top : top + 3, left : left + 4], tile)
    assert whole.sum() == tiles.sum()


def test_pictures_run_from_the_least_value_to_the_largest_and_come_back_from_png():
    picture = np.array([[-1.0, 0.0, 1.0]])[..., None]
    pixels = as_pixels(picture, np.array([-1.0]), np.array([1.0]))
    assert pixels[0, :, 0].tolist() == [0, 128, 255] and (pixels[..., 3] == 255).all()
    np.testing.assert_array_equal(image_of(png(pixels)), pixels)


def test_units_that_see_pictures_are_drawn_as_pictures():
    made = make_features()
    figure = draw.feature_units(made, "second")
    grid = Grid.of(8, 6, 5, columns=4)
    shown = image_of(figure.data[0].source)
    assert shown.shape == (*grid.shape, 4)
    unit = made.units_of("second")[0]
    top, left = grid.corner(1)
    brightness = shown[top : top + 6, left : left + 5, 0]
    np.testing.assert_allclose(brightness / 255, unit.inputs[0, ..., 0], atol=0.003)
    assert "row 11, cat: responds 3, most at line 2, column 1" in figure.data[1].text[1]
    assert "no input was found" in figure.data[1].text[4]


def test_weights_by_input_and_surfaces_hold_their_numbers():
    made = make_features(kind="plane")
    weights = np.array(draw.feature_filters(made).data[0].z, float)
    np.testing.assert_allclose(weights, made.filters.values, rtol=1e-3)
    surface = np.array(draw.feature_surfaces(made, "second").data[0].z, float)
    own = made.surfaces.values[1][0]
    top, left = Grid.of(1, 5, 5).corner(0)
    np.testing.assert_allclose(
        surface[top : top + 5, left : left + 5][::-1], own / np.abs(own).max(), atol=1e-3
    )


def test_conductance_is_drawn_class_by_unit_of_the_last_hidden_layer():
    made = make_features()
    figure = draw.feature_conductance(made)
    assert "first" in figure.layout.title.text
    np.testing.assert_allclose(
        np.array(figure.data[0].z, float), made.conductance.values[0], rtol=1e-3
    )


def test_every_class_has_its_own_mark_even_of_more_than_there_are_colours():
    made = make_features()
    names = tuple(f"class {k}" for k in range(20))
    many = replace(made, classes=names, embedding=replace(made.embedding, labels=np.arange(20)))
    traces = draw.feature_embedding(many).data[:20]
    assert len({(trace.marker.color, trace.marker.symbol) for trace in traces}) == 20


def test_an_unknown_layer_is_answered_with_those_there_are():
    made = make_features(kind="plane")
    for figure in (draw.feature_units, draw.feature_surfaces, draw.feature_conductance):
        with pytest.raises(UnknownNameError, match="There are: first, second"):
            figure(made, "frist")


def test_what_is_missing_is_an_empty_figure_that_says_why():
    made = replace(make_features(), filters=None, notes={"filters": "it is an <LSTM>"})
    figure = draw.feature_filters(made)
    assert not figure.data and "&lt;LSTM&gt;" in figure.layout.annotations[0].text


def test_the_page_is_one_document_that_loads_nothing(made: FeaturesResult):
    document = Document(report.features_page(made))
    assert not document.stack
    assert not any(LOADING & set(attributes) for _, attributes in document.elements)
    assert policy_of(document).startswith("default-src 'none'")
    assert len(executed(document)) == 2
    assert "Features build on features." in document.words
    assert "its inputs are whole numbers" in document.words
    titles = [attributes for tag, attributes in document.elements if tag == "figure"]
    assert {f"{one}-data" for one in ("probes", "embedding", "units-0", "conductance-0")} <= {
        attributes["data-figure"] for attributes in titles
    }


def test_the_page_turns_every_colour_of_its_figures_at_night():
    blocks: Any = data_blocks(Document(report.features_page(make_features(kind="plane"))))
    night = blocks["night-colours"]
    scale = blocks["surfaces-data"]["data"][0]["colorscale"]
    assert {colour for _, colour in scale} <= set(night) == set(palette.night_colours())


def test_hostile_names_stay_text():
    page = report.features_page(make_features(kind="plane", names=(HOSTILE, "second")))
    document = Document(page)
    assert not [tag for tag, _ in document.elements if tag == "img"]
    assert len(executed(document)) == 2


def test_the_document_is_json_and_holds_the_numbers(made: FeaturesResult):
    document = json.loads(json.dumps(report.features_document(made)))
    assert [row["name"] for row in document["layers"]] == ["first", "second"]
    assert document["units"][0]["rows"] == [11, 12, 13]
    assert document["conductance"]["layers"][0]["gap"] == [0, 0]
    assert np.shape(document["units"][0]["maximiser"]) == made.inputs.shape
