"""Members are spread over the machine's devices; a CPU core counts as one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

MEMBER = "member"
BY_MEMBER = PartitionSpec(MEMBER)
EVERYWHERE = PartitionSpec()

# Multiplications of one step: above these, narrow blocks fit the cache and waste little on padding.
LARGE_STEP = 2e6
HUGE_STEP = 1e8
UNOPTIMISED = {"xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 0}


@functools.cache
def mesh() -> Mesh:
    """Return the machine's devices as one axis of members."""
    return Mesh(np.array(jax.devices()), (MEMBER,))


def num_devices() -> int:
    """Return how many devices share the members."""
    return mesh().size


def compiler_options(*, quickly: bool = False) -> dict[str, int | bool]:
    """Return what XLA is told: one program is compiled in one piece.

    Cutting it up for several threads costs a third more time in all, and
    there are other programs to keep the cores busy.

    Args:
        quickly: Whether a program is run so seldom that it is compiled for longer than it
            runs: it is not optimised, which takes a sixth of the time.
    """
    if not is_cpu():
        return {}
    return {"xla_cpu_parallel_codegen_split_count": 1} | (UNOPTIMISED if quickly else {})


def platform() -> str:
    """Return what kind of devices they are, in JAX's word: "cpu" or "gpu"."""
    return jax.devices()[0].platform


def is_cpu() -> bool:
    """Return whether the devices are cores of the CPU."""
    return platform() == "cpu"


def block_width(operations_per_step: float) -> int:
    """Return how many members a device trains side by side.

    The width depends on the architecture alone. So XLA's arithmetic for a
    member is the same whoever trains beside it and on however many devices.

    Args:
        operations_per_step: Parameters times rows of one step of one member.
    """
    if not is_cpu():
        return 32
    if operations_per_step < LARGE_STEP:
        return 4
    return 2 if operations_per_step < HUGE_STEP else 1


