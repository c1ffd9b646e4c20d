"""The gallery: one file for each theme, every experiment data."""

from fathom.studies.experiments.gallery import depth, layers, mnist, points, steps, trainable

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = (
    *points.EXPERIMENTS,
    *mnist.EXPERIMENTS,
    *trainable.EXPERIMENTS,
    *depth.EXPERIMENTS,
    *steps.EXPERIMENTS,
    *layers.EXPERIMENTS,
)
