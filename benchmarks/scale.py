"""What would a study of a million trainings take on a cluster? A simulation fed with measurements.

Measured on this machine: what a chunk costs (compiling, steps, what follows training), what it
tells (records, weights), what the writer takes for it, and what Ray adds. Simulated: nodes, cores,
chunks in the order in which a study sends them out, workers that die, one writer.

Two things are predicted first and then run, to see how far the simulation can be trusted: a small
study on a real Ray cluster of this machine (what chunks cost), and chunks that only sleep, with
workers that are killed (who waits for whom). Seconds are processor time where that is what counts,
so that other load on the machine does not.

    python benchmarks/scale.py
    python benchmarks/scale.py --dollars 0.05 --deaths 1 --cores 128
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

DATA = "digits"
WIDTH = 64
EPOCHS = 20
BATCH_SIZE = 32
CALIBRATED_DEPTHS = (2, 8)
CHUNK_HEADER = (
    "step",
    "architectures",
    "members of each",
    "core-seconds of a chunk",
    "of it compiling",
    "writer, ms",
    "cores that one writer feeds",
)
CLUSTER_HEADER = (
    "step",
    "members",
    "cores",
    "hours",
    "cores busy",
    "writer busy",
    "deaths",
    "chunks that wait, at most",
    "$",
)


# -- what was measured ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Line:
    """Something that grows with depth, or with members, as a straight line."""

    at_zero: float
    slope: float

    @classmethod
    def through(cls, points: Sequence[tuple[int, float]]) -> Line:
        (x0, y0), (x1, y1) = points
        slope = (y1 - y0) / (x1 - x0)
        return cls(at_zero=y0 - slope * x0, slope=slope)

    def __call__(self, place: int) -> float:
        return max(self.at_zero + self.slope * place, 0.0)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the simulation is fed with; seconds are processor time of one core.

    Args:
        cold_seconds: Until the first epoch, nothing compiled before; by depth.
        cached_seconds: The same where another process compiled the architecture before.
        step_us: Microseconds of a training step of one member, its validation included.
        finish_seconds: After training, for runs, test and weights; by members.
        parameters: Of one member.
        worker_seconds: Until a new worker has imported Keras and JAX, and what is compiled once.
        begin_seconds: The writer's for sending a chunk out.
        run_seconds: The writer's per training: decoding, encoding, appending.
        run_bytes: A training's records in the log.
        weight_seconds: The writer's per byte of weights.
        result_seconds: The writer's per chunk beside these: fsync, decoding.
        steps: Of an epoch.
        data_bytes: Of the data set.
    """

    cold_seconds: Line
    cached_seconds: Line
    step_us: Line
    finish_seconds: Line
    parameters: Line
    worker_seconds: float
    begin_seconds: float
    run_seconds: float
    run_bytes: Line
    weight_seconds: float
    result_seconds: float
    steps: int
    data_bytes: int

    def chunk_seconds(self, depth: int, members: int, *, epochs: int, is_cached: bool) -> float:
        """Return the core-seconds of a chunk."""
        compiling = (self.cached_seconds if is_cached else self.cold_seconds)(depth)
        training = 1e-6 * self.step_us(depth) * self.steps * epochs * members
        return compiling + training + self.finish_seconds(members)

    def weight_bytes(self, depth: int, seeds: int) -> float:
        """Return the bytes of a chunk's weights: first and best of the chosen rate's members."""
        return 2 * 4 * self.parameters(depth) * seeds

    def writer_seconds(self, depth: int, members: int, seeds: int) -> float:
        """Return what the writer takes for a chunk's results."""
        weights = self.weight_seconds * self.weight_bytes(depth, seeds)
        return self.result_seconds + self.run_seconds * members + weights