def padded(members: int, block: int = 1) -> int:
    """Return `members` rounded up so that every device has as many whole blocks."""
    unit = num_devices() * block
    return -(-members // unit) * unit


def place_by_member(tree: Any) -> Any:
    """Put arrays whose first axis is the members on the devices, a part on each."""
    return jax.device_put(tree, NamedSharding(mesh(), BY_MEMBER))


def copied(tree: Any) -> Any:
    """Return copies of arrays whose first axis is the members, on the same devices."""
    return place_by_member(jax.tree.map(np.array, tree))


def copied_there(tree: Any) -> Any:
    """Return copies of arrays whose first axis is the members, made where they are."""
    return _copier()(tree)


@functools.cache
def _copier() -> Callable[[Any], Any]:
    placement = NamedSharding(mesh(), BY_MEMBER)
    return jax.jit(lambda tree: jax.tree.map(jnp.copy, tree), out_shardings=placement)


def place_everywhere(tree: Any) -> Any:
    """Put arrays that all members read on every device."""
    return jax.device_put(tree, NamedSharding(mesh(), EVERYWHERE))


@functools.lru_cache(maxsize=256)
def placed_numbers(*numbers: int) -> Any:
    """Put a few whole numbers on every device, int32; the same ones only once."""
    return place_everywhere(np.array(numbers, np.int32))


def over_members(
    function: Callable[..., Any], *, by_member: tuple[bool, ...], block: int | None = None
) -> Callable[..., Any]:
    """Return `function` of one member as a function of all members.

    Args:
        function: Of one member's arrays.
        by_member: For each argument, whether it has a member axis or is the
            same for all.
        block: Members that a device takes side by side, one block after the
            other; None for all of its members at once.
    """
    axes = tuple(0 if by else None for by in by_member)
    side_by_side = jax.vmap(function, in_axes=axes)
    return _over_devices(_in_blocks(side_by_side, by_member, block), by_member)


def in_blocks(
    function: Callable[..., Any],
    *,
    by_member: tuple[bool, ...],
    block: int | None,
    may_rest: bool = False,
) -> Callable[..., Any]:
    """Return `function` of some members as a function of the first blocks of all members.

    Args:
        function: From members' state and further arguments to their state.
        by_member: For each argument, whether it has a member axis or is the
            same for all; the state has one.
        block: Members that a device takes side by side; None for all of its
            members, whatever `blocks` says.
        may_rest: Whether no blocks are none also where there is one block of all.

    Returns:
        A function of `(blocks, *arguments)`; `blocks`, int32 (devices,), says how
        many of its blocks each device takes (`blocks_of`). The states in the others
        are returned as they were.
    """
    if block is None:
        whole = _unless_at_rest(function) if may_rest else lambda _, *rest: function(*rest)
        return _over_devices(whole, (True, *by_member))

    def some(blocks: Any, *arguments: Any) -> Any:
        whole = [_split(a, block) if by else a for a, by in zip(arguments, by_member)]

        def one(index: Any, states: Any) -> Any:
            taken = [
                jax.tree.map(lambda leaf: leaf[index], a) if by else a
                for a, by in zip((states, *whole[1:]), by_member)
            ]
            new = function(*taken)
            return jax.tree.map(
                lambda all_, part: lax.dynamic_update_index_in_dim(all_, part, index, 0),
                states,
                new,
            )

        return _joined(lax.fori_loop(0, blocks[0], one, whole[0]))

    return _over_devices(some, (True, *by_member))


def _unless_at_rest(function: Callable[..., Any]) -> Callable[..., Any]:
    def one_or_none(blocks: Any, state: Any, *arguments: Any) -> Any:
        return lax.cond(blocks[0] > 0, lambda s: function(s, *arguments), lambda s: s, state)

    return one_or_none


def blocks_of(slots: np.ndarray, *, width: int, block: int) -> np.ndarray:
    """Return how many of its first blocks each device needs to reach its members.

    Args:
        slots: Places of the members in the arrays, in [0, width).
        width: Places in the arrays, as many on every device.
        block: Members side by side.

    Returns:
        int32 (devices,).
    """
    device, place = np.divmod(slots, width // num_devices())
    blocks = np.zeros(num_devices(), np.int32)
    np.maximum.at(blocks, device, (place // block + 1).astype(np.int32))
    return blocks


def _in_blocks(
    side_by_side: Callable[..., Any], by_member: tuple[bool, ...], block: int | None
) -> Callable[..., Any]:
    if block is None:
        return side_by_side

    def blocked(*arguments: Any) -> Any:
        own = [_split(a, block) for a, by in zip(arguments, by_member) if by]

        def one(parts: list[Any]) -> Any:
            rest = iter(parts)
            return side_by_side(*(next(rest) if by else a for a, by in zip(arguments, by_member)))

        return _joined(lax.map(one, own))

    return blocked


def _split(tree: Any, block: int) -> Any:
    """Return (members, ...) as (blocks, block, ...)."""
    return jax.tree.map(lambda a: a.reshape(-1, min(block, a.shape[0]), *a.shape[1:]), tree)


def _joined(tree: Any) -> Any:
    return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), tree)


def _over_devices(function: Callable[..., Any], by_member: tuple[bool, ...]) -> Callable[..., Any]:
    return jax.shard_map(
        function,
        mesh=mesh(),
        in_specs=tuple(BY_MEMBER if by else EVERYWHERE for by in by_member),
        out_specs=BY_MEMBER,
        check_vma=False,
    )


def by_member_shape(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return the shape, dtype and placement of an array whose first axis is the members."""
    return shape_of(jax.ShapeDtypeStruct(shape, dtype), by_member=True)


def shape_of(tree: Any, *, by_member: bool) -> Any:
    """Return the shapes, dtypes and placement of `tree`, to compile for."""
    sharding = NamedSharding(mesh(), BY_MEMBER if by_member else EVERYWHERE)
    return jax.tree.map(
        lambda a: jax.ShapeDtypeStruct(np.shape(a), a.dtype, sharding=sharding), tree
    )
