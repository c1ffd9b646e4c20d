"""Stored studies as the page shows them: lists, tables, figures, best networks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from fathom import play
from fathom.errors import DataError, ModelError, UnknownNameError

if TYPE_CHECKING:
    from fathom.data import Dataset
    from fathom.store import Store, StudySummary
    from fathom.studies import StudyResult

MOST_LISTED = 200
PLOTS = {
    "depth-curve": (
        "depth_curve",
        "Score by depth",
        "Look for where the line stops rising: more depth than that buys nothing.",
    ),
    "learning-rates": (
        "learning_rates",
        "Learning rates",
        "Look whether each depth's best rate lies inside the grid, or at its edge.",
    ),
    "learning-curves": (
        "learning_curves",
        "Learning curves",
        "Look at the gap between training and validation: where it opens, it overfits.",
    ),
    "gradient-flow": (
        "gradient_flow",
        "Gradient by layer",
        "Look at the left ends: a first layer with hardly any gradient hardly learns.",
    ),
    "layer-health": (
        "layer_health",
        "Layer health",
        "Look for strong colours: layers most of whose units pass nothing on.",
    ),
    "cost": (
        "cost",
        "What depth costs",
        "Look for the leftmost point that is still high: the cheapest that is good enough.",
    ),
    "shallow-against-deep": (
        "shallow_against_deep",
        "Shallow against deep",
        "Look at networks of equal size: which shape makes better use of it.",
    ),
}
"""Figures by their names in addresses: the report's function, a title, what to look at."""


@dataclass(frozen=True)
class StudyNetwork:
    """A study's best network as an experiment, and its weights by layer."""

    experiment: play.Experiment
    weights: tuple[tuple[np.ndarray, np.ndarray], ...]

    def state_for(self, setup: play.Setup, state: Any) -> Any:
        """Return the state with the network's weights."""
        layout = setup.machine.network.layout
        arrays = play.parameter_arrays(layout, state)
        for place, one in enumerate(layout.parameters):
            if one.name in ("kernel", "bias"):
                arrays[place] = self.weights[one.layer - 1][one.name == "bias"]
        return play.with_parameters(layout, state, arrays)


