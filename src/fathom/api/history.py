"""The history of a training: Keras's, with what Fathom saw beside the losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from fathom.errors import FathomError
from fathom.specs import LayerRecord, WatchedTraining

if TYPE_CHECKING:
    from fathom.measure import Diagnosis


class History(keras.callbacks.History):
    """What `fathom.fit` returns: Keras's history, shown in notebooks with curves and layers.

    Attributes:
        history: Losses and metrics of each epoch by name, as Keras has it.
        initial_weights: The weights before training, in the order of `model.get_weights()`.
        watched: What was seen of the layers; None unless they were watched.
        layers: The measurements in it, a record per layer and epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.initial_weights: list[np.ndarray] = []
        self.watched: WatchedTraining | None = None
        self.layers: tuple[LayerRecord, ...] = ()

    @property
    def diagnosis(self) -> Diagnosis:
        """What is wrong with the training, as `fathom.diagnose` tells.

        Raises:
            SpecError: No epoch was trained.
        """
        from fathom.api.diagnosing import diagnose

        return diagnose(self)

    def keep(self, watched: WatchedTraining) -> None:
        """Keep what was seen of the layers."""
        self.watched, self.layers = watched, watched.layers

    def __repr__(self) -> str:
        losses = self.history.get("loss", [])
        reached = f", loss {float(losses[-1]):.4g}" if losses else ""
        return f"<History: {len(losses)} epochs{reached}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.history_cell(
            scalars(self.history),
            layers=self.layers,
            diagnosis=self._known_diagnosis(),
            note=self.watched.note if self.watched else "",
        )

    def _known_diagnosis(self) -> Diagnosis | None:
        try:
            return self.diagnosis
        except FathomError:
            return None


def scalars(logs: dict[str, list[Any]]) -> dict[str, list[float]]:
    """Return those of a history's lists that hold a number for each epoch.

    Example:
        >>> scalars({"loss": [0.5, None], "confusion": [[1, 2]]})
        {'loss': [0.5, nan]}
    """
    return {
        name: [float("nan") if value is None else float(value) for value in values]
        for name, values in logs.items()
        if all(value is None or np.ndim(value) == 0 for value in values)
    }
