"""What a session does when changes come faster than programs compile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fathom import play
from fathom.errors import FathomError
from fathom.play import machine
from fathom.store import Store
from fathom.web import commands, messages
from fathom.web.opening import Opener
from fathom.web.session import Session
from fathom.web.studies import Studies
from fathom.web.uploads import Uploads

LINEAR = {
    "mode": "modern",
    "network": {"layers": [{"units": 3, "activation": "linear"}]},
    "optimizer": {"name": "sgd", "learning_rate": 0.1},
}


class Ear:
    """Hears what a session says; frames are never drawn."""

    is_free = False

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def send(self, item: Any) -> None:
        if isinstance(item, dict):
            self.heard.append(item)

    def close(self) -> None: ...


@dataclass
class Bench:
    """A session whose compiler can be held up."""

    session: Session
    compiler: ThreadPoolExecutor
    ear: Ear

    def hold(self) -> Callable[[], None]:
        """Keep the compiler busy; return what lets it go on."""
        held = threading.Event()
        self.compiler.submit(held.wait, 60)
        return held.set

    def tell(self, message: Any) -> None:
        """Have a message obeyed."""
        self.session.ask(lambda: commands.obey(self.session, message))

    def wait_until(self, condition: Callable[[], bool], *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.ear.heard[-5:]
            time.sleep(0.01)

    def is_ready(self) -> bool:
        return all(side.phase == "ready" for side in self.session.sides.values())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A session with the default experiment, ready."""
    uploads = Uploads()
    opener = Opener(None, uploads, Studies(Store(tmp_path / "runs")))
    compiler = ThreadPoolExecutor(1)
    session = Session("bench", opener, compiler, commands.obey)
    commands.begin(session, messages.Start())
    ear = Ear()
    session.connect(ear)  # pyright: ignore[reportArgumentType]
    session.start()
    found = Bench(session, compiler, ear)
    found.wait_until(found.is_ready)
    yield found
    session.close()
    compiler.shutdown(cancel_futures=True)


def test_a_program_that_was_forgotten_meanwhile_does_not_hold_up_its_session(bench: Bench) -> None:
    go_on = bench.hold()
    bench.tell(messages.SetExperiment(experiment=LINEAR))
    machine._kept.clear()  # as 24 other networks would
    faster = {**LINEAR, "optimizer": {"name": "sgd", "learning_rate": 0.3}}
    bench.tell(messages.SetExperiment(experiment=faster))
    go_on()
    bench.wait_until(bench.is_ready)
    bench.tell(messages.Step(unit="epoch", count=2))
    assert bench.session.sides["a"].lane.position.epoch == 2


def test_an_experiment_and_a_reset_at_once_are_compiled_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    compile_lane = play.Lane.compile
    monkeypatch.setattr(
        play.Lane, "compile", lambda lane: (compiled.append(lane), compile_lane(lane))
    )
    go_on = bench.hold()
    bench.tell(messages.SetExperiment(experiment=LINEAR))
    for _ in range(5):
        bench.tell(messages.Reset(weights="same"))
    go_on()
    bench.wait_until(bench.is_ready)
    assert len(compiled) == 1


def test_steps_that_wait_are_taken_as_they_were_asked_for(bench: Bench) -> None:
    go_on = bench.hold()
    bench.tell(messages.SetExperiment(experiment=LINEAR))
    bench.tell(messages.Step(unit="batch", count=3))
    go_on()
    bench.wait_until(lambda: bench.session.sides["a"].lane.position.step == 3)
    assert bench.session.sides["a"].lane.position.epoch == 0


def test_steps_wait_for_many_networks_too(bench: Bench) -> None:
    go_on = bench.hold()
    bench.tell(messages.Many(count=2, resolution=8))
    bench.tell(messages.Step(unit="epoch", count=2))
    go_on()
    bench.wait_until(lambda: bench.session.population.position.epoch == 2)


def test_a_pause_takes_back_a_step_that_waits(bench: Bench) -> None:
    go_on = bench.hold()
    bench.tell(messages.SetExperiment(experiment=LINEAR))
    bench.tell(messages.Step(unit="epoch", count=3))
    bench.tell(messages.Pause())
    go_on()
    bench.wait_until(bench.is_ready)
    assert bench.session.sides["a"].lane.position.epoch == 0


def test_a_fault_while_training_ends_training_and_not_the_session(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fathom.web.session.log_fault", lambda error: None)
    with monkeypatch.context() as broken:
        broken.setattr(play.Lane, "train", _fail)
        bench.tell(messages.Play())
        bench.wait_until(lambda: not bench.session.playing)
    assert any(one["type"] == "error" and one["status"] == 500 for one in bench.ear.heard)
    bench.tell(messages.Step(unit="epoch", count=1))
    assert bench.session.sides["a"].lane.position.epoch == 1


def _fail(*_: Any, **__: Any) -> None:
    raise RuntimeError("as a fault of ours would")


def test_many_networks_that_cannot_be_compiled_leave_the_network_on_view(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(many: play.Many) -> None:
        raise FathomError("They are too many.")

    monkeypatch.setattr(play.Many, "compile", refuse)
    bench.tell(messages.Many(count=2, resolution=8))
    bench.wait_until(lambda: bench.session.population is None)
    bench.tell(messages.Step(unit="epoch", count=1))
    assert bench.session.sides["a"].lane.position.epoch == 1


def test_a_second_network_that_ends_in_the_middle_of_a_picture_leaves_nothing_to_wait_for(
    bench: Bench,
) -> None:
    bench.tell(messages.Compare(experiment=LINEAR))
    bench.wait_until(bench.is_ready)
    bench.session.ask(lambda: bench.session._remaining.update(b=5))
    bench.tell(messages.Compare(experiment=None))
    assert not bench.session._remaining


def test_a_drag_is_one_step_of_undo(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bench.session.sides["a"].lane.snapshot().state.trainable[0].copy()
    for value in (1.0, 1.1, 1.2):
        bench.tell(messages.Edit(parameter=0, index=5, value=value))
    bench.tell(messages.Edit(parameter=0, index=4, value=2.0))
    bench.tell(messages.Undo())
    assert _kernel(bench).ravel()[5] == 1.2
    bench.tell(messages.Undo())
    np.testing.assert_array_equal(_kernel(bench), first)
    bench.tell(messages.Redo())
    bench.tell(messages.Edit(parameter=0, index=5, value=3.0))
    bench.tell(messages.Undo())
    assert _kernel(bench).ravel()[5] == 1.2
    monkeypatch.setattr("fathom.web.side.SECONDS_OF_ONE_EDIT", 0.0)
    bench.tell(messages.Edit(parameter=0, index=5, value=4.0))
    bench.tell(messages.Edit(parameter=0, index=5, value=5.0))
    bench.tell(messages.Undo())
    assert _kernel(bench).ravel()[5] == 4.0


def _kernel(bench: Bench) -> Any:
    return bench.session.sides["a"].lane.snapshot().state.trainable[0]
