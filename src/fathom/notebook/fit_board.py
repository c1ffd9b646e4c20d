"""What is known of one network's training, as the widget draws it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from fathom import report
from fathom.api.diagnosing import diagnose
from fathom.api.watched import watched_training
from fathom.errors import FathomError
from fathom.measure import Diagnosis
from fathom.specs import WatchedTraining

MOST_ROWS = 400
# A loss that spans more than this is drawn on a logarithmic scale.
WIDE = 20.0
RUNNING, FINISHED, STOPPED = "training", "finished", "stopped"


@dataclass
class FitBoard:
    """One network in training.

    Args:
        model: The Keras model.
        epochs: Epochs planned.
        watcher: Who looks at the layers; None if nobody does.
    """

    model: Any
    epochs: int
    watcher: Any = None
    logs: dict[str, list[float]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def add(self, logs: Mapping[str, Any] | None) -> None:
        """Take what an epoch told; not every epoch tells of validation."""
        numbers = {k: float(v) for k, v in (logs or {}).items() if np.ndim(v) == 0}
        done = self.num_epochs
        for name in {*self.logs, *numbers}:
            values = self.logs.setdefault(name, [math.nan] * done)
            values.append(numbers.get(name, math.nan))

    @property
    def num_epochs(self) -> int:
        """Epochs trained."""
        return max(map(len, self.logs.values()), default=0)

    def told(self, state: str) -> dict[str, Any]:
        """Return all of it as JSON data.

        Args:
            state: "training", "finished" or "stopped".
        """
        watched, done = self._watched(), self.num_epochs
        diagnosis = self._diagnosis(watched)
        score = report.score_name(self.logs)
        return {
            "kind": "fit",
            "head": _head(str(self.model.name), state),
            "phase": self._phase(state),
            "share": 1.0 if state == FINISHED else min(done / max(self.epochs, 1), 1.0),
            "rows": self._rows(score),
            "epochs": self.epochs if state == RUNNING else max(done, 1),
            "score": score,
            "wide": self._is_wide(),
            "layers": [asdict(strip) for strip in report.layer_strips(watched.layers)],
            "note": watched.note,
            "findings": [
                {name: getattr(one, name) for name in ("name", "severity", "sentence", "mend")}
                for one in (diagnosis.findings if diagnosis else ())
            ],
            "healthy": diagnosis is not None and done > 0,
        }

    def still(self) -> str:
        """Return what was trained as HTML that stays when the widget has gone."""
        watched = self._watched()
        return report.history_cell(
            self._whole_logs(),
            layers=watched.layers,
            diagnosis=self._diagnosis(watched),
            note=watched.note,
        )

    def _whole_logs(self) -> dict[str, list[float]]:
        """Return the logs without the epochs that were not validated."""
        return {
            name: [value for value in values if not math.isnan(value)]
            if name.startswith("val_")
            else values
            for name, values in self.logs.items()
        }

    def _watched(self) -> WatchedTraining:
        if self.watcher is None:
            return WatchedTraining()
        return watched_training(self.model, self.watcher, y=None, steps=None)

    def _diagnosis(self, watched: WatchedTraining) -> Diagnosis | None:
        if not self.logs.get("loss"):
            return None
        known = SimpleNamespace(history=self.logs, model=self.model, watched=watched)
        try:
            return diagnose(known)
        except FathomError:
            return None

    def _phase(self, state: str) -> str:
        done, seconds = self.num_epochs, time.monotonic() - self.began
        text = f"epoch {done} of {self.epochs}, {report.duration_text(seconds)}"
        if state != RUNNING or not done:
            return text
        left = seconds / done * (self.epochs - done)
        return f"{text}, about {report.duration_text(left)} left"

    def _rows(self, score: str | None) -> list[float | None]:
        """Return epoch, losses and scores of each epoch, one after another; thinned where many."""
        names = ("loss", "val_loss", *((score, f"val_{score}") if score else ()))
        rows: list[float | None] = []
        for place in _places(self.num_epochs):
            values = [_at(self.logs.get(name, ()), place) for name in names]
            rows += [place + 1, *values, *[None] * (4 - len(values))]
        return rows

    def _is_wide(self) -> bool:
        values = [*self.logs.get("loss", ()), *self.logs.get("val_loss", ())]
        known = [value for value in values if math.isfinite(value)]
        return bool(known) and min(known) > 0 and max(known) / min(known) > WIDE


def _head(name: str, state: str) -> str:
    return {
        RUNNING: f"Training {name}",
        FINISHED: f"{name} is trained",
        STOPPED: f"The training of {name} was stopped",
    }[state]


def _places(count: int) -> list[int]:
    """Return at most 400 epochs, evenly spaced, the first and the last among them."""
    if count <= MOST_ROWS:
        return list(range(count))
    step = (count - 1) / (MOST_ROWS - 1)
    return [round(place * step) for place in range(MOST_ROWS)]


def _at(values: Any, place: int) -> float | None:
    value = values[place] if place < len(values) else math.nan
    return value if math.isfinite(value) else None