def measured() -> Measured:
    """Measure everything; each kind of chunk in a process of its own, on one core."""
    chunks: dict[str, list[dict[str, Any]]] = {"cold": [], "cached": [], "large": []}
    with tempfile.TemporaryDirectory() as cache:
        for depth in CALIBRATED_DEPTHS:
            chunk = partial(_in_process, "chunk", depth, cache=cache)
            chunks["cold"].append(chunk(3, 8))
            chunks["cached"].append(chunk(3, 8))
            chunk(3, 32)
            chunks["large"].append(chunk(3, 32))
        written = _in_process("writer", CALIBRATED_DEPTHS[0], 3, 8, cache=cache)

    def line(kind: str, value: Callable[[dict[str, Any]], float]) -> Line:
        return Line.through([(one["depth"], value(one)) for one in chunks[kind]])

    large = chunks["large"][1]
    return Measured(
        cold_seconds=line("cold", lambda one: one["compiling"]),
        cached_seconds=line("cached", lambda one: one["compiling"]),
        step_us=line("large", lambda one: 1e6 * one["training"] / one["member_steps"]),
        finish_seconds=Line.through(
            [(one["members"], one["finishing"]) for one in (chunks["cached"][1], large)]
        ),
        parameters=line("large", lambda one: one["parameters"]),
        worker_seconds=large["imports"] + large["warming"],
        begin_seconds=written["begin_seconds"],
        run_seconds=written["run_seconds"],
        run_bytes=line("large", lambda one: one["run_bytes"]),
        weight_seconds=written["weight_seconds"],
        result_seconds=written["result_seconds"],
        steps=large["steps"],
        data_bytes=large["data_bytes"],
    )


def _in_process(what: str, depth: int, rates: int, seeds: int, *, cache: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", what, *map(str, (depth, rates, seeds))]
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "FATHOM_CACHE": cache},
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_chunk(depth: int, rates: int, seeds: int) -> dict[str, Any]:
    """Train a chunk as a worker does, on one core with as many devices as there are cores."""
    from fathom import launch, runtime
    from fathom.launch import worker

    cores = runtime.cpu_cores()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    worker.settle(launch.Devices("cpu", cores), 0)
    from fathom.studies.scattered import train_network

    imports = time.process_time()
    settings, arrays, steps = _order(depth, rates, seeds)
    marks, sizes, parameters = {"begun": time.process_time()}, 0, 0
    for message in train_network(settings, arrays):
        body = json.loads(message.body)
        if message.kind == launch.PASSING:
            marks.setdefault(f"epoch {body['epoch']}", time.process_time())
            continue
        marks.setdefault(body.get("kind", message.kind), time.process_time())
        parameters = body.get("parameters", parameters)
        sizes += len(message.body) * (body.get("kind") == "run")
    ended = time.process_time()
    members = rates * seeds
    epoch_seconds = (marks["run"] - marks["epoch 1"]) / (EPOCHS - 1)
    return {
        "depth": depth,
        "members": members,
        "imports": imports,
        "compiling": marks["architecture"] - marks["begun"],
        "warming": marks["epoch 1"] - marks["architecture"] - epoch_seconds,
        "training": EPOCHS * epoch_seconds,
        "finishing": ended - marks["run"],
        "member_steps": members * steps * EPOCHS,
        "steps": steps,
        "parameters": parameters,
        "run_bytes": sizes / members,
        "data_bytes": sum(array.nbytes for array in arrays),
    }


