"""Studies on a real Ray cluster of this machine, with workers that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fathom
from fathom import launch
from fathom.api.series_running import SeriesEvent, StudyBegins
from fathom.errors import LaunchError
from fathom.launch import Chunk, gathered
from fathom.specs import Progress, TestRecord, to_json_data
from fathom.store import Store
from fathom.studies import Event

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

OPTIONS: dict[str, Any] = {
    "depths": [0, 1, 2],
    "widths": 8,
    "seeds": 2,
    "learning_rates": [1e-2],
    "epochs": 300,
    "patience": None,
    "baselines": False,
    "regularize": False,
}
TIMES = ("train_seconds", "batch_ms", "milliseconds", "wall_seconds")
WORDS = ("name", "text", "findings", "machine")  # some tell times


@pytest.fixture(scope="module")
def cluster() -> Iterator[launch.Cluster]:
    with launch.cluster() as one:
        yield one


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def here(store: Store) -> str:
    return fathom.study("iris", name="here", store=store, **OPTIONS).name


def untimed(store: Store, name: str) -> list[dict[str, Any]]:
    """Return a study's records without what a clock told."""
    data = [to_json_data(record) for record in store.open(name).records()]
    return [{k: v for k, v in one.items() if k not in (*TIMES, *WORDS)} for one in data]


def weights(store: Store, name: str) -> dict[str, bytes]:
    folder = store.open(name).folder / "weights"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Killer:
    """Kills the first worker that is in the middle of a training."""

    def __init__(self) -> None:
        self.killed: int | None = None
        self.deaths: list[Progress] = []
        self.processes: set[int] = set()

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Progress):
            return
        if event.death:
            self.deaths.append(event)
        if event.process is not None:
            self.processes.add(event.process)
        if self.killed is None and event.process and 0 < event.epoch < event.epochs:
            self.killed = event.process
            os.kill(self.killed, signal.SIGKILL)


def test_records_and_weights_are_those_from_here_though_a_worker_is_killed(
    cluster: launch.Cluster, store: Store, here: str
) -> None:
    killer = Killer()
    there = fathom.study("iris", name="there", store=store, ray=True, on_event=killer, **OPTIONS)
    assert killer.killed is not None
    assert len(killer.deaths) == 1
    assert "killed" in killer.deaths[0].death
    assert len(killer.processes) >= 2
    assert untimed(store, there.name) == untimed(store, here)
    assert weights(store, there.name) == weights(store, here)


SWEPT: dict[str, Any] = {
    **{name: OPTIONS[name] for name in ("widths", "seeds", "learning_rates", "baselines")},
    "splits": 3,
    "depths": [1],
    "epochs": 20,
}


class Stopper:
    """Raises when a series' second study begins."""

    def __init__(self) -> None:
        self.nodes: set[str] = set()

    def __call__(self, event: SeriesEvent) -> None:
        if isinstance(event, Progress):
            self.nodes.add(event.node)
        if isinstance(event, StudyBegins) and event.place == 1:
            raise ArithmeticError("of whoever watches")


def test_a_series_stopped_and_resumed_finds_what_it_finds_here(
    cluster: launch.Cluster, tmp_path: Path
) -> None:
    from cli.running import run_here  # workers, which import this file, do not find it

    store, stop = Store(tmp_path), Stopper()
    with pytest.raises(ArithmeticError) as held:  # with what ran, which must be closed by now
        fathom.sweep("iris", name="there", store=store, ray=True, on_event=stop, **SWEPT)
    resumed = run_here("resume", "there", "--ray", "--store", tmp_path, "--json")
    assert held.value.args == ("of whoever watches",)
    assert resumed.code == 0, resumed.err
    assert "split-1: finished before" in resumed.err
    assert "split-2: finished" not in resumed.err
    assert resumed.err.count("trains on") == 2
    here = fathom.sweep("iris", name="here", store=store, **SWEPT)
    there = fathom.open_sweep("there", store=store)
    assert stop.nodes == {node.address for node in cluster.nodes}
    assert there.verdict == here.verdict
    assert there.table().drop("train_seconds").equals(here.table().drop("train_seconds"))
    for name in here.studies:
        stores = [store.open_series(one).store for one in ("there", "here")]
        told, expected = (by_network(untimed(one, name)) for one in stores)
        assert told == expected
        assert weights(stores[0], name) == weights(stores[1], name)


