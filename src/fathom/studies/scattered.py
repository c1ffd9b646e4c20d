"""Architectures sent to the workers of a cluster, and trained there as they are here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import msgspec
import numpy as np

from fathom import models, train
from fathom.data import Dataset, Split
from fathom.errors import SpecError
from fathom.launch import PASSING, Chunk, Cluster, Devices, Heard, Message, gathered
from fathom.specs import (
    ModelSpec,
    Progress,
    StudySpec,
    decode_record,
    encode_record,
    from_json_data,
)
from fathom.studies.artifacts import Artifact, Event
from fathom.studies.bench import Bench, compiler
from fathom.studies.pace import FIXED_COST, Pace

RECORD, ARTIFACT = "record", "artifact"
# What Python, Keras and JAX take in a worker, measured after a first small study.
WORKER_BYTES = 700 * 2**20


def check_scatters(spec: StudySpec) -> None:
    """Raise unless the architectures of a study can train apart from each other.

    Raises:
        SpecError: Members are let go by comparing them across architectures, or by the clock.
    """
    if not spec.is_staged:
        return
    asked = (
        f"minutes={spec.minutes:g}" if spec.minutes is not None else f"allocation={spec.allocation}"
    )
    raise SpecError(
        "A study on a cluster trains its full grid: halving compares all architectures while they "
        f"train, and minutes are planned for one machine. Received: {asked}.",
        hint="leave out --ray; or, on the cluster, --allocation full without --minutes",
    )


def scattered(
    bench: Bench, networks: Sequence[ModelSpec], cluster: Cluster, pace: Pace
) -> Iterator[Event]:
    """Train networks on a cluster; yield the events that they give here, in the same order.

    Progress comes as it happens, from all of them at once.

    Args:
        bench: What the networks share.
        networks: Which ones, in the study's order.
        cluster: Where they train.
        pace: Knows when the study began.
    """
    scatter = Scatter.of(bench, networks, cluster)
    advance = _Advance(pace, {_place(one): models.num_parameters(one) for one in networks})
    for heard in gathered(scatter.chunks(networks), cluster):
        yield _event(heard, advance, bench.spec.train.epochs)


def _place(network: ModelSpec) -> tuple[int, int]:
    return network.depth, network.width


# -- what is sent ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a worker is told.

    Args:
        spec: The study.
        network: The architecture to train.
        guess: What a member without a finite loss is worth.
        task: Of the data.
        classes: Of the data.
    """

    spec: StudySpec
    network: ModelSpec
    guess: float
    task: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Scatter:
    """Makes chunks of architectures.

    Args:
        bench: What they share.
        order: What a worker is told, but for the architecture.
        shared: The data, in the object store.
        devices: What workers compute on: as many as here, so that results are the same.
        cores: Cores that are kept for each chunk.
        data_bytes: Of the data on all devices of a worker, and in the object store.
    """

    bench: Bench
    order: Order
    shared: tuple[Any, ...]
    devices: Devices
    cores: int
    data_bytes: int

    @classmethod
    def of(cls, bench: Bench, networks: Sequence[ModelSpec], cluster: Cluster) -> Scatter:
        dataset, devices = bench.dataset, Devices(train.platform(), train.num_devices())
        order = Order(
            spec=bench.spec,
            network=bench.spec.model,
            guess=bench.guess,
            task=dataset.task,
            classes=dataset.classes,
        )
        arrays = _arrays(dataset)
        shared = cluster.share(arrays, name=dataset.fingerprint)
        cores = cluster.cores_for(len(networks), most=devices.number)
        placed = (devices.number + 1) * sum(array.nbytes for array in arrays)
        return cls(bench, order, shared, devices, cores, placed)

    def chunks(self, networks: Iterable[ModelSpec]) -> Iterator[Chunk]:
        """Yield a chunk for each network; how much memory it takes is found out only then."""
        for network in networks:
            order = replace(self.order, network=network)
            yield Chunk(
                name=f"depth {network.depth}, width {network.width}",
                work=train_network,
                settings=msgspec.json.encode(order),
                shared=self.shared,
                bytes=self._bytes(network),
                cores=self.cores,
                devices=self.devices,
            )

    def _bytes(self, network: ModelSpec) -> int:
        settings, rows = self.bench.spec.train, self.bench.dataset.train
        batch = min(settings.batch_size, len(rows))
        compiled = partial(
            models.compile_for, task=network.task, optimizer=settings.optimizer, metrics=False
        )
        model = train.record(
            partial(models.build, network), compiled, rows.x[:batch], rows.y[:batch]
        ).model
        members = len(self.bench.spec.learning_rates) * self.bench.spec.seeds
        each = train.member_bytes(model, batch, rows.x)
        return WORKER_BYTES + self.data_bytes + members * each


