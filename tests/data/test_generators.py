"""Made-up data follow the formulas they are defined by."""

from __future__ import annotations

import numpy as np
import pytest

from fathom.data import load
from fathom.data.sources import generators
from fathom.data.sources.generators import GENERATORS, Draw
from fathom.errors import SpecError


def draw(name: str, *, rows: int = 4000, noise: float = 0.0, size: int = 3):
    make = getattr(generators, name)
    return make(Draw(rows=rows, noise=noise, size=size), np.random.default_rng(0))


def test_circle_is_a_disc_inside_a_ring():
    x, y = draw("circle")
    radius = np.hypot(*x.T)

    assert (radius[y == 1] < 2.5).all()
    assert ((radius[y == 0] > 3.5) & (radius[y == 0] < 5)).all()
    assert y.mean() == 0.5


def test_xor_is_blue_where_the_signs_agree_and_keeps_off_the_axes():
    x, y = draw("xor")

    assert np.array_equal(y == 1, x[:, 0] * x[:, 1] > 0)
    assert np.abs(x).min() >= 0.3
    assert 5 < np.abs(x).max() <= 5.3


def test_gauss_has_the_playgrounds_centres_and_variance():
    for noise in (0.0, 0.5):
        x, y = draw("gauss", rows=20_000, noise=noise)
        for label, centre in ((1, 2), (0, -2)):
            cloud = x[y == label]
            assert np.allclose(cloud.mean(axis=0), centre, atol=0.08)
            assert np.allclose(cloud.var(axis=0), 0.5 + 7 * noise, rtol=0.06)


def test_spiral_turns_once_and_three_quarters():
    x, y = draw("spiral", rows=200)
    blue, orange = x[y == 1], x[y == 0]

    along = np.arange(100) / 100
    angle = 1.75 * 2 * np.pi * along
    assert np.allclose(blue, 5 * along[:, None] * np.column_stack([np.sin(angle), np.cos(angle)]))
    assert np.allclose(orange, -blue)


def test_plane_is_the_sum_over_ten():
    x, y = draw("plane")

    assert np.allclose(y, x.sum(axis=1) / 10)
    assert np.abs(x).max() <= 6


def test_gaussian_has_six_hills_of_alternating_sign():
    x, y = draw("gaussian")

    for centre_x, centre_y, sign in [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (0, -2.5, 1)]:
        distance = np.hypot(x[:, 0] - centre_x, x[:, 1] - centre_y)
        near = distance < 1
        assert np.allclose(y[near], sign * (1 - distance[near] / 2))
    far = np.hypot(x[:, 0], x[:, 1]) < 0.4  # 2.1 or more from every centre
    assert (y[far] == 0).all()


def test_moons_lie_on_two_half_circles():
    x, y = draw("moons")

    assert np.allclose(np.hypot(*x[y == 0].T), 1)
    assert np.allclose(np.hypot(*(x[y == 1] - [1.0, 0.5]).T), 1)


def test_parity_is_the_parity_of_the_ones():
    x, y = draw("parity", size=6)

    assert x.shape == (4000, 6)
    assert np.array_equal(y, (x > 0).sum(axis=1) % 2)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_sawtooth_has_two_to_the_compositions_slopes(size):
    x, y = draw("sawtooth", size=size)
    order = np.argsort(x[:, 0])

    rising = np.diff(y[order]) > 0
    turns = (rising[1:] != rising[:-1]).sum()
    assert turns == pytest.approx(2**size - 1, abs=1)
    assert (y >= 0).all() and (y <= 1).all()
    assert np.abs(np.diff(y) / np.diff(x[:, 0])).max() <= 2**size + 1e-6


@pytest.mark.parametrize("name", ["circle", "xor", "plane", "gaussian", "spiral"])
def test_noise_changes_what_it_should(name):
    clean, noisy = draw(name), draw(name, noise=0.5)

    moved = (0, 1)[name in ("circle", "xor", "plane", "gaussian")]
    assert not np.allclose(clean[moved], noisy[moved])
    if moved == 1:  # the points stay, their labels are those of noised points
        assert np.array_equal(clean[0], noisy[0])


@pytest.mark.parametrize("name", GENERATORS)
def test_every_generator_loads_with_all_splits_and_its_own_task(name):
    data = load(name)

    assert data.task == ("classification" if GENERATORS[name].classes else "regression")
    assert data.classes == GENERATORS[name].classes
    assert len(data.train) + len(data.validation) + len(data.test) == GENERATORS[name].rows
    x = data.train.x.astype(np.float64)
    steps = x[x[..., -1] == 1, :-1] if data.is_padded else x
    assert np.allclose(steps.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(steps.std(axis=0), 1, atol=1e-5)


def test_a_number_after_a_colon_is_the_size():
    assert load("parity:10").input_shape == (10,)
    assert load("parity", bits=10).input_shape == (10,)
    assert load("parity:10").name == "parity-10"


def test_the_seed_is_the_seed_of_the_points():
    assert load("moons", seed=3).fingerprint == load("moons", seed=3).fingerprint
    assert load("moons", seed=3).fingerprint != load("moons", seed=4).fingerprint


def test_repeated_parity_patterns_are_said():
    assert any("2,000 rows of 256 patterns" in notice for notice in load("parity").notices)
    assert not any("patterns" in notice for notice in load("parity:20").notices)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("xor:3", {}, "After a colon `xor` takes nothing. Received: '3'"),
        ("parity:", {}, "After a colon `parity` takes a number of bits. Received: ''"),
        ("parity:many", {}, "a number of bits. Received: 'many'"),
        ("parity:0", {}, "`bits` must be at least 1. Received: bits=0"),
        ("parity:999", {}, "`bits` must be at most 64. Received: bits=999"),
        ("sawtooth", {"bits": 3}, "`bits` does not apply to sawtooth. Received: bits=3"),
        ("circle", {"rows": 3}, "`rows` must be at least 10. Received: rows=3"),
        ("circle", {"rows": 10**9}, "`rows` must be at most 10,000,000"),
        ("circle", {"noise": 60}, "`noise` must be at most 50. Received: noise=60"),
        ("circle", {"noise": float("nan")}, "`noise` must be at least 0"),
        ("iris", {"rows": 20}, "`rows` does not apply to a built-in data set. Received: rows=20"),
        ("iris", {"target": "x"}, "`target` does not apply to a built-in data set"),
    ],
)
def test_settings_that_do_not_fit_are_refused(source, options, message):
    with pytest.raises(SpecError) as caught:
        load(source, **options)

    assert message in str(caught.value)
