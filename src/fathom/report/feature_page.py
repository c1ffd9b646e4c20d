"""What layers have learned as one HTML document."""

from __future__ import annotations

from collections.abc import Iterator

from fathom.report.anatomy_figures import METRICS
from fathom.report.document import self_contained
from fathom.report.exhibits import Exhibit, exhibit_of
from fathom.report.feature_answer_figures import (
    feature_conductance,
    feature_plane,
    feature_surfaces,
)
from fathom.report.feature_layer_figures import (
    feature_embedding,
    feature_probes,
    feature_separation,
)
from fathom.report.feature_table import feature_cells, feature_notes, unit_cells
from fathom.report.feature_unit_figures import feature_filters, feature_units
from fathom.report.markup import Markup, element, fragment, plain
from fathom.report.numbers import count_text, counted, duration_text, interval_text
from fathom.report.parts import (
    cells_table,
    exhibit,
    found_part,
    masthead_of,
    notices_part,
    part,
    sentences_part,
    table_part,
)
from fathom.studies.features import FeaturesResult

PROBES = (
    "Features build on features as long as the line rises. It means something only above the "
    "untrained network, and above shuffled labels, which know nothing."
)
SEPARATION = (
    "Look where the classes come apart: the share of each layer's variance that lies between "
    "classes, and the silhouette, 1 where every row is far nearer to its class than to the next."
)
EMBEDDING = (
    "The same test rows in every panel. Look where colours stop overlapping. A plane of principal "
    "components keeps only the share of the variance named above it."
)
FILTERS = (
    "What each unit of the first layer multiplies its input by: blue adds to its response, orange "
    "takes from it, pale does nothing."
)
UNITS = {
    "picture": "Left: the input found by gradient ascent that the unit responds to most. Right of "
    "it: the training rows that excite it most, strongest first. Rest the pointer on one for its "
    "number, class and response.",
    "sequence": "Left: the sequence found by gradient ascent, a line per feature. Right of it: the "
    "training rows that excite the unit most, strongest first.",
    "table": "In deviations from the mean row, the input found by gradient ascent, and the mean of "
    "the training rows that excite the unit most. Numbers are in the data's units.",
}
SURFACES = (
    "Every unit's response over the range of the data: blue where it is positive, orange where it "
    "is negative. Later layers draw their shapes out of those of earlier ones."
)
PLANE = "The training rows on the same square as the surfaces below."
CONDUCTANCE = (
    "Blue units carry the answer for a class, orange ones speak against it. Along a row the units "
    "of a layer that everything passes through add up to the whole answer."
)
MOST_CONDUCTANCES = 4
MOST_LAYERS = 24


def features_page(result: FeaturesResult) -> str:
    """Return what layers have learned as one HTML document that works from a file, offline.

    It requests nothing, and runs only the scripts that its policy names by hash.
    """
    body = fragment(
        masthead_of(
            "Fathom features",
            _headline(result),
            _facts(result),
            name=f"{result.model} on {result.dataset}",
        ),
        element(
            "main",
            found_part(result.findings.values()),
            [exhibit(one) for one in _about_layers(result)],
            table_part("Every layer in numbers", feature_cells(result), caption=_caption(result)),
            [exhibit(one) for one in _about_units(result)],
            _unit_table(result),
            [exhibit(one) for one in _about_answers(result)],
            sentences_part("How it was done", _method(result)),
            notices_part([*feature_notes(result), *result.notices]),
        ),
    )
    names = f"{plain(result.model, limit=60)} on {plain(result.dataset, limit=60)}"
    return self_contained(f"{names} · Fathom features", body)


def _about_layers(result: FeaturesResult) -> Iterator[Exhibit]:
    yield exhibit_of("probes", PROBES, feature_probes(result))
    if result.between_input is not None:
        yield exhibit_of("separation", SEPARATION, feature_separation(result))
    yield exhibit_of("embedding", EMBEDDING, feature_embedding(result))


def _about_units(result: FeaturesResult) -> Iterator[Exhibit]:
    if result.surfaces is not None:
        yield exhibit_of("plane", PLANE, feature_plane(result))
        yield exhibit_of("surfaces", SURFACES, feature_surfaces(result))
    if result.filters is not None:
        yield exhibit_of("filters", FILTERS, feature_filters(result))
    caption = UNITS.get(result.inputs.kind, UNITS["table"])
    for place, name in enumerate(_shown_layers(result)):
        yield exhibit_of(f"units-{place}", "" if place else caption, feature_units(result, name))


