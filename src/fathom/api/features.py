"""What the layers of a trained network have learned, in the hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.api.results import as_page, as_table
from fathom.api.subjects import examined
from fathom.specs import several, typed
from fathom.studies.features import FeaturesResult, FeaturesSpec

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl


class Features:
    """What was found about what each layer of a trained network has learned.

    Args:
        result: All of it, as data.
    """

    def __init__(self, result: FeaturesResult) -> None:
        self.result = result

    @property
    def text(self) -> str:
        """What was found, in paragraphs."""
        return self.result.text

    def table(self) -> pl.DataFrame:
        """Return a row per layer and residual block, with the ends of every interval."""
        return as_table(self.result.records())

    @typed
    def units(self, layer: str | None = None) -> pl.DataFrame:
        """Return a row per unit: how it responds over the rows, and which excite it most.

        Args:
            layer: The layer's name; all layers if None.

        Raises:
            UnknownNameError: There is no such layer.
        """
        from fathom.report import known_layer

        name = None if layer is None else known_layer(self.result, layer)
        return as_table(self.result.unit_records(name))

    @cached_property
    def plot(self) -> FeaturePlots:
        """The figures."""
        return FeaturePlots(self.result)

    @typed
    def report(self, path: str | Path) -> None:
        """Write all of it as one HTML page that loads nothing from anywhere else.

        Raises:
            StoreError: `path` cannot be written.
        """
        from fathom import report

        as_page(report.features_page(self.result), path)

    def __repr__(self) -> str:
        layers = sum(not row.is_block for row in self.result.layers)
        return f"<Features of {self.result.model}: {layers} layers on {self.result.dataset}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.features_cell(self.result)


class FeaturePlots:
    """Figures of what layers have learned, each a `plotly.graph_objects.Figure`."""

    def __init__(self, result: FeaturesResult) -> None:
        self._result = result

    def filters(self) -> go.Figure:
        """Draw the first layer's weights, unit by unit."""
        from fathom import report

        return report.feature_filters(self._result)

    @typed
    def units(self, layer: str | None = None) -> go.Figure:
        """Draw what excites the units of a layer most: the input found for each, and rows.

        Args:
            layer: The layer's name; the first that is shown if None.

        Raises:
            UnknownNameError: No units of such a layer are shown.
        """
        from fathom import report

        return report.feature_units(self._result, layer)

    def separation(self) -> go.Figure:
        """Draw how far apart the classes are in each layer, with controls."""
        from fathom import report

        return report.feature_separation(self._result)

    def probes(self) -> go.Figure:
        """Draw what a linear model reads from each layer, with its controls."""
        from fathom import report

        return report.feature_probes(self._result)

    def embedding(self) -> go.Figure:
        """Draw the test rows in the plane, layer by layer."""
        from fathom import report

        return report.feature_embedding(self._result)

    @typed
    def surfaces(self, layer: str | None = None) -> go.Figure:
        """Draw every unit's response over the plane of two features.

        Args:
            layer: The layer's name; all layers if None.

        Raises:
            UnknownNameError: There is no such layer.
        """
        from fathom import report

        return report.feature_surfaces(self._result, layer)

    @typed
    def conductance(self, layer: str | None = None) -> go.Figure:
        """Draw how much of the answer for each class passes through each unit of a layer.

        Args:
            layer: The layer's name; the last before the output if None.

        Raises:
            UnknownNameError: There is no such layer.
        """
        from fathom import report

        return report.feature_conductance(self._result, layer)


@typed
def features(
    model: Any,
    data: Any = None,
    *,
    initial: Any = None,
    depth: int | None = None,
    width: int | None = None,
    layers: str | Sequence[str] = (),
    units: int | Sequence[int] = (),
    num_units: int = 8,
    top: int = 9,
    embedding: str = "pca",
    steps: int = 100,
    decay: float = 1.0,
    variation: float = 0.3,
    blur: float = 0.0,
    jitter: int | None = None,
    picture: Sequence[int] | None = None,
    baseline: str = "mean",
    rows: int = 10_000,
    probe_rows: int = 4096,
    score_rows: int = 2048,
    embedding_rows: int = 1000,
    seed: int = 0,
) -> Features:
    """Find out what each layer of a trained network has learned.

    Args:
        model: A Keras model, a `.keras` file, a `Study` (scores are means over all seeds of one
            architecture, pictures are of the first), or the history that `fathom.fit` returned.
        data: A `Dataset`, anything that `fathom.load` reads, or `(x, y)` as the model takes them.
            None reads a study's own data again.
        initial: The weights before training, for the control of untrained networks: in the order
            of `get_weights`, or the history that `fathom.fit` returned. Studies and histories
            have them. Where they are not known, fresh draws stand for them.
        depth: Of a study, the depth; the verdict's if None.
        width: Of a study, the width.
        layers: Names of the layers whose units are shown; all if empty.
        units: Numbers of the units shown of each layer that has them; those that vary most if
            empty.
        num_units: How many those are, at most.
        top: Rows shown of those that excite a unit most.
        embedding: "pca", "tsne" or "isomap".
        steps: Steps of the ascent to the input that a unit responds to most.
        decay: Its pull towards the mean input (L2).
        variation: Of images: its pull towards smooth pictures (total variation).
        blur: Of images: share that each step blurs, in [0, 1).
        jitter: Of images: pixels, at most, that each step moves the picture by; None chooses.
        picture: Shape of the picture that a row of numbers is: (height, width), or with channels.
        baseline: Where paths begin, for conductance: the "mean" row, or "zero".
        rows: Training rows, at most, that are searched for those that excite units.
        probe_rows: Training rows, at most, for probes.
        score_rows: Test rows, at most, on which layers are compared.
        embedding_rows: Test rows, at most, that are drawn.
        seed: Of all that is drawn.

    Raises:
        ModelError: The model cannot be followed, or its weights are not finite.
        DataError: The data do not fit the model.
        SpecError: A setting is out of range.
        UnknownNameError: There is no such layer.

    References:
        Erhan et al., "Visualizing Higher-Layer Features of a Deep Network", 2009.
        Alain, Bengio, "Understanding intermediate layers using linear classifier probes", 2016.
        Dhamdhere, Sundararajan, Yan, "How Important Is a Neuron?", ICLR 2019.
    """
    spec = FeaturesSpec(
        layers=several(layers),
        units=several(units),
        num_units=num_units,
        top=top,
        embedding=embedding,
        steps=steps,
        decay=decay,
        variation=variation,
        blur=blur,
        jitter=jitter,
        picture=None if picture is None else tuple(picture),
        baseline=baseline,
        rows=rows,
        probe_rows=probe_rows,
        score_rows=score_rows,
        embedding_rows=embedding_rows,
        seed=seed,
    )
    from fathom.studies.features import learned_features

    ask = partial(learned_features, spec=spec)
    return Features(examined(model, data, ask, initial=initial, depth=depth, width=width))
