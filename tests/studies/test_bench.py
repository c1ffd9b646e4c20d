"""Which networks of a study are compiled as one."""

from __future__ import annotations

import pytest

from fathom.specs import ModelSpec
from fathom.studies.bench import groups_to_compile


def networks(depths, *, width=8):
    spec = ModelSpec(input_shape=(4,), num_classes=3, width=width)
    return [spec.at(depth=depth, width=width) for depth in depths]


@pytest.mark.parametrize(
    ("depths", "sizes"),
    [(range(1, 9), [4, 4]), (range(9), [5, 4]), ([3], [1]), ([1, 8], [1, 1]), (range(20), [6] * 3)],
)
def test_small_networks_share_as_many_programs_as_there_are_compiling_threads(depths, sizes):
    made = networks(depths)
    groups = groups_to_compile(made)
    assert [len(group) for group in groups[: len(sizes)]] == sizes
    assert [network for group in groups for network in group] == made


def test_large_networks_are_compiled_alone():
    small, large = networks([1, 2], width=8), networks([1, 2], width=512)
    sizes = [len(group) for group in groups_to_compile([*small, *large])]
    assert sizes == [2, 1, 1]
