"""An anatomy as one HTML document: what each layer of a trained network is worth."""

from __future__ import annotations

from fathom.report.anatomy_figures import METRICS, layer_costs, layer_probes, layer_similarity
from fathom.report.anatomy_table import (
    content_cells,
    cost_cells,
    notes,
    recalibrated_cells,
    structure_cells,
)
from fathom.report.document import self_contained
from fathom.report.exhibits import exhibit_of
from fathom.report.markup import element, fragment, plain
from fathom.report.numbers import count_text, counted, duration_text, interval_text
from fathom.report.parts import (
    exhibit,
    found_part,
    masthead_of,
    notices_part,
    sentences_part,
    table_part,
)
from fathom.studies.anatomy import AnatomyResult, is_idle, matters

COSTS = (
    "Look for bars whose whisker leaves zero: without that layer something is lost. Fresh weights "
    "are a control: in plain networks they ruin every layer alike."
)
PROBES = (
    "Look where the line stops rising: there the representation is finished. It means something "
    "only above the untrained network, and above shuffled labels, which know nothing."
)
SIMILARITY = (
    "Look for dark squares along the diagonal: layers whose outputs hardly differ. Similar is not "
    "the same as unneeded."
)
MOST_NAMED = 3


def anatomy_page(result: AnatomyResult) -> str:
    """Return an anatomy as one HTML document that works from a file, offline.

    It requests nothing, and runs only the scripts that its policy names by hash.
    """
    metric = METRICS[result.metric]
    figures = [
        exhibit_of("costs", COSTS, layer_costs(result)),
        exhibit_of("probes", PROBES, layer_probes(result)),
        exhibit_of("similarity", SIMILARITY, layer_similarity(result)),
    ]
    body = fragment(
        masthead_of(
            "Fathom layers",
            _headline(result),
            _facts(result),
            name=f"{result.model} on {result.dataset}",
        ),
        element(
            "main",
            found_part(result.findings.values()),
            exhibit(figures[0]),
            table_part(
                f"What {metric} falls by when a layer is changed",
                cost_cells(result),
                caption="± is half of the 95% interval. Worth: what doing without a layer costs in "
                "the way that costs least. Names in brackets are residual blocks.",
            ),
            table_part(
                "The same, before / after batch normalisation is computed anew",
                recalibrated_cells(result),
            ),
            [exhibit(one) for one in figures[1:]],
            table_part(
                "What a linear model reads, and how alike outputs are", content_cells(result)
            ),
            table_part("What each layer is", structure_cells(result)),
            sentences_part("How it was done", _method(result)),
            notices_part([*notes(result), *result.notices]),
        ),
    )
    names = f"{plain(result.model, limit=60)} on {plain(result.dataset, limit=60)}"
    return self_contained(f"{names} · Fathom layers", body)


def _headline(result: AnatomyResult) -> str:
    layers = [row for row in result.layers if not row.is_block]
    if not result.is_trained:
        return f"{result.model} is no better than a guess: its layers are worth nothing yet"
    needed = [row for row in result.layers if matters(row, result)]
    idle = [row for row in result.layers if is_idle(row, result)]
    if not idle:
        return f"All {counted(len(layers), 'layer')} do something"
    if not needed:
        return f"None of {counted(len(layers), 'layer')} alone matters"
    names = ", ".join(row.name for row in idle[:MOST_NAMED])
    rest = len(idle) - MOST_NAMED
    more = f" and {counted(rest, 'other')}" if rest > 0 else ""
    return f"Of {counted(len(layers), 'layer')}, {names}{more} can be done without, one at a time"


def _facts(result: AnatomyResult) -> dict[str, object]:
    layers = sum(not row.is_block for row in result.layers)
    return {
        "layers": count_text(layers),
        f"test {METRICS[result.metric]} [95% interval]": interval_text(*result.score),
        "parameters": count_text(result.parameters),
        "networks": count_text(result.networks),
        "representation finished at": _finished(result),
        "wall time": None if result.seconds is None else duration_text(result.seconds),
    }


def _finished(result: AnatomyResult) -> str | None:
    place = result.depth.by_probe if result.is_trained else None
    return "the raw input" if place == "input" else place


def _method(result: AnatomyResult) -> list[str]:
    rows = result.rows
    metric = METRICS[result.metric]
    unknown = "; they are not known, so fresh draws stand for them"
    begun = "" if result.initial == "stored" else unknown
    return [
        f"A cost is the {metric} of {counted(result.networks, 'trained network')} on "
        f"{counted(rows['test'], 'test row')} less that of the same with one layer changed: given "
        f"back the weights it began with (re-init{begun}), given fresh weights (re-random), passed "
        "by, replaced by zeros, or by its mean over training rows. All changed networks were "
        "predicted with as one population. "
        "Re-init and re-random: Zhang, Bengio, Singer, JMLR 23(67), 2022.",
        "A probe is a linear model fitted on a layer's frozen, standardised output (averaged over "
        f"positions) on {counted(rows['train'], 'training row')}, its penalty chosen on validation "
        "rows. Its controls are the raw input, untrained networks and shuffled labels (Alain and "
        "Bengio 2016). The representation is finished at the first layer within one standard error "
        "of the best probe.",
        "Outputs are compared by linear CKA, unbiased, averaged over minibatches before dividing "
        "(Nguyen, Raghu, Kornblith, ICLR 2021). Intervals are 95% bootstrap intervals over test "
        "rows and networks.",
    ]
