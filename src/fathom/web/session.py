"""A session: one page's networks, trained in a thread of their own."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from fathom import play
from fathom.errors import FathomError
from fathom.web.errors import error_data, log_fault
from fathom.web.frames import pack
from fathom.web.messages import AnyMessage
from fathom.web.outlet import Outlet
from fathom.web.side import Side

TICK = 1 / 40
"""Seconds between two pictures, at least."""

SLICE = 0.25
"""Seconds after which training looks for messages, at most (a call of a program is not cut)."""

SECONDS_WITHOUT_PAGE = 60.0
"""Seconds that training goes on for when its page is gone."""


@dataclass
class Speed:
    """How much is trained between two pictures, and how fast at most."""

    unit: str = "epoch"
    per_frame: int | None = 1
    per_second: float | None = None

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        if self.per_second is None or self.per_frame is None:
            return TICK
        return max(TICK, self.per_frame / self.per_second)


@dataclass(frozen=True)
class Prepared:
    """Told by the thread that compiles: a side or a population is ready, or why it is not.

    Args:
        owner: The side or the population.
        ticket: The order's; only the newest order of an owner counts.
        error: Why it cannot be compiled.
    """

    owner: object
    ticket: int
    error: FathomError | None = None


@dataclass
class Session:
    """One page's networks.

    Args:
        id: By which the page comes back.
        opener: Opens data sets.
        compiler: Where programs are compiled.
        obey: Does what a message asks of the session.
    """

    id: str
    opener: Any
    compiler: ThreadPoolExecutor
    obey: Callable[[Session, AnyMessage], None]
    sides: dict[str, Side] = field(default_factory=dict)
    playing: bool = False
    speed: Speed = field(default_factory=Speed)
    population: Any = None
    population_resolution: int = 24
    population_dirty: bool = False
    population_ready: bool = False
    outlet: Outlet | None = None
    left_at: float | None = None

    def __post_init__(self) -> None:
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._frame = 0
        self._next_tick = 0.0
        self._remaining: dict[str, int] = {}
        self._waiting: tuple[str, int] | None = None
        self._tickets = itertools.count(1)
        self._newest: dict[int, int] = {}
        self._pace = Pace()
        self.is_closed = False
        self._thread = threading.Thread(target=self._run, name=f"session-{self.id}", daemon=True)

    # -- from other threads ----------------------------------------------------------

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def post(self, message: AnyMessage | Prepared | Callable[[], None] | None) -> None:
        """Hand over a message; None only wakes the session."""
        self._inbox.put(message)

    def connect(self, outlet: Outlet) -> None:
        """Send to a page from now on, everything anew."""
        before, self.outlet, self.left_at = self.outlet, outlet, None
        if before is not None:
            before.close()
        self.post(self.tell_all)

    def disconnect(self, outlet: Outlet) -> None:
        """Take note that a page is gone."""
        if self.outlet is outlet:
            self.outlet, self.left_at = None, time.monotonic()

    def close(self) -> None:
        """Stop for good."""
        self.is_closed = True
        self.post(None)

    def ask(self, work: Callable[[], Any], *, seconds: float = 30) -> Any:
        """Return what `work` gives, done in the session's thread.

        Raises:
            FathomError: As `work` does.
            TimeoutError: The session is busy for longer.
        """
        answer: queue.Queue[Any] = queue.Queue(1)

        def do() -> None:
            try:
                answer.put(work())
            except Exception as error:  # a fault of ours must not make the asker wait
                answer.put(error)

        self.post(do)
        try:
            found = answer.get(timeout=seconds)
        except queue.Empty as error:
            raise TimeoutError("The session is busy.") from error
        if isinstance(found, Exception):
            raise found
        return found

    # -- the thread ------------------------------------------------------------------

    def _run(self) -> None:
        while not self.is_closed:
            self._read(self._patience())
            if self.playing and not self._is_abandoned():
                self._guarded(self._tick)
            self._show()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Train; a fault of ours stops training, but must not end the session."""
        try:
            work()
        except Exception as error:
            self.pause()
            self.tell(error_data(error, request=None))
            if not isinstance(error, FathomError):
                log_fault(error)

    def _patience(self) -> float | None:
        """Return the seconds to wait for a message; None for as long as it takes."""
        if not self.playing:
            return None
        if not self._can_train():
            return 0.5
        if self._remaining:
            return 0.0
        return max(0.0, self._next_tick - time.perf_counter())

    def _read(self, patience: float | None) -> None:
        try:
            message = (
                self._inbox.get(timeout=patience) if patience != 0 else self._inbox.get_nowait()
            )
            while True:
                self._take(message)
                message = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _take(self, message: Any) -> None:
        try:
            if isinstance(message, Prepared):
                self._take_prepared(message)
            elif callable(message):
                message()
            elif message is not None:
                self.obey(self, message)
        except FathomError as error:
            self.tell(error_data(error, request=getattr(message, "request", None)))
        except Exception as error:  # a fault of ours must not end the session
            self.tell(error_data(error, request=getattr(message, "request", None)))
            log_fault(error)

    def _is_abandoned(self) -> bool:
        """Return whether the page has been gone for so long that training stops."""
        left = self.left_at
        if left is None or time.monotonic() - left < SECONDS_WITHOUT_PAGE:
            return False
        self.playing = False
        return True

    # -- training --------------------------------------------------------------------

    def _can_train(self) -> bool:
        is_ready = all(side.phase == "ready" for side in self.sides.values())
        return is_ready and (self.population is None or self.population_ready)

    def _tick(self) -> None:
        now = time.perf_counter()
        if not self._can_train() or (not self._remaining and now < self._next_tick):
            return
        if not self._remaining:
            self._next_tick = max(self._next_tick + self.speed.interval, now)
        late = set(self._remaining)
        for side in self.sides.values():
            if not late or side.name in late:
                self._train(side, until=now + SLICE)
        if self.population is not None and not self._remaining:
            unit, count = self.speed.unit, self.speed.per_frame or 1
            self.population.train(unit, count)
            self.population_dirty = True

    def _train(self, side: Side, *, until: float) -> None:
        """Train what a picture's time holds, or the rest of it."""
        if side.viewing is not None:
            self.branch(side)
        lane = side.lane
        before = lane.snapshot() if lane.history.last is None else lane.history.last
        epoch = lane.epoch_now
        if self.speed.per_frame is None:
            lane.train("batch", 1_000_000, until=time.perf_counter() + TICK * 0.8)
            lane.train("epoch", 1, until=until)
        elif self.speed.unit == "sample":
            lane.train("sample", self.speed.per_frame)
        else:
            self._train_steps(side, until)
        self._pace.add(lane.epoch_now - epoch)
        side.dirty = True
        if side.name not in self._remaining:
            self._after_training(side, before)

    def _train_steps(self, side: Side, until: float) -> None:
        lane = side.lane
        if not lane.setup.rule.steps_per_epoch:
            lane.train(self.speed.unit, self.speed.per_frame or 1)
            return
        wanted = self._remaining.pop(side.name, None)
        if wanted is None:
            wanted = lane.steps_for(self.speed.unit, self.speed.per_frame or 1)
        done = lane.position.steps_done
        lane.train("batch", wanted, until=until)
        left = wanted - (lane.position.steps_done - done)
        if left > 0:
            self._remaining[side.name] = left

    def _after_training(self, side: Side, before: play.Snapshot) -> None:
        if not side.lane.is_finite():
            self.pause()
            found = play.find_trouble(side.lane, before)
            self.tell({"type": "trouble", "side": side.name, **found.data()})
            return
        side.lane.keep()
        words = play.stop_words(side.lane)
        if words is not None:
            self.pause()
            self.tell({"type": "stopped", "side": side.name, "words": words})

    def step(self, unit: str, count: int) -> None:
        """Pause, and train so much."""
        self.pause()
        if not self._can_train():
            self._waiting = unit, count
            self.tell_status("a", "compiling")
            return
        for side in self.sides.values():
            if side.viewing is not None:
                self.branch(side)
            before = side.lane.history.last or side.lane.snapshot()
            side.lane.train(unit, count)
            side.dirty = True
            self._after_training(side, before)
        if self.population is not None:
            self.population.train(unit, count)
            self.population_dirty = True

    def pause(self) -> None:
        """Stop training, and take no step that waits."""
        self._remaining.clear()
        self._waiting = None
        if self.playing:
            self.playing = False
            self.tell_status("a")

    def branch(self, side: Side) -> None:
        """Go on from the moment on show."""
        if side.viewing is not None:
            side.lane.go_back(side.viewing)
            side.viewing, side.sent = None, (-1, 0)

    # -- compiling -------------------------------------------------------------------

    def prepare(self, side: Side) -> None:
        """Compile what a side needs, elsewhere; pictures first."""
        side.phase = "compiling"
        self.forget_rest(side)
        self._order(side, side.lane)

    def prepare_population(self) -> None:
        """Compile a population's programs, elsewhere."""
        self.population_ready = False
        self._order(self.population, self.population)

    def forget_rest(self, side: Side) -> None:
        """Train no more of the steps that a side still owes to the last picture."""
        self._remaining.pop(side.name, None)

    def _order(self, owner: object, work: Any) -> None:
        """Let `work` be compiled; an order given before for the same owner is void."""
        ticket = next(self._tickets)
        others = {id(one) for one in self._owners()} & set(self._newest)
        self._newest = {**{key: self._newest[key] for key in others}, id(owner): ticket}
        self.compiler.submit(self._compile, owner, ticket, work)

    def _owners(self) -> list[object]:
        return [*self.sides.values(), self.population]

    def _is_wanted(self, owner: object, ticket: int) -> bool:
        """Return whether an order is its owner's newest, and the owner still on view."""
        is_newest = self._newest.get(id(owner)) == ticket
        return is_newest and not self.is_closed and any(owner is one for one in self._owners())

    def _compile(self, owner: object, ticket: int, work: Any) -> None:
        if not self._is_wanted(owner, ticket):
            return
        error = None
        try:
            work.compile()
        except FathomError as found:
            error = found
        except Exception as found:
            log_fault(found)
            error = FathomError(f"This network cannot be compiled: {type(found).__name__}.")
        self.post(Prepared(owner, ticket, error))

    def _take_prepared(self, prepared: Prepared) -> None:
        owner, is_good = prepared.owner, prepared.error is None
        if not self._is_wanted(owner, prepared.ticket):
            return
        if prepared.error is not None:
            self._waiting = None
            self.tell(error_data(prepared.error, request=None))
        if isinstance(owner, Side):
            owner.phase = "ready" if is_good else "failed"
            self.tell_status(owner.name)
        else:
            self.population = owner if is_good else None
            self.population_ready = self.population_dirty = is_good
        if self._waiting is not None and self._can_train():
            self.step(*self._waiting)

    # -- telling ---------------------------------------------------------------------

    def tell(self, data: dict[str, Any]) -> None:
        """Send JSON data."""
        if self.outlet is not None:
            self.outlet.send(data)

    def tell_binary(self, header: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Send arrays that need no acknowledging."""
        if self.outlet is not None:
            self.outlet.send(pack(header, arrays))

    def tell_status(self, name: str, words: str = "") -> None:
        """Send a side's `status`."""
        side = self.sides[name]
        self.tell(
            {
                "type": "status",
                "side": name,
                "playing": self.playing,
                "phase": side.phase,
                "words": words or side.phase,
            }
        )

    def tell_state(self, side: Side, *, request: int | None = None) -> None:
        """Send a side's `state`, and its points where they are others."""
        data = side.state_data(playing=self.playing)
        self.tell(data if request is None else {**data, "request": request})
        if side.effect == play.DATA:
            self.tell_points(side)

    def tell_points(self, side: Side) -> None:
        """Send a side's points, and its images."""
        self.tell_binary(*side.points())
        images = side.images()
        if images is not None:
            self.tell_binary(*images)

    def tell_all(self) -> None:
        """Send everything to a page that knows nothing yet."""
        for side in self.sides.values():
            side.sent, side.dirty = (-1, 0), True
            data = side.state_data(playing=self.playing)
            self.tell(data)
            self.tell_points(side)
        self.population_dirty = self.population is not None and self.population_ready

    def _show(self) -> None:
        """Make the newest pictures, as far as the page has drawn the last ones."""
        for side in list(self.sides.values()):
            if side.dirty and not self._remaining:
                self._send_frame(side.frame)
        if self.population is not None and self.population_dirty and self.population_ready:
            self._send_frame(self._population_frame)

    def _send_frame(self, make: Callable[[], tuple[dict[str, Any], dict[str, Any]]]) -> None:
        outlet = self.outlet
        if outlet is None or not outlet.is_free:
            return
        try:
            words, arrays = make()
        except Exception as error:
            self.pause()
            self.tell(error_data(error, request=None))
            log_fault(error)
            for side in self.sides.values():
                side.dirty = False
            self.population_dirty = False
            return
        self._frame += 1
        header = {
            **words,
            "frame": self._frame,
            "playing": self.playing,
            "epochs_per_second": self._pace.per_second if self.playing else None,
        }
        outlet.send_frame(self._frame, pack(header, arrays))

    def _population_frame(self) -> tuple[dict[str, Any], dict[str, Any]]:
        words, arrays = self.population.look(self.population_resolution)
        self.population_dirty = False
        return {"type": self.population.kind, "phase": "ready", **words}, arrays


class Pace:
    """Epochs a second over the last second or so."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._epochs = 0.0
        self.per_second: float | None = None

    def add(self, epochs: float) -> None:
        """Take note of epochs that were trained."""
        self._epochs += epochs
        passed = time.perf_counter() - self._begun
        if passed > 3:  # there was a pause in between
            self._begun, self._epochs = time.perf_counter(), 0.0
        elif passed > 0.5:
            self.per_second = round(self._epochs / passed, 1)
            self._begun, self._epochs = time.perf_counter(), 0.0