def _order(depth: int, rates: int, seeds: int) -> tuple[bytes, list[Any], int]:
    """Return what a worker is told to train, the data, and the steps of an epoch."""
    import msgspec

    import fathom
    from fathom.studies.scattered import Order

    data = fathom.load(DATA)
    spec = _spec(data, [depth], rates, seeds)
    order = Order(
        spec=spec,
        network=spec.model.at(depth=depth, width=WIDTH),
        guess=0.1,
        task=data.task,
        classes=data.classes,
    )
    arrays = [array for one in data.splits.values() for array in (one.x, one.y, one.rows)]
    return msgspec.json.encode(order), arrays, -(-len(data.train) // BATCH_SIZE)


def _spec(data: Any, depths: Sequence[int], rates: int, seeds: int) -> Any:
    import fathom

    return fathom.study_spec(
        data,
        depths=depths,
        widths=WIDTH,
        seeds=seeds,
        learning_rates=[1e-3 * (1 + rate) for rate in range(rates)],
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        patience=None,
        baselines=False,
        regularize=False,
    )


def measure_writer(depth: int, rates: int, seeds: int) -> dict[str, Any]:
    """Time what the writer does for a chunk, again and again: decode, append, keep weights."""
    import fathom
    from fathom.specs import Progress, RunRecord, StudyRecord, TestRecord
    from fathom.store import Store
    from fathom.studies import Artifact, depth_study
    from fathom.studies.baselines import guessing
    from fathom.studies.bench import Bench
    from fathom.studies.scattered import Scatter

    data = fathom.load(DATA)
    spec = _spec(data, [depth], rates, seeds)
    events = [e for e in depth_study(spec, data, name="m") if not isinstance(e, Progress)]
    header = next(e for e in events if isinstance(e, StudyRecord))
    runs = [e for e in events if isinstance(e, RunRecord)]
    test = next(e for e in events if isinstance(e, TestRecord))
    artifact = next(e for e in events if isinstance(e, Artifact))
    repeats = 20
    with tempfile.TemporaryDirectory() as folder, Store(folder).create(header) as writer:
        few = _seconds(lambda: writer.append_many([*_decoded(runs[:1]), test]), repeats)
        least, most = (
            _seconds(partial(_append, writer, runs[:count]), repeats, time.process_time)
            for count in (1, len(runs))
        )
        weights = _seconds(lambda: writer.write_weights("w", artifact.arrays, {}), repeats)
    size = sum(array.nbytes for array in artifact.arrays.values())
    bench = Bench.of(spec, data, guessing(data, seed=0))
    scatter: Any = Scatter.of(bench, [], _NoCluster())  # type: ignore[arg-type]
    network = spec.model.at(depth=depth, width=WIDTH)
    return {
        "run_seconds": (most - least) / (len(runs) - 1),
        "result_seconds": few,
        "weight_seconds": weights / size,
        "begin_seconds": _seconds(lambda: list(scatter.chunks([network])), 10, time.process_time),
    }


class _NoCluster:
    """Stands for a cluster where chunks are made, and not sent."""

    def share(self, arrays: Sequence[Any], *, name: str) -> tuple[Any, ...]:
        return ()

    def cores_for(self, chunks: int, *, most: int) -> int:
        return 1


def _append(writer: Any, runs: Sequence[Any]) -> None:
    writer.append_many(_decoded(runs))


def _decoded(records: Sequence[Any]) -> list[Any]:
    from fathom.specs import decode_record, encode_record

    return [decode_record(json.loads(json.dumps(encode_record(one)))) for one in records]


def _seconds(
    work: Callable[[], object],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the least seconds that work took; the writer waits for the disk, so by the clock."""
    taken = []
    for _ in range(repeats):
        started = clock()
        work()
        taken.append(clock() - started)
    return min(taken)


# -- the simulation ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Job:
    """A chunk in the simulation."""

    seconds: float
    begin_seconds: float
    writer_seconds: float
    result_bytes: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the simulation found.

    Args:
        wall_seconds: From the first chunk sent out to the last one written.
        busy_seconds: Of all cores, work that was lost with its worker included.
        writer_seconds: That the writer was busy.
        deaths: Workers that died.
        waiting: Chunks that were done and waited for earlier ones, at most.
        waiting_bytes: Their results.
    """

    wall_seconds: float
    busy_seconds: float
    writer_seconds: float
    deaths: int
    waiting: int
    waiting_bytes: float


@dataclass
class Simulation:
    """Chunks on cores that die now and then, and one writer that takes them in order.

    Args:
        jobs: The chunks, in the study's order.
        cores: Of all nodes; each trains one chunk at a time.
        ahead: Chunks on their way at once, finished ones that wait included.
        worker_seconds: Until a new worker can begin.
        deaths_per_hour: Of one core.
        killed: Chunks whose first worker is killed, and after how many seconds.
        is_warm: Whether all workers are there at the beginning.
        seed: Draws the deaths.
    """

    jobs: Sequence[Job]
    cores: int
    ahead: int
    worker_seconds: float
    deaths_per_hour: float = 0.0
    killed: Mapping[int, float] = field(default_factory=dict)
    is_warm: bool = False
    seed: int = 0
    _events: list[tuple[float, int, str, int]] = field(default_factory=list)
    _waiting: dict[int, Job] = field(default_factory=dict)

    def run(self) -> Outcome:
        """Let time go from event to event until all is written."""
        self._chance, self._count = random.Random(self.seed), 0
        self._killed = dict(self.killed)
        self._busy = self._writer_busy = self._writer_free = 0.0
        self._next_sent = self._next_written = self._deaths = self._most = 0
        self._most_bytes = self._held = 0.0
        self._has_worker = [self.is_warm] * self.cores
        self._queue: list[int] = []
        self._free = list(range(self.cores))
        self._send(0.0)
        while self._events:
            now, _, what, job = heapq.heappop(self._events)
            if what == "sent":
                self._queue.append(job)
            else:
                core, number = divmod(job, len(self.jobs))
                self._free.append(core)
                self._died(now, number, core) if what == "died" else self._done(now, number)
            self._start(now)
        return Outcome(
            wall_seconds=self._writer_free,
            busy_seconds=self._busy,
            writer_seconds=self._writer_busy,
            deaths=self._deaths,
            waiting=self._most,
            waiting_bytes=self._most_bytes,
        )

    def _send(self, now: float) -> None:
        """Let the writer send out what may be on its way; it does one thing at a time."""
        while (
            self._next_sent < len(self.jobs) and self._next_sent - self._next_written < self.ahead
        ):
            self._writer_free = max(self._writer_free, now)
            self._take_writer(self.jobs[self._next_sent].begin_seconds)
            self._push(self._writer_free, "sent", self._next_sent)
            self._next_sent += 1

    def _take_writer(self, seconds: float) -> None:
        self._writer_free += seconds
        self._writer_busy += seconds

    def _start(self, now: float) -> None:
        while self._queue and self._free:
            number, core = self._queue.pop(0), self._free.pop(0)
            seconds = self.jobs[number].seconds
            if not self._has_worker[core]:
                self._has_worker[core] = True
                seconds += self.worker_seconds
            lives = min(self._lifetime(), self._killed.pop(number, float("inf")))
            what = "died" if lives < seconds else "done"
            self._busy += min(lives, seconds)
            self._push(now + min(lives, seconds), what, core * len(self.jobs) + number)

    def _lifetime(self) -> float:
        if not self.deaths_per_hour:
            return float("inf")
        return 3600 * self._chance.expovariate(self.deaths_per_hour)

    def _died(self, now: float, number: int, core: int) -> None:
        self._deaths += 1
        self._has_worker[core] = False
        self._queue.insert(0, number)

    def _done(self, now: float, number: int) -> None:
        self._waiting[number] = self.jobs[number]
        self._writer_free = max(self._writer_free, now)
        self._most = max(self._most, len(self._waiting))
        self._held += self.jobs[number].result_bytes
        self._most_bytes = max(self._most_bytes, self._held)
        while self._next_written in self._waiting:
            job = self._waiting.pop(self._next_written)
            self._held -= job.result_bytes
            self._take_writer(job.writer_seconds)
            self._next_written += 1
        self._send(now)

    def _push(self, at: float, what: str, job: int) -> None:
        self._count += 1
        heapq.heappush(self._events, (at, self._count, what, job))


def jobs_of(
    found: Measured, depths: Sequence[int], rates: int, seeds: int, *, is_cached: bool
) -> list[Job]:
    """Return the chunks of a study: one for each entry of `depths`."""
    members = rates * seeds
    return [
        Job(
            seconds=found.chunk_seconds(depth, members, epochs=EPOCHS, is_cached=is_cached),
            begin_seconds=found.begin_seconds,
            writer_seconds=found.writer_seconds(depth, members, seeds),
            result_bytes=found.weight_bytes(depth, seeds) + members * found.run_bytes(depth),
        )
        for depth in depths
    ]


# -- a small study, predicted and run --------------------------------------------------------


def check(found: Measured, depths: Sequence[int], rates: int, seeds: int) -> list[tuple[str, ...]]:
    """Predict a study on a Ray cluster of this machine, run it, and return both."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    jobs = jobs_of(found, depths, rates, seeds, is_cached=False)
    simulation = Simulation(jobs, cores or 1, 2 * (cores or 1), found.worker_seconds)
    predicted = simulation.run()
    with tempfile.TemporaryDirectory() as cache:
        real = _in_process_study(depths, rates, seeds, cache)
    trained = sum(job.seconds for job in jobs) + (cores or 1) * found.worker_seconds
    return [
        ("processor seconds of the workers", f"{trained:.1f}", f"{real['worker_seconds']:.1f}"),
        ("seconds by the clock", f"{predicted.wall_seconds:.1f}", f"{real['wall_seconds']:.1f}"),
        (
            "share of the cores' time that workers had",
            f"{trained / predicted.wall_seconds / (cores or 1):.0%}",
            f"{real['share']:.0%}",
        ),
        ("bytes of weights", f"{_weights(found, depths, seeds):,.0f}", f"{real['weights']:,}"),
    ]


# Sleeping chunks: how many, how many at once, which workers are killed, and after what time.
SLEEPERS, BEDS = 40, 8
KILLED = {3: 0.4, 17: 0.4, 30: 0.4}


def naps() -> list[float]:
    """Return how long chunks sleep; later ones longer, as deeper networks train longer."""
    chance = random.Random(20260517)
    return [0.5 + 3 * chance.random() * (1 + place / SLEEPERS) for place in range(SLEEPERS)]


def sleeping(settings: bytes, shared: Sequence[Any]) -> Iterator[Any]:
    """Tell that sleep begins, and its end."""
    from fathom.launch import PASSING, Message

    yield Message(PASSING, settings, {})
    time.sleep(float(settings))
    yield Message("slept", settings, {})


def check_schedule() -> list[tuple[str, ...]]:
    """Predict and run chunks that sleep, on workers of which some are killed."""
    jobs = [
        Job(seconds=one, begin_seconds=0.0, writer_seconds=0.0, result_bytes=1.0) for one in naps()
    ]
    real = _in_process("sleep", 0, 0, 0, cache=tempfile.gettempdir())
    again = real["again_seconds"]
    predicted = Simulation(jobs, BEDS, 2 * BEDS, again, killed=KILLED, is_warm=True).run()
    return [
        ("seconds by the clock", f"{predicted.wall_seconds:.1f}", f"{real['seconds']:.1f}"),
        ("seconds until a killed chunk's next worker had it", "", f"{again:.1f}"),
        ("workers that died", f"{predicted.deaths}", f"{real['deaths']}"),
        ("chunks told, in order", f"{SLEEPERS}", f"{real['told']}"),
    ]


def measure_sleep(*_: int) -> dict[str, Any]:
    """Run sleeping chunks on a real cluster, killing the workers of some."""
    import scale  # workers import it by this name

    from fathom import launch

    warm, told = [], []
    died: dict[int, float] = {}
    again: list[float] = []
    with launch.cluster(cores=BEDS) as cluster:
        chunks = [
            launch.Chunk(name=str(place), work=scale.sleeping, settings=str(seconds).encode())
            for place, seconds in enumerate([*[8.0] * BEDS, *naps()])
        ]
        warm = list(launch.gathered(chunks[:BEDS], cluster))  # so that all workers are there
        started = time.perf_counter()
        for heard in launch.gathered(chunks[BEDS:], cluster):
            place = int(heard.chunk.name) - BEDS
            if heard.death:
                died[place] = time.perf_counter()
            if heard.message is None or heard.process is None:
                continue
            if place in died and heard.message.kind == launch.PASSING:
                again.append(time.perf_counter() - died[place])
            if heard.message.kind == launch.PASSING and place in KILLED and place not in died:
                threading.Timer(KILLED[place], os.kill, (heard.process, signal.SIGKILL)).start()
            elif heard.message.kind == "slept":
                told.append(place)
        seconds = time.perf_counter() - started
    assert len([one for one in warm if one.message]) >= BEDS
    assert told == sorted(told)
    return {
        "seconds": seconds,
        "deaths": len(died),
        "told": len(told),
        "again_seconds": fmean(again),
    }


def _weights(found: Measured, depths: Sequence[int], seeds: int) -> float:
    return sum(found.weight_bytes(depth, seeds) for depth in depths)


def _in_process_study(
    depths: Sequence[int], rates: int, seeds: int, cache: str
) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", "study", f"{rates}", f"{seeds}"]
    done = subprocess.run(
        [*command, *map(str, depths)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "FATHOM_CACHE": cache},
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_study(rates: int, seeds: int, *depths: int) -> dict[str, float]:
    """Run a study on a local Ray cluster; what is timed ends with the last test."""
    import fathom
    from fathom import launch, runtime
    from fathom.specs import Progress, StatusRecord, TestRecord
    from fathom.studies import Artifact

    data = fathom.load(DATA)
    options = asdict(_spec(data, depths, rates, seeds))
    workers: set[int] = set()
    started = ended = 0.0
    weights = 0

    def look(event: Any) -> None:
        nonlocal started, ended, weights
        if isinstance(event, StatusRecord) and event.status == "running":
            started = time.perf_counter()
        elif isinstance(event, Progress) and event.process:
            workers.add(event.process)
        elif isinstance(event, Artifact):
            weights += sum(array.nbytes for array in event.arrays.values())
        elif isinstance(event, TestRecord):
            ended = time.perf_counter()
            seen.update({number: _processor_seconds(number) for number in workers})

    seen: dict[int, float] = {}
    settings = {
        "learning_rates": options["learning_rates"],
        "seeds": seeds,
        "widths": WIDTH,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "patience": None,
        "baselines": False,
        "regularize": False,
    }
    with tempfile.TemporaryDirectory() as folder, launch.cluster():
        fathom.study(data, store=folder, depths=depths, ray=True, on_event=look, **settings)
    wall, used = ended - started, sum(seen.values())
    return {
        "wall_seconds": wall,
        "worker_seconds": used,
        "share": used / wall / runtime.cpu_cores(),
        "weights": weights,
    }


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- tables ----------------------------------------------------------------------------------

# Rates x seeds of each architecture; depths 1 to 8 come in turns, as many as make a million.
SHAPES = ((3, 5), (4, 25), (8, 125))
MILLION = 1_000_000
# Digits, and data or networks whose steps take so many times as long.
DEARER = (1, 20)


def dearer(found: Measured, times: int) -> Measured:
    """Return the same figures with longer steps."""
    step = found.step_us
    return replace(found, step_us=Line(at_zero=times * step.at_zero, slope=times * step.slope))


def million(found: Measured, cores: Sequence[int], arguments: Any) -> Iterator[tuple[str, ...]]:
    """Yield a row for each length of steps, chunk size and number of cores."""
    for times in DEARER:
        for rates, seeds in SHAPES:
            depths = [1 + place % 8 for place in range(MILLION // (rates * seeds))]
            jobs = jobs_of(dearer(found, times), depths, rates, seeds, is_cached=False)
            for number in cores:
                yield _million_row(jobs, number, (times, rates * seeds), found, arguments)


def _million_row(
    jobs: Sequence[Job], cores: int, what: tuple[int, int], found: Measured, arguments: Any
) -> tuple[str, ...]:
    rate = arguments.deaths / 24
    one = Simulation(jobs, cores, 2 * cores, found.worker_seconds, deaths_per_hour=rate).run()
    hours = one.wall_seconds / 3600
    return (
        f"{what[0]}",
        f"{what[1]}",
        f"{cores:,}",
        f"{hours:.2f}",
        f"{one.busy_seconds / one.wall_seconds / cores:.0%}",
        f"{one.writer_seconds / one.wall_seconds:.0%}",
        f"{one.deaths}",
        f"{one.waiting}, {one.waiting_bytes / 1e6:,.0f} MB",
        f"{hours * cores * arguments.dollars:,.2f}",
    )


def chunk_rows(found: Measured) -> Iterator[tuple[str, ...]]:
    for times in DEARER:
        for rates, seeds in SHAPES:
            members = rates * seeds
            one = dearer(found, times)
            seconds = one.chunk_seconds(4, members, epochs=EPOCHS, is_cached=False)
            writer = one.begin_seconds + one.writer_seconds(4, members, seeds)
            yield (
                f"{times}",
                f"{MILLION // members:,}",
                f"{rates} x {seeds} = {members}",
                f"{seconds:.1f}",
                f"{one.cold_seconds(4) / seconds:.0%}",
                f"{1000 * writer:.0f}",
                f"{seconds / writer:.0f}",
            )


def traffic_rows(found: Measured, nodes: int) -> Iterator[tuple[str, ...]]:
    for rates, seeds in SHAPES:
        count, members = MILLION // (rates * seeds), rates * seeds
        weights = count * found.weight_bytes(4, seeds)
        records = count * members * found.run_bytes(4)
        yield (
            f"{rates} x {seeds} = {members}",
            f"{nodes * found.data_bytes / 1e6:.1f} MB",
            f"{weights / 1e9:.1f} GB",
            f"{records / 1e9:.1f} GB",
        )


def print_table(header: Sequence[str], rows: Iterator[tuple[str, ...]]) -> None:
    print(f"\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dollars", type=float, default=0.04, help="price of a core-hour")
    parser.add_argument("--deaths", type=float, default=2.4, help="of a core's worker, per day")
    parser.add_argument("--cores", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--figures", type=Path, help="measured before; measured now if missing")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        what, *numbers = arguments.measure
        work = {"chunk": measure_chunk, "writer": measure_writer, "study": measure_study}
        work = (work | {"sleep": measure_sleep})[what]
        print(json.dumps(work(*map(int, numbers))))
        return
    found = _figures(arguments.figures)
    print(json.dumps(asdict(found), indent=1))
    print_table(("a study of this machine", "predicted", "measured"), iter(check(found, *SMALL)))
    print_table(("chunks that sleep", "predicted", "measured"), iter(check_schedule()))
    print_table(CHUNK_HEADER, chunk_rows(found))
    print_table(CLUSTER_HEADER, million(found, arguments.cores, arguments))
    print_table(
        ("members of each", "data, to 16 nodes", "weights", "records"), traffic_rows(found, 16)
    )


# Depths, rates and seeds of the study that is predicted and run.
SMALL = ((1, 2, 3, 4, 5, 6, 7, 8), 3, 8)


def _figures(path: Path | None) -> Measured:
    if path is None or not path.exists():
        found = measured()
        if path is not None:
            path.write_text(json.dumps(asdict(found)))
        return found
    data = json.loads(path.read_text())
    lines = {name: Line(**value) for name, value in data.items() if isinstance(value, dict)}
    return replace(Measured(**{**data, **lines}))


if __name__ == "__main__":
    main()
