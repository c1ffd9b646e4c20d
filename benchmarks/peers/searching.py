"""The task that every search is given, its networks as data, and what a search tells."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Layer = tuple  # ("dense", units), ("conv", channels), ("halve", channels), ("relu",), ("pool",)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is searched, and on what.

    Args:
        data: An .npz file of three splits, inputs standardised.
        family: "mlp" or "cnn".
        depths: Hidden layers to choose from.
        rates: Learning rates of Adam to choose from.
        seeds: Trainings of each, where a search can repeat.
        epochs: Of a training, at most.
        first_seed: The first of the seeds.
        width: Units of a layer; channels of the last stage.
        batch: Rows per step.
    """

    data: str
    family: str
    depths: tuple[int, ...]
    rates: tuple[float, ...]
    seeds: int
    epochs: int
    first_seed: int = 0
    width: int = 64
    batch: int = 32

    @classmethod
    def read(cls) -> Task:
        """Return the task that the command line names."""
        known = json.loads(Path(sys.argv[1]).read_text())
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in known.items()})

    def write(self, file: Path) -> None:
        """Keep the task for another process."""
        file.write_text(json.dumps(asdict(self)))

    @property
    def trainings(self) -> int:
        """Trainings of the whole grid."""
        return len(self.depths) * len(self.rates) * self.seeds

    def splits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return (x, y) of train, validation and test."""
        with np.load(self.data) as arrays:
            return [
                (arrays[f"x_{part}"], arrays[f"y_{part}"])
                for part in ("train", "validation", "test")
            ]

    def layers(self, depth: int) -> list[Layer]:
        """Return the network of a depth up to its head, as Fathom's family has it."""
        if self.family == "mlp":
            return [layer for _ in range(depth) for layer in (("dense", self.width), ("relu",))]
        return list(_convolutions(depth, self.width))


def _convolutions(depth: int, width: int, stages: int = 4) -> Iterator[Layer]:
    """Yield a network for images of 28 x 28: blocks of ReLU and convolution over four stages."""
    channels = [max(8, width // 2 ** (stages - 1 - stage)) for stage in range(stages)]
    places = [(2 * block + 1) * stages // (2 * depth) for block in range(depth)]
    yield ("conv", channels[0])
    for here, stage in itertools.pairwise([0, *places, stages - 1]):
        for passed in range(here + 1, stage + 1):
            yield ("halve", channels[passed])
        if places:
            places.pop(0)
            yield from (("relu",), ("conv", channels[stage]))
    yield from (("relu",), ("pool",))


@dataclass(frozen=True)
class Network:
    """One network that a search has trained: its best epoch by validation rows."""

    seconds: float
    depth: int
    rate: float
    validation: float
    test: float


@dataclass
class Search:
    """What a search has found so far; seconds count from the start of its process.

    Test rows are scored for the comparison alone, so that time is left out.
    """

    networks: list[Network] = field(default_factory=list)
    epochs: int = 0
    aside: float = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the process was started, without what was done aside."""
        return time.time() - float(os.environ["SEARCH_STARTED"]) - self.aside

    @contextlib.contextmanager
    def scoring(self) -> Iterator[None]:
        """Leave out the time that is spent inside."""
        started = time.time()
        try:
            yield
        finally:
            self.aside += time.time() - started

    def note(self, depth: int, rate: float, *, validation: float, test: float) -> None:
        """Remember a network whose training has ended, or was ended."""
        network = Network(self.seconds, int(depth), float(rate), float(validation), float(test))
        self.networks.append(network)

    def tell(self, depth: int, rate: float) -> None:
        """Print what was found, and the depth and rate that the search names."""
        told: dict[str, Any] = asdict(self)
        print(json.dumps({**told, "seconds": self.seconds, "depth": int(depth), "rate": rate}))
        sys.stdout.flush()