def test_data_are_put_into_the_object_store_once_until_others_are(cluster: launch.Cluster) -> None:
    arrays = [np.arange(3)]
    first = cluster.share(arrays, name="a")
    assert cluster.share(arrays, name="a") == first
    assert cluster.share(arrays, name="b") != first


def test_a_chunk_too_large_for_every_node_is_refused(cluster: launch.Cluster) -> None:
    chunk = Chunk(name="depth 1, width 9", work=untold, settings=b"", bytes=10**15)
    with pytest.raises(LaunchError, match=r"depth 1, width 9 needs 1000000\.0 GB"):
        list(gathered([chunk], cluster))


def untold(settings: bytes, shared: object) -> Iterator[Any]:
    raise AssertionError("a chunk that fits nowhere is not begun")


def test_a_fault_of_the_work_comes_back_with_its_place(cluster: launch.Cluster) -> None:
    chunk = Chunk(name="a", work=untold, settings=b"")
    with pytest.raises(RuntimeError, match=r"(?s)fits nowhere.*test_cluster\.py"):
        list(gathered([chunk], cluster))


SECONDS_TO_BEGIN = 240  # of a busy machine
STOPS = {"interrupted": signal.SIGINT, "killed": signal.SIGKILL}


def test_nothing_runs_on_after_a_stop_and_resume_ends_in_the_same_table(
    store: Store, here: str, tmp_path: Path
) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("processes are looked up in /proc")
    studies = {name: begun(name, store, tmp_path) for name in STOPS}  # clusters start side by side
    for name, number in STOPS.items():
        wait_for(partial(has_tested, store, name), seconds=SECONDS_TO_BEGIN)
        studies[name].send_signal(number)
    said = {name: study.communicate(timeout=60)[1] for name, study in studies.items()}
    wait_for(lambda: not marked(mark_of("interrupted", tmp_path)), seconds=60)
    # A worker that is just starting when Ray is killed gives up by itself, a minute later.
    wait_for(lambda: not servers(mark_of("killed", tmp_path)), seconds=60)
    assert studies["interrupted"].returncode == 130
    assert "go on with: fathom resume interrupted" in said["interrupted"]
    assert store.open("interrupted").summary().status == "paused"
    assert studies["killed"].returncode == -signal.SIGKILL
    fathom.resume("killed", store=store)
    assert by_network(untimed(store, "killed")) == by_network(untimed(store, here))
    assert weights(store, "killed") == weights(store, here)


def begun(name: str, store: Store, tmp_path: Path) -> subprocess.Popen[str]:
    """Begin a study on a cluster of its own; its processes are marked."""
    command = [sys.executable, "-c", STUDY, str(store.root), name]
    variable, value = mark_of(name, tmp_path).split("=")
    environment = {**os.environ, variable: value}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


STUDY = """
import sys
from fathom.cli import main
store, name = sys.argv[1:]
grid = "--depths 0-2 --widths 8 --seeds 2 --learning-rates 1e-2 --epochs 300 --patience 0"
rest = f"--ray --no-baselines --no-regularize --store {store} --name {name}"
sys.argv = ["fathom", "study", "iris", *grid.split(), *rest.split()]
main()
"""


def mark_of(name: str, tmp_path: Path) -> str:
    return f"FATHOM_MARK={tmp_path}/{name}"


def has_tested(store: Store, name: str) -> bool:
    if not (store.root / name).is_dir():
        return False
    return any(isinstance(record, TestRecord) for record in store.open(name).records())


def wait_for(condition: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def marked(mark: str) -> list[int]:
    """Return the processes whose environment has a mark."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return found


def servers(mark: str) -> list[int]:
    """Return the marked processes that are Ray's own, and not its workers."""
    own = (b"/raylet/raylet", b"gcs_server")
    found = []
    for number in marked(mark):
        with suppress(OSError):
            command = Path(f"/proc/{number}/cmdline").read_bytes()
            found += [number] if any(name in command for name in own) else []
    return found


def by_network(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was trained and tested, without what a stop leaves in the log."""
    return [one for one in records if "epochs" in one or "scores" in one]
