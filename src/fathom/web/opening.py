"""Where data come from that are not made up in the playground: built in, given, uploaded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom import play
from fathom.errors import UnknownNameError
from fathom.web.studies import Studies, StudyNetwork
from fathom.web.uploads import Uploads

if TYPE_CHECKING:
    from fathom.data import Dataset

GIVEN = "given"
STUDY = "study:"
GENERATORS = ("moons", "parity", "sawtooth")
MOST_KEPT = 16


class Opener:
    """Opens what an experiment's data name.

    Args:
        given: What the command or the caller gave, if anything.
        uploads: Files that pages sent.
        studies: The store's studies.
    """

    def __init__(self, given: Dataset | None, uploads: Uploads, studies: Studies) -> None:
        self._given, self._uploads, self._studies = given, uploads, studies
        self._kept: OrderedDict[tuple[Any, ...], Dataset] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, data: Any) -> Dataset:
        """Return the data set that `data.source` names.

        Raises:
            DataError: It cannot be used.
            UnknownNameError: It is not there.
        """
        if data.source == GIVEN:
            return self._the_given()
        if data.source.startswith(STUDY):
            return self._studies.dataset(data.source.removeprefix(STUDY))
        target = data.target if data.source.startswith("upload:") else None
        is_made = data.source in GENERATORS
        extra = (data.rows, data.noise) if is_made else ()
        key = (data.source, target, data.task, data.train_share, *extra)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = self._loaded(data, target, is_made=is_made)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def _loaded(self, data: Any, target: str | None, *, is_made: bool) -> Dataset:
        from fathom.data import load

        rest = 1 - data.train_share / 100
        shares = {"validation_share": rest / 2, "test_share": rest / 2}
        if data.source.startswith("upload:"):
            upload = self._uploads.find(data.source)
            chosen = {"target": target or upload.target} if upload.columns else {}
            return load(upload.path, task=data.task or "auto", **chosen, **shares)
        made = {"rows": data.rows, "noise": data.noise} if is_made else {}
        return load(data.source, **made, **shares)

    def _the_given(self) -> Dataset:
        if self._given is None:
            raise UnknownNameError(
                "No data were given when the playground was started.",
                hint="start it with fathom playground SOURCE, or upload a file",
            )
        return self._given

    def study_network(self, name: str) -> StudyNetwork:
        """Return a stored study's best network."""
        return self._studies.network(name)

    def default(self) -> play.Experiment:
        """Return what a page begins with: what was given, else the playground's own default."""
        if self._given is None:
            return play.DEFAULT
        layers = [{"units": units, "activation": "relu"} for units in (16, 8)]
        return play.read_experiment(
            {
                "mode": "modern",
                "data": {"source": GIVEN},
                "network": {"layers": layers, "initializer": "he_normal"},
                "optimizer": {"name": "adam", "learning_rate": 0.003},
                "batch_size": 32,
                "shuffle": True,
            }
        )

    def sources(self) -> tuple[dict[str, Any], ...]:
        """Return what only this server has, as the catalog lists it."""
        if self._given is None:
            return ()
        given = self._given
        kind = "image" if len(given.input_shape) > 1 else "table"
        if given.input_shape == (2,):
            kind = "plane"
        return (
            {
                "key": GIVEN,
                "title": Path(given.name).name[:80],
                "kind": kind,
                "task": given.task,
                "words": f"{len(given.train)} rows to train on, from {given.source}"[:200],
                "classic": False,
            },
        )
