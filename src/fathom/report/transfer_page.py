"""A transfer experiment as one HTML document: nothing is loaded from anywhere else."""

from __future__ import annotations

from dataclasses import asdict

from fathom.report.document import self_contained
from fathom.report.exhibits import exhibit_of
from fathom.report.markup import Markup, element, fragment, plain
from fathom.report.numbers import count_text, counted, duration_text, interval_text, rate_text
from fathom.report.parts import (
    exhibit,
    found_part,
    masthead_of,
    notices_part,
    part,
    provenance_part,
    scrolling,
    sentences_part,
)
from fathom.report.transfer_figures import METRICS, transfer_differences, transfer_scores
from fathom.report.transfer_table import transfer_arm_cells
from fathom.studies.transfer import TransferResult, headline

SCORES = (
    "Look whether AnB, the source's layers, stays with BnB, the network's own, and where it "
    "falls off: from there on layers are made for the old task. Grey: random layers, which "
    "everything has to beat. The band is training from scratch, with its interval."
)
DIFFERENCES = (
    "Look which intervals leave the zero line. Below zero, learned benefit would mean that random "
    "layers are better than the source's."
)
TABLE = (
    "Every kind of network at the learning rate that validates best for it; means over seeds with "
    "95% intervals over seeds and test rows, differences seed by seed on the same rows."
)


def transfer_page(result: TransferResult) -> str:
    """Return the experiment as one HTML document that works from a file, offline."""
    names = f"{plain(result.model, limit=60)} for {plain(result.dataset, limit=60)}"
    return self_contained(f"{names} · Fathom transfer", _body(result))


def _body(result: TransferResult) -> Markup:
    scores = exhibit_of("scores", SCORES, transfer_scores(result))
    differences = exhibit_of("differences", DIFFERENCES, transfer_differences(result))
    return fragment(
        masthead_of(
            "Fathom transfer",
            headline(result),
            _facts(result),
            name=f"{result.model} for {result.dataset}",
        ),
        element(
            "main",
            found_part(result.text.split("\n\n")),
            exhibit(scores),
            exhibit(differences),
            _table(result),
            sentences_part("How it was done", _method(result)),
            notices_part(result.notices),
            _provenance(result),
        ),
    )


def _facts(result: TransferResult) -> dict[str, object]:
    metric, gain = METRICS[result.metric], result.choice.gain
    best = interval_text(*result.chosen_arm().test)
    return {
        f"best way to keep layers, test {metric} [95% interval]": best,
        "from scratch": interval_text(*result.base.test),
        "difference": interval_text(*gain),
        "trainings": count_text(result.trainings),
        "wall time": None if result.seconds is None else duration_text(result.seconds),
    }


def _table(result: TransferResult) -> Markup:
    rows = transfer_arm_cells(result)
    chosen = result.chosen_arm() if result.choice.is_gain else result.base
    headers = list(rows[0])
    head = element("tr", [element("th", header, scope="col") for header in headers])
    arms = [result.base] + [arm for cut in result.cuts for arm in cut.arms.values()]
    marked = {(arm.cut, arm.name): arm is chosen for arm in arms}
    body = [
        element(
            "tr",
            element("th", row[headers[0]], scope="row"),
            [element("td", plain(row[header], limit=60)) for header in headers[1:]],
            class_="chosen" if marked[int(row["layers"]), row["network"].split(":")[0]] else None,
        )
        for row in rows
    ]
    table = element("table", element("thead", head), element("tbody", body), class_="fathom-table")
    scroll = scrolling(table, "Every kind of network in numbers")
    return part("Every kind of network", scroll, caption=TABLE, name="table", kind="wide")


def _method(result: TransferResult) -> list[str]:
    spec, rows = result.spec, result.rows
    rates = ", ".join(map(rate_text, spec.learning_rates))
    labels = " with labels, drawn anew for every seed" if spec.labels is not None else ""
    return [
        f"For every number n of layers of {plain(result.model, limit=80)}, five kinds of networks "
        f"learned {plain(result.dataset, limit=80)}. AnB keeps the source's first n layers frozen; "
        "AnB+ trains them on. BnB and BnB+ do the same with the layers of a network that learned "
        "this task from scratch (baseB), RnB with random ones. What is not kept begins anew, by "
        "other seeds than baseB's; the head was made for this task. Frozen layers do not train, "
        "and frozen batch normalisation keeps its statistics.",
        f"Each kind was trained from {counted(spec.seeds, 'seed')} at the learning rates {rates}, "
        f"by {spec.optimizer} on {counted(rows['train'], 'row')}{labels}, at most {spec.epochs} "
        f"epochs of batches of {min(spec.batch_size, rows['train'])}, stopping after "
        f"{spec.patience} epochs without a lower loss on {count_text(rows['validation'])} "
        "validation rows; the best epoch was kept. The rate of a kind is the one with the highest "
        f"mean validation score, so is the way to keep layers that is compared with training from "
        f"scratch. The {counted(rows['test'], 'test row')} were read once.",
        "A gain is claimed where the interval of the difference lies above zero; for frozen layers "
        "only where they beat random ones as well. Kinds and measures: Yosinski, Clune, Bengio, "
        "Lipson, “How transferable are features in deep neural networks?”, NeurIPS 2014.",
    ]


def _provenance(result: TransferResult) -> Markup:
    return provenance_part(
        asdict(result.spec),
        {
            "source network": f"{result.model} ({counted(result.networks, 'network')})",
            "layers that can be kept": ", ".join(result.layers),
            "rows": ", ".join(f"{name} {count_text(rows)}" for name, rows in result.rows.items()),
        },
    )
