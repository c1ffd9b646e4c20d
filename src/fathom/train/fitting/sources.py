"""Where an epoch's slabs come from, in the order in which Keras would train on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from fathom.train import keras_internals as internals
from fathom.train.fitting.adapters import BatchAdapter, standard_rows
from fathom.train.fitting.ahead import ahead
from fathom.train.fitting.rows import Rows, place
from fathom.train.fitting.slabs import SLAB_BYTES, Slab, capacity, stacked

# Slabs that are the same in every epoch stay on the device up to this size.
KEPT_BYTES = 8 * SLAB_BYTES


class Source(Protocol):
    """Gives the slabs of one epoch after another."""

    batches: internals.Batches

    def epoch(self, *, one_by_one: bool) -> Iterator[Slab]:
        """Yield the slabs of one epoch.

        Args:
            one_by_one: Whether every batch is fetched when it is its turn, and no sooner.
        """
        ...

    def start_anew(self) -> None:
        """Forget how far the data were read, as Keras does before it evaluates."""
        ...

    def arrays(self) -> Any:
        """Return all the rows, None if they come in batches."""
        ...

    def once_more(self) -> Iterator[Any] | None:
        """Yield the batches of the last epoch once more; None if they are gone."""
        ...


def source(
    adapter: Any,
    *,
    steps_per_epoch: int | None,
    steps_per_execution: int,
    check: Callable[[Any], None],
) -> Source:
    """Return the source of what Keras's adapter holds.

    Args:
        adapter: From `adapters.adapter`.
        check: Refuses a batch that cannot be trained on; called with those that come one by one.
        steps_per_epoch: Batches of an epoch, None for all.
        steps_per_execution: Batches that Keras would train on in one go.
    """
    settings = {
        "steps_per_epoch": steps_per_epoch,
        "steps_per_execution": steps_per_execution,
    }
    if isinstance(adapter, internals.ArrayDataAdapter):
        return ArraySource(adapter, **settings)
    return StreamSource(internals.Batches(adapter, **settings), check)


class StreamSource:
    """Batches made by Python code: fetched and stacked while the last slab trains."""

    def __init__(self, batches: internals.Batches, check: Callable[[Any], None]) -> None:
        self.batches = batches
        self._check = check

    def epoch(self, *, one_by_one: bool) -> Iterator[Slab]:
        """Yield the slabs of one epoch."""
        steps = self.batches.num_batches
        slabs = stacked(self._checked(), steps=steps, one_by_one=one_by_one)
        return slabs if one_by_one else ahead(slabs)

    def _checked(self) -> Iterator[Any]:
        for batch in _executions(self.batches):
            self._check(batch)
            yield batch

    def start_anew(self) -> None:
        """Forget how far the data were read."""
        self.batches.reset()

    def arrays(self) -> None:
        """Return None: what batches hold is known when they come."""

    def once_more(self) -> None:
        """Return None: batches are made once."""


def _executions(batches: internals.Batches) -> Iterator[Any]:
    """Yield the batches of one epoch, and what Keras does at its end."""
    with batches.catch_stop_iteration():
        for _, _, iterator in batches:
            yield next(iterator)
            for _ in range(batches.steps_per_execution - 1):
                if (batch := next(iterator, None)) is not None:
                    yield batch


class ArraySource:
    """Arrays: the rows of each batch are drawn on the host, gathered on the device."""

    def __init__(
        self, adapter: Any, *, steps_per_epoch: int | None, steps_per_execution: int
    ) -> None:
        self._adapter = adapter
        self._rows: Rows = place(standard_rows(adapter))
        self._kept: list[Slab] | None = None
        self._last_orders: list[np.ndarray] = []
        settings = {
            "steps_per_epoch": steps_per_epoch,
            "steps_per_execution": steps_per_execution,
        }
        # Keras fetches a first batch to build a model; the engine needs only row numbers.
        self.batches = internals.Batches(BatchAdapter(adapter, self._rows.batch), **settings)
        self._numbers = internals.Batches(BatchAdapter(adapter, _same), **settings)

    def start_anew(self) -> None:
        """Forget how far the data were read."""
        self._numbers.reset()

    def arrays(self) -> Any:
        """Return the arrays."""
        return self._rows.arrays

    def once_more(self) -> Iterator[Any]:
        """Yield the batches of the last epoch once more."""
        orders = list(self._orders()) if self._repeats() else self._last_orders
        return (self._rows.batch(numbers) for order in orders for numbers in order)

    def epoch(self, *, one_by_one: bool) -> Iterator[Slab]:
        """Yield the slabs of one epoch."""
        if self._repeats() and not one_by_one:
            return self._repeated()
        orders = self._last_orders = list(self._orders())
        slabs = self._slabs(_singly(orders) if one_by_one else orders)
        many = sum(map(len, orders)) * self._rows.bytes_per_row > SLAB_BYTES
        return ahead(slabs) if many and not one_by_one else slabs

    def _repeats(self) -> bool:
        """Whether every epoch has the same batches, and they are few enough to be kept."""
        small = self._rows.num_bytes <= KEPT_BYTES
        return small and not self._adapter._shuffle and self.batches.steps_per_epoch is None

    def _repeated(self) -> Iterator[Slab]:
        if self._kept is None:
            self._kept = list(self._slabs(self._orders()))
        return iter(self._kept)

    def _orders(self) -> Iterator[np.ndarray]:
        """Yield row numbers of batches of one size, (batches, rows)."""
        if self.batches.steps_per_epoch is not None or self._adapter._shuffle == "batch":
            yield from _of_one_size(list(_executions(self._numbers)))
            return
        count, rows = self._rows.count, self._adapter.batch_size
        order = np.random.permutation(count) if self._adapter._shuffle else np.arange(count)
        full = count // rows * rows
        yield order[:full].reshape(-1, rows)
        yield order[full:].reshape(-1, count - full or 1)

    def _slabs(self, orders: Any) -> Iterator[Slab]:
        for order in orders:
            steps, rows = order.shape
            room = capacity(self._rows.bytes_per_row * rows, steps)
            for start in range(0, steps, room):
                part = order[start : start + room].reshape(-1)
                yield self._rows.slab(part, rows=rows, steps=steps)


def _of_one_size(orders: list[np.ndarray]) -> Iterator[np.ndarray]:
    start = 0
    for stop in range(1, len(orders) + 1):
        if stop == len(orders) or len(orders[stop]) != len(orders[start]):
            yield np.stack(orders[start:stop])
            start = stop


def _singly(orders: list[np.ndarray]) -> list[np.ndarray]:
    return [order[place : place + 1] for order in orders for place in range(len(order))]


def _same(numbers: np.ndarray) -> np.ndarray:
    return numbers