def _arrays(dataset: Dataset) -> list[np.ndarray]:
    splits = dataset.splits.values()
    return [array for split in splits for array in (split.x, split.y, split.rows)]


# -- what a worker does ------------------------------------------------------------------


def train_network(settings: bytes, shared: Sequence[np.ndarray]) -> Iterator[Message]:
    """Train one architecture as `Bench.train` does; runs in a worker.

    Args:
        settings: An `Order` as JSON.
        shared: Inputs, targets and row numbers of the three splits.
    """
    order = from_json_data(msgspec.json.decode(settings), Order)
    bench, pace = _bench(order, _dataset(order, shared)), Pace()
    pace.plan([models.num_parameters(order.network)])
    with compiler() as executor:
        population = bench.population(order.network, executor)
        for event in bench.train(order.network, population, pace):
            yield _message(event)


def _bench(order: Order, dataset: Dataset) -> Bench:
    """Return the bench of a chunk; its data go with it, or the object store could not let go."""
    splits = [(split.x, split.y) for split in (dataset.train, dataset.validation)]
    data = train.TrainingData.place(splits[0], splits[1])
    return Bench(spec=order.spec, dataset=dataset, data=data, guess=order.guess)


def _dataset(order: Order, shared: Sequence[np.ndarray]) -> Dataset:
    """Return the data as far as training looks at them: splits, task and classes."""
    train_split, validation, test = (Split(*shared[at : at + 3]) for at in (0, 3, 6))
    return Dataset(
        name="",
        source="",
        task=order.task,
        target=None,
        classes=order.classes,
        feature_names=(),
        train=train_split,
        validation=validation,
        test=test,
        columns=(),
        notices=(),
        preprocessing=cast("Any", None),
        seed=order.spec.seed,
        balance="",
        split_rule="",
    )


# -- events as messages ------------------------------------------------------------------


def _message(event: Event) -> Message:
    if isinstance(event, Progress):
        return Message(PASSING, msgspec.json.encode(event), {})
    if isinstance(event, Artifact):
        body = {"name": event.name, "metadata": event.metadata}
        return Message(ARTIFACT, msgspec.json.encode(body), event.arrays)
    return Message(RECORD, msgspec.json.encode(encode_record(event)), {})


def _event(heard: Heard, advance: _Advance, epochs: int) -> Event:
    message = heard.message
    if message is None:
        return advance.began(heard, epochs)
    data = msgspec.json.decode(message.body)
    if message.kind == PASSING:
        return advance.told(heard, from_json_data(data, Progress))
    if message.kind == ARTIFACT:
        return Artifact(**data, arrays=dict(message.arrays))
    return decode_record(data)


@dataclass
class _Advance:
    """How far all networks are, for an estimate of the time left."""

    pace: Pace
    parameters: dict[tuple[int, int], int]

    def __post_init__(self) -> None:
        self._shares = dict.fromkeys(self.parameters, 0.0)

    def began(self, heard: Heard, epochs: int) -> Progress:
        """Return the progress of a network whose worker has just begun, or died."""
        order = from_json_data(msgspec.json.decode(heard.chunk.settings), Order)
        depth, width = _place(order.network)
        self._shares[depth, width] = 0.0
        progress = Progress(
            depth=depth,
            width=width,
            epoch=0,
            epochs=epochs,
            best_score=None,
            gradient_ratio=None,
            diverged=0,
            active=order.spec.seeds * len(order.spec.learning_rates),
            seconds_left=None,
        )
        return self._placed(heard, progress)

    def told(self, heard: Heard, progress: Progress) -> Progress:
        """Return what a worker told, with the time that is left of the whole study."""
        place = (progress.depth, progress.width)
        self._shares[place] = progress.epoch / max(progress.epochs, 1)
        return self._placed(heard, progress)

    def _placed(self, heard: Heard, progress: Progress) -> Progress:
        return replace(
            progress,
            seconds_left=self._seconds_left(),
            node=heard.node,
            process=heard.process,
            death=heard.death,
        )

    def _seconds_left(self) -> float | None:
        work = {place: count + FIXED_COST for place, count in self.parameters.items()}
        total = sum(work.values())
        done = sum(self._shares[place] * work[place] for place in work)
        return self.pace.elapsed * (total - done) / done if done > 0.02 * total else None
