"""One of the two networks of a session: its lane, what its page wants, what can be undone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fathom import play

MOST_UNDONE = 50
SECONDS_OF_ONE_EDIT = 1.0
"""Edits of one value no further apart than this are taken back together: a drag is many edits."""


@dataclass(frozen=True)
class Moment:
    """What undoing goes back to."""

    experiment: play.Experiment
    snapshot: play.Snapshot
    curve: tuple[tuple[float, ...], ...]


@dataclass
class Side:
    """One network of a session.

    Args:
        name: "a" or "b".
        lane: The network in training.
        build: Counts structures.
        phase: "compiling" until its programs are there, then "ready".
        effect: What the last change did.
        viewing: The moment on show, when travelling in time.
        sent: The curve's version, and how many of its rows the page has.
        dirty: Whether there is something that the page has not seen.
    """

    name: str
    lane: play.Lane
    build: int = 1
    phase: str = "compiling"
    effect: str = play.DATA
    want: play.Want = field(default_factory=play.Want)
    viewing: play.Snapshot | None = None
    sent: tuple[int, int] = (-1, 0)
    dirty: bool = True
    notes: list[str] = field(default_factory=list)
    undone: list[Moment] = field(default_factory=list)
    redone: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sights = play.Sights(self.lane)
        self._edited: tuple[object, float] | None = None

    @property
    def experiment(self) -> play.Experiment:
        """What it trains."""
        return self.lane.setup.experiment

    def replace_lane(self, lane: play.Lane, *, effect: str, is_new_structure: bool) -> None:
        """Train something else from now on."""
        self.lane, self.effect = lane, effect
        self.viewing, self.dirty = None, True
        if is_new_structure:
            self.sights = play.Sights(lane)
            self.build += 1
            self.sent = (-1, 0)
        else:
            self.sights.lane = lane

    # -- undoing ---------------------------------------------------------------------

    def remember(self) -> None:
        """Make the present something to come back to."""
        self._edited = None
        self.undone.append(self._moment())
        del self.undone[:-MOST_UNDONE]
        self.redone.clear()

    def remember_edit(self, value: tuple[int, int]) -> None:
        """Do so before an edit of a value, unless it goes on with the last edit.

        Args:
            value: The parameter's number and the index in it.
        """
        now, last = time.monotonic(), self._edited
        place = (value, self.lane.position)
        if last is None or last[0] != place or now - last[1] > SECONDS_OF_ONE_EDIT:
            self.remember()
        self._edited = place, now

    def _moment(self) -> Moment:
        return Moment(self.experiment, self.lane.snapshot(), tuple(self.lane.curve))

    def go_to_remembered(self, *, forward: bool) -> Moment | None:
        """Return the moment to go to, having kept the present on the other pile."""
        source, target = (self.redone, self.undone) if forward else (self.undone, self.redone)
        if not source:
            return None
        target.append(self._moment())
        self._edited = None
        return source.pop()

    # -- what the page sees ----------------------------------------------------------

    def shown(self) -> play.Lane:
        """Return the lane as it is on show: now, or at a moment before."""
        if self.viewing is None:
            return self.lane
        return replace(self.lane, state=self.viewing.state, position=self.viewing.position)

    def state_data(self, *, playing: bool) -> dict[str, Any]:
        """Return the `state` message."""
        setup = self.lane.setup
        return {
            "type": "state",
            "side": self.name,
            "build": self.build,
            "experiment": play.experiment_data(setup.experiment),
            "hash": play.write_hash(setup.experiment),
            "effect": self.effect,
            "playing": playing,
            "phase": self.phase,
            "task": setup.material.task,
            "classes": list(setup.material.classes),
            "metric": "accuracy" if setup.material.is_classification else "r2",
            "data": setup.material.data(),
            "network": setup.machine.network.layout.data(),
            "can_undo": bool(self.undone),
            "can_redo": bool(self.redone),
            "notes": self.notes,
        }

    def frame(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return what a frame says and shows, with the part of the curve that was not sent."""
        lane = self.shown()
        sights = self.sights
        sights.lane = lane
        words, arrays = play.look(lane, self.want, sights)
        sights.lane = self.lane
        fresh, self.sent, reset = self._curve()
        arrays["curve"] = fresh
        words |= {
            "type": "frame",
            "side": self.name,
            "build": self.build,
            "curve_reset": reset,
            "viewing": None if self.viewing is None else self.viewing.position.epoch,
        }
        self.dirty = False
        return words, arrays

    def _curve(self) -> tuple[np.ndarray, tuple[int, int], bool]:
        version, count = self.sent
        reset = version != self.lane.curve_version or count > len(self.lane.curve)
        rows = self.lane.curve[0 if reset else count :]
        fresh = np.array(rows, np.float32).reshape(-1, 5)
        return fresh, (self.lane.curve_version, len(self.lane.curve)), reset

    def points(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the `points` frame."""
        material = self.lane.setup.material
        axes = material.axes
        position = material.x[:, axes]
        if material.kind == "image":
            position = play.first_components(material.x)
        split = (np.arange(material.rows) >= material.num_train).astype(np.uint8)
        header = {"type": "points", "side": self.name, "build": self.build}
        return header, {
            "position": position.astype(np.float32),
            "label": material.y.astype(np.float32),
            "split": split,
            "id": material.ids.astype(np.int32),
        }

    def images(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """Return the `images` frame of the first hundred rows, None where there are no images."""
        material = self.lane.setup.material
        if material.image is None:
            return None
        pixels = material.x[:100].reshape(-1, *material.image)
        low, high = pixels.min(), pixels.max()
        scaled = (pixels - low) / (high - low or 1.0) * 255
        header = {"type": "images", "side": self.name, "build": self.build}
        return header, {
            "pixels": np.round(scaled).astype(np.uint8),
            "row": material.ids[:100].astype(np.int32),
        }