class Studies:
    """The studies of one store.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def listed(self) -> dict[str, Any]:
        """Return all studies in a line each, the newest first."""
        if not self._store.root.is_dir():
            return {"studies": []}
        found = sorted(self._store.list(), key=lambda one: one.created, reverse=True)
        return {"studies": [_summary(one) for one in found[:MOST_LISTED]]}

    def study(self, name: str) -> dict[str, Any]:
        """Return one study with its table and what figures it has.

        Raises:
            UnknownNameError: There is no such study.
        """
        stored = self._open(name)
        result = self._result(stored)
        why = self._why_not(name, result)
        return {
            **_summary(stored.summary()),
            "verdict": result.verdict.text if result.verdict else None,
            "table": _table(result),
            "figures": _figures(result),
            "notices": list(stored.notices),
            "network": {"opens": why is None, "why": why},
        }

    def figure(self, name: str, key: str) -> bytes:
        """Return a figure as Plotly's JSON.

        Raises:
            UnknownNameError: There is no such study or figure, or it has nothing to show.
        """
        stored = self._open(name)
        if key not in PLOTS:
            raise UnknownNameError(f"There is no figure {key[:60]!r}.")
        drawn = _drawn(self._result(stored), key)
        if drawn is None:
            raise UnknownNameError(f"The study has nothing to show in the figure {key}.")
        return drawn.to_json().encode()

    def network(self, name: str) -> StudyNetwork:
        """Return a study's best network.

        Raises:
            ModelError: It cannot be opened here; the message says why.
        """
        stored = self._open(name)
        result = self._result(stored)
        why = self._why_not(name, result)
        if why is not None:
            raise ModelError(f"The best network of {name[:80]} does not open here: {why}.")
        return _network(stored, result)

    def _open(self, name: str) -> Any:
        names = {one.name for one in self._store.list()} if self._store.root.is_dir() else set()
        if name not in names:
            raise UnknownNameError(f"There is no study {name[:80]!r}.")
        return self._store.open(name)

    def _result(self, stored: Any) -> StudyResult:
        from fathom.studies import StudyResult

        return StudyResult.from_records(stored.records())

    def _why_not(self, name: str, result: StudyResult) -> str | None:
        """Return why the best network does not open in the playground, None if it does."""
        model = result.spec.model
        if result.verdict is None:
            return "the study is not finished"
        if result.verdict.depth is None:
            from fathom.api import why_none

            return why_none(result)
        if model.family != "mlp":
            return f"it is of the family {model.family}, and the playground has mlp only"
        if result.verdict.depth > play.limits_data()["layers"]:
            return "it has too many layers"
        if (result.verdict.width or 0) > play.limits_data()["units"]:
            return (
                f"its layers have {result.verdict.width} units, and the playground has at most 64"
            )
        if model.normalization != "none":
            return "it has normalisation layers"
        if not _is_built_in(result):
            return "its data are not built in; upload them to train a network of the same shape"
        return None

    def dataset(self, name: str) -> Dataset:
        """Return the data that a study was run on, split as it was.

        Raises:
            DataError: They are not what they were when the study was run.
            UnknownNameError: There is no such study, or its data are not built in.
        """
        from fathom.data import load

        result = self._result(self._open(name))
        told = result.header.dataset
        if not _is_built_in(result):
            raise UnknownNameError("The study's data are not built in.", hint="upload them")
        dataset = load(str(told["name"]), seed=int(told["seed"]))
        if dataset.fingerprint != told["fingerprint"]:
            raise DataError(
                f"The study {name[:80]} was run on other rows than {told['name']} has by itself.",
                hint="its options for the data are in its report",
            )
        return dataset


def _is_built_in(result: StudyResult) -> bool:
    from fathom.data import sources

    return str(result.header.dataset.get("name", "")) in sources()


def _network(stored: Any, result: StudyResult) -> StudyNetwork:
    from fathom.api import Study

    model: Any = Study(stored).best_model()
    verdict, spec = result.verdict, result.spec.model
    key = (verdict.depth, verdict.width) if verdict else None
    row = next(one for one in result.rows() if (one.depth, one.width) == key)
    dense = [layer for layer in model.layers if type(layer).__name__ == "Dense"]
    weights = tuple((layer.kernel.numpy(), layer.bias.numpy()) for layer in dense)
    layer = {"units": row.width, "activation": spec.activation}
    output = (
        "linear" if spec.task == "regression" else "sigmoid" if spec.outputs == 1 else "softmax"
    )
    experiment = play.read_experiment(
        {
            "mode": "modern",
            "data": {"source": f"study:{stored.name}"},
            "network": {
                "layers": [layer] * row.depth,
                "output": {"kind": output},
                "initializer": "glorot_uniform",
            },
            "optimizer": {
                "name": result.spec.train.optimizer.lower(),
                "learning_rate": row.learning_rate,
            },
            "batch_size": result.spec.train.batch_size,
            "shuffle": True,
        }
    )
    return StudyNetwork(experiment, weights)


def _figures(result: StudyResult) -> list[dict[str, str]]:
    """Return the figures that have something to show."""
    return [
        {"key": key, "title": title, "words": words}
        for key, (_, title, words) in PLOTS.items()
        if _drawn(result, key) is not None
    ]


def _drawn(result: StudyResult, key: str) -> Any:
    """Return a figure, None if it has nothing to show."""
    from fathom import report

    return getattr(report, PLOTS[key][0])(result) if result.runs else None


def _summary(one: StudySummary) -> dict[str, Any]:
    return {
        "name": one.name,
        "state": one.status,
        "source": one.source,
        "task": one.task,
        "metric": one.metric,
        "progress": {"done": one.runs, "planned": one.trainings},
        "created": one.created.isoformat(),
        "depth": one.depth,
        "score": _known(one.score),
        "verdict": None if one.depth is None else f"depth {one.depth}",
    }


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _table(result: StudyResult) -> dict[str, Any]:
    from fathom import report

    lines = report.table_rows(result)
    columns = list(lines[0].cells) if lines else []
    return {
        "columns": columns,
        "rows": [[line.cells.get(column, "") for column in columns] for line in lines],
        "chosen": [place for place, line in enumerate(lines) if line.is_chosen],
    }


def encoded(data: Any) -> bytes:
    """Return JSON; what is no number is null."""
    return msgspec.json.encode(data)
