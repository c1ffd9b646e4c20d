"""One network in training: its state, where it stands, and what was measured on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import jax
import numpy as np

from fathom.play.history import History, Snapshot, on_host
from fathom.play.network import State
from fathom.play.orders import MOST_STEPS, Call, Position, calls, no_call
from fathom.play.schedules import rates
from fathom.play.scoring import Scores, score_outputs
from fathom.play.setup import Setup

EPOCH, BATCH, SAMPLE = "epoch", "batch", "sample"
UNITS = (EPOCH, BATCH, SAMPLE)
MOST_CURVE = 4000


@dataclass
class Lane:
    """One network in training; used by one thread at a time.

    Args:
        setup: What is trained.
        state: All its variables.
        position: Where it stands.
        curve: Rows (epoch, train loss, test loss, train metric, test metric).
        history: States to go back to.
        branches: Where earlier courses were left: (epoch, last epoch).
        seconds: Time spent training.
    """

    setup: Setup
    state: State
    position: Position = field(default_factory=Position)
    curve: list[tuple[float, ...]] = field(default_factory=list)
    history: History = field(default_factory=History)
    branches: list[dict[str, int]] = field(default_factory=list)
    seconds: float = 0.0
    curve_version: int = 0

    @classmethod
    def begin(
        cls,
        setup: Setup,
        state: State | None = None,
        *,
        epoch: int = 0,
        position: Position | None = None,
    ) -> Lane:
        """Return a lane at epoch 0, or with a state that is there already and its place."""
        steps = epoch * setup.rule.steps_per_epoch
        place = position or Position(epoch=epoch, steps_done=steps)
        lane = cls(setup, state or setup.first_state(), place)
        lane.history.keep(lane.position, lane.state)
        return lane

    # -- training --------------------------------------------------------------------

    def steps_for(self, unit: str, count: int) -> int:
        """Return the batches that `count` epochs, batches or samples complete."""
        if unit == BATCH:
            return count
        if unit == EPOCH:
            return max(0, count * self.setup.rule.steps_per_epoch - self.position.step)
        return 0

    def train(self, unit: str, count: int, *, until: float | None = None) -> None:
        """Train for so many epochs, batches or samples.

        Args:
            unit: "epoch", "batch" or "sample".
            count: How many.
            until: Clock time (`time.perf_counter`) after which no further call of the program
                begins.
        """
        if unit == SAMPLE:
            self._look_at_samples(count)
            return
        if not self.setup.rule.steps_per_epoch:
            self.position = replace(self.position, epoch=self.position.epoch + count)
            return
        self._advance(self.steps_for(unit, count), until)

    def _look_at_samples(self, count: int) -> None:
        """Go on by single rows; where they fill the batch, its step is taken."""
        for _ in range(count):
            batch = self.next_batch()
            seen = self.position.sample + 1
            self.position = replace(self.position, sample=seen)
            if seen >= len(batch):
                self._advance(1, None)

    def next_batch(self) -> np.ndarray:
        """Return the rows of the batch that is next."""
        return self.setup.rule.batch(self.position.epoch, self.position.step)

    def _advance(self, steps: int, until: float | None) -> None:
        begun = time.perf_counter()
        network = self.setup.machine.network
        with network.precision():
            for call in calls(self.setup.rule, self.position, steps):
                self.state = self.called(self.state, call, self.position)
                self.position = call.end
                if until is not None and _is_past(until, self.state):
                    break
            jax.block_until_ready(self.state)
        self.seconds += time.perf_counter() - begun

    def called(self, state: State, call: Call, position: Position) -> State:
        """Return the state after a call of the program from a position on."""
        setup = self.setup
        return setup.machine.advance(
            state,
            setup.x,
            setup.y,
            call.rows,
            call.starts,
            np.int32(call.steps),
            self.rates_from(position),
            setup.settings,
        )

    def rates_from(self, position: Position) -> np.ndarray:
        """Return the learning rates of the next steps."""
        experiment = self.setup.experiment
        found = rates(
            experiment.schedule,
            experiment.learning_rate,
            first_step=position.steps_done,
            count=MOST_STEPS,
            steps_per_epoch=self.setup.rule.steps_per_epoch,
        )
        return found.astype(self.setup.machine.network.dtype)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(self.rates_from(self.position)[0])

    def compile(self) -> None:
        """Compile what training needs, changing nothing."""
        network, machine, setup = self.setup.machine.network, self.setup.machine, self.setup
        with machine.lock, network.precision():
            jax.block_until_ready(machine.score(self.state, setup.x, setup.y))
            jax.block_until_ready(self.called(self.state, no_call(self.position), self.position))
            jax.block_until_ready(machine.is_finite(self.state))

    def is_finite(self) -> bool:
        """Return whether all weights are finite numbers."""
        if not self.state.trainable:
            return True
        with self.setup.machine.network.precision():
            return bool(self.setup.machine.is_finite(self.state))

    # -- measuring -------------------------------------------------------------------

    def outputs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return outputs (rows, k) and losses (rows,) of all points."""
        setup = self.setup
        with setup.machine.network.precision():
            outputs, losses = setup.machine.score(self.state, setup.x, setup.y)
        rows = setup.material.rows
        return np.asarray(outputs)[:rows], np.asarray(losses)[:rows]

    def measure(self) -> Scores:
        """Return losses and scores, and add them to the curve."""
        scores = score_outputs(
            self.setup.material, *self.outputs(), activation=self.setup.output_activation
        )
        epoch = self.epoch_now
        if not self.curve or self.curve[-1][0] < epoch:
            self.curve.append((epoch, *scores.row))
            self._thin_curve()
        return scores

    def forget_last_measure(self) -> None:
        """Forget the last point of the curve, because the state has changed under it."""
        if self.curve and self.curve[-1][0] >= self.epoch_now:
            del self.curve[-1]
            self.curve_version += 1

    @property
    def epoch_now(self) -> float:
        """Epochs done, with the part of the one that has begun."""
        steps = self.setup.rule.steps_per_epoch
        return self.position.epoch + (self.position.step / steps if steps else 0)

    def _thin_curve(self) -> None:
        if len(self.curve) > MOST_CURVE:
            self.curve = [*self.curve[:-1:2], self.curve[-1]]
            self.curve_version += 1

    def keep(self) -> None:
        """Keep the state as it is, to go back to."""
        if self.history.last is None or self.history.last.position != self.position:
            self.history.keep(self.position, self.state)

    # -- going back ------------------------------------------------------------------

    def go_back(self, snapshot: Snapshot) -> None:
        """Stand where a snapshot was made, and forget what came later."""
        if snapshot.position.epoch < self.position.epoch:
            self.branches.append({"at": snapshot.position.epoch, "epochs": self.position.epoch})
            del self.branches[:-20]
        self.history.forget_after(snapshot.position)
        self.position, self.state = snapshot.position, on_host(snapshot.state)
        self.curve = [row for row in self.curve if row[0] <= self.epoch_now]
        self.curve_version += 1

    def snapshot(self) -> Snapshot:
        """Return the state as it is."""
        return Snapshot(self.position, on_host(self.state))


def _is_past(until: float, state: State) -> bool:
    """Return whether it is later, once the state is there: calls return before they are done."""
    jax.block_until_ready(state)
    return time.perf_counter() >= until