def _about_answers(result: FeaturesResult) -> Iterator[Exhibit]:
    found = result.conductance
    if found is None:
        return
    rows = [row.name for row in result.layers if not row.is_block and row.name in found.layers]
    for place, name in enumerate((rows[:-1] or rows)[-MOST_CONDUCTANCES:]):
        figure = feature_conductance(result, name)
        yield exhibit_of(f"conductance-{place}", "" if place else CONDUCTANCE, figure)


def _shown_layers(result: FeaturesResult) -> list[str]:
    return list(dict.fromkeys(unit.layer for unit in result.units))[:MOST_LAYERS]


def _unit_table(result: FeaturesResult) -> Markup | None:
    cells = unit_cells(result, result.units)
    if not cells:
        return None
    details = element(
        "details",
        element("summary", f"{counted(len(cells), 'unit')} in numbers"),
        cells_table("Units in numbers", cells),
    )
    return part("Every unit that is shown", details)


def _headline(result: FeaturesResult) -> str:
    if not result.is_trained:
        return f"{result.model} is no better than a guess: it has learned nothing about these data"
    if result.finished == "input":
        return "A linear model on the raw input reads the target as well as from any layer"
    layers = [row.name for row in result.layers if not row.is_block]
    place = layers.index(result.finished) + 1
    return f"The representation is finished at {result.finished}, layer {place} of {len(layers)}"


def _facts(result: FeaturesResult) -> dict[str, object]:
    return {
        "layers": count_text(sum(not row.is_block for row in result.layers)),
        f"test {METRICS[result.metric]} [95% interval]": interval_text(*result.score),
        "units": count_text(sum(row.units for row in result.layers if not row.is_block)),
        "that never respond": count_text(
            sum(len(row.dead) for row in result.layers if not row.is_block)
        ),
        "networks": count_text(result.networks),
        "wall time": None if result.seconds is None else duration_text(result.seconds),
    }


def _caption(result: FeaturesResult) -> str:
    text = "Probe: what a linear model reads from the layer, ± half of the 95% interval."
    if result.classes:
        text += (
            " Between: share of its variance between classes. Dead: units that respond to no row, "
            "or to all alike."
        )
    return f"{text} ● marks where the representation is finished."


def _method(result: FeaturesResult) -> list[str]:
    rows = result.rows
    told = [
        "A unit's response is what leaves its layer, of a map the strongest over positions. "
        f"{counted(rows['exciting'], 'training row')} were searched for those that excite it most. "
        "The input that it responds to most was climbed to by its gradient, within the range of "
        "the training rows, from the row that excites it most and from noise around the mean row, "
        "pulled back by L2 decay towards the mean row and, for pictures, by total variation (for "
        "networks that convolve, jitter too). Where that responds less than the best row, "
        "the climb without regularisers from that row is shown. Erhan et al. 2009; Mahendran and "
        "Vedaldi, CVPR 2015; Yosinski et al. 2015.",
        "A probe is a linear model fitted on a layer's frozen, standardised output (averaged over "
        f"positions) on {counted(rows['train'], 'training row')}, its penalty chosen on "
        f"{counted(rows['validation'], 'validation row')}, scored on "
        f"{counted(rows['test'], 'test row')}. Controls: the raw input, untrained networks, "
        "shuffled labels. Alain and Bengio 2016.",
    ]
    if result.between_input is not None:
        told.append(
            "Separation is that of whole outputs on test rows, without scaling: the variance "
            "between classes over all variance (Fisher's ratio is s / (1 − s)), and the mean "
            "silhouette by Euclidean distance (Rousseeuw 1987). Intervals are 95% bootstrap "
            "intervals over rows and networks."
        )
    if result.conductance is not None:
        told.append(
            f"Conductance follows straight paths from the {_baseline(result)} to up to "
            f"{counted(result.conductance.rows, 'test row')} of each class in 50 parts, and adds "
            "up what each unit passes on to the network's output for the class. Dhamdhere, "
            "Sundararajan, Yan, ICLR 2019."
        )
    return told


def _baseline(result: FeaturesResult) -> str:
    is_mean = result.conductance is not None and result.conductance.baseline == "mean"
    return "mean training row" if is_mean else "row of zeros"
