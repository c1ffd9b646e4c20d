"""Members are spread over the machine's devices; a CPU core counts as one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

MEMBER = "member"
BY_MEMBER = PartitionSpec(MEMBER)
EVERYWHERE = PartitionSpec()


@functools.cache
def mesh() -> Mesh:
    """Return the machine's devices as one axis of members."""
    return Mesh(np.array(jax.devices()), (MEMBER,))


def num_devices() -> int:
    """Return how many devices share the members."""
    return mesh().size


def compiler_options() -> dict[str, int]:
    """Return what XLA is told: one program is compiled in one piece.

    Cutting it up for several threads costs a third more time in all, and
    there are other programs to keep the cores busy.
    """
    is_cpu = jax.devices()[0].platform == "cpu"
    return {"xla_cpu_parallel_codegen_split_count": 1} if is_cpu else {}


def padded(members: int) -> int:
    """Return `members` rounded up to a multiple of the devices."""
    devices = num_devices()
    return -(-members // devices) * devices


def place_by_member(tree: Any) -> Any:
    """Put arrays whose first axis is the members on the devices, a part on each."""
    return jax.device_put(tree, NamedSharding(mesh(), BY_MEMBER))


def place_everywhere(tree: Any) -> Any:
    """Put arrays that all members read on every device."""
    return jax.device_put(tree, NamedSharding(mesh(), EVERYWHERE))


def over_members(
    function: Callable[..., Any], *, by_member: tuple[bool, ...]
) -> Callable[..., Any]:
    """Return `function` of one member as a function of all members.

    Args:
        function: Of one member's arrays.
        by_member: For each argument, whether it has a member axis or is the
            same for all.
    """
    axes = tuple(0 if by else None for by in by_member)
    specs = tuple(BY_MEMBER if by else EVERYWHERE for by in by_member)
    return jax.shard_map(
        jax.vmap(function, in_axes=axes),
        mesh=mesh(),
        in_specs=specs,
        out_specs=BY_MEMBER,
        check_vma=False,
    )


def shape_of(tree: Any, *, by_member: bool) -> Any:
    """Return the shapes, dtypes and placement of `tree`, to compile for."""
    sharding = NamedSharding(mesh(), BY_MEMBER if by_member else EVERYWHERE)
    return jax.tree.map(
        lambda a: jax.ShapeDtypeStruct(np.shape(a), a.dtype, sharding=sharding), tree
    )
