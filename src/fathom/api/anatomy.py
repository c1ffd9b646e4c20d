"""What each layer of a trained network is worth, in the hand."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.api.results import as_page, as_table
from fathom.api.subjects import examined
from fathom.specs import typed
from fathom.studies.anatomy import AnatomyResult, AnatomySpec

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl


class Anatomy:
    """What was measured about each layer of a trained network.

    Args:
        result: All of it, as data.
    """

    def __init__(self, result: AnatomyResult) -> None:
        self.result = result

    @property
    def text(self) -> str:
        """What was found, in paragraphs."""
        return self.result.text

    def table(self) -> pl.DataFrame:
        """Return a row per layer and residual block, with the ends of every interval."""
        return as_table(self.result.records())

    @cached_property
    def plot(self) -> AnatomyPlots:
        """The figures."""
        return AnatomyPlots(self.result)

    @typed
    def report(self, path: str | Path) -> None:
        """Write all of it as one HTML page that loads nothing from anywhere else.

        Raises:
            StoreError: `path` cannot be written.
        """
        from fathom import report

        as_page(report.anatomy_page(self.result), path)

    def __repr__(self) -> str:
        layers = sum(not row.is_block for row in self.result.layers)
        return f"<Anatomy of {self.result.model}: {layers} layers on {self.result.dataset}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.anatomy_cell(self.result)


class AnatomyPlots:
    """Figures of an anatomy, each a `plotly.graph_objects.Figure`."""

    def __init__(self, result: AnatomyResult) -> None:
        self._result = result

    def layers(self) -> go.Figure:
        """Draw what every change of every layer costs."""
        from fathom import report

        return report.layer_costs(self._result)

    def similarity(self) -> go.Figure:
        """Draw how alike the outputs of every two layers are."""
        from fathom import report

        return report.layer_similarity(self._result)

    def probes(self) -> go.Figure:
        """Draw what a linear model reads from each layer, with its controls."""
        from fathom import report

        return report.layer_probes(self._result)


@typed
def anatomy(
    model: Any,
    data: Any = None,
    *,
    initial: Any = None,
    depth: int | None = None,
    width: int | None = None,
    draws: int = 5,
    recalibrate: bool = False,
    probe_rows: int = 4096,
    score_rows: int = 10_000,
    similarity_rows: int = 2048,
    seed: int = 0,
) -> Anatomy:
    """Measure what each layer of a trained network is worth, and what it holds.

    Args:
        model: A Keras model, a `.keras` file, a `Study` (all seeds of one architecture are
            examined), or the history that `fathom.fit` returned.
        data: A `Dataset`, anything that `fathom.load` reads, or `(x, y)` as the model takes them.
            None reads a study's own data again.
        initial: The weights before training, for criticality by re-initialisation: in the order of
            `get_weights`, or the history that `fathom.fit` returned. Studies and histories have
            them. Where they are not known, fresh draws stand for them.
        depth: Of a study, the depth; the verdict's if None.
        width: Of a study, the width.
        draws: Fresh weights that each layer is given, one after another; at least 1.
        recalibrate: Whether the costs are also told with the statistics of batch normalisation
            computed anew for every changed network.
        probe_rows: Training rows, at most, for probes, means and activity.
        score_rows: Test rows, at most, on which scores are read.
        similarity_rows: Test rows, at most, on which layers are compared.
        seed: Of draws, shuffled labels and intervals.

    Raises:
        ModelError: The model cannot be followed, or its weights are not finite.
        DataError: The data do not fit the model.
        SpecError: A number is out of range.

    References:
        Zhang, Bengio, Singer, "Are All Layers Created Equal?", JMLR 23(67), 2022.
        Veit, Wilber, Belongie, "Residual Networks Behave Like Ensembles of Relatively Shallow
        Networks", NeurIPS 2016.
        Alain, Bengio, "Understanding intermediate layers using linear classifier probes", 2016.
    """
    spec = AnatomySpec(
        draws=draws,
        recalibrate=recalibrate,
        probe_rows=probe_rows,
        score_rows=score_rows,
        similarity_rows=similarity_rows,
        seed=seed,
    )
    from fathom.studies.anatomy import examine

    ask = partial(examine, spec=spec)
    return Anatomy(examined(model, data, ask, initial=initial, depth=depth, width=width))
