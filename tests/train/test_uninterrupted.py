import _thread
import threading
import time

import keras
import numpy as np
import pytest

import fathom
from fathom.train.pacing import Pace
from fathom.train.uninterrupted import Uninterrupted


def test_what_the_call_returns_is_returned():
    assert Uninterrupted()(lambda: 42) == 42


def test_ctrl_c_is_heard_after_the_call_is_done():
    done = []

    def call():
        _thread.interrupt_main()
        time.sleep(0.2)
        done.append(True)

    with pytest.raises(KeyboardInterrupt):
        Uninterrupted()(call)
    assert done == [True]


def test_what_the_call_raises_is_raised():
    def call():
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        Uninterrupted()(call)


def test_a_population_stopped_by_ctrl_c_still_has_its_weights():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(4096, 4)), random.normal(size=(4096, 2))
    population = fathom.Population(model, seed=range(2))
    epochs = population.train(x, y, epochs=10_000, batch_size=8)
    next(epochs)
    before = population.predict(x[:5])
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        for _ in epochs:
            pass
    after = population.predict(x[:5])
    assert np.isfinite(after).all()
    assert (after != before).any()


def test_a_fit_that_hands_its_memory_over_still_has_its_weights(monkeypatch):
    monkeypatch.setattr("fathom.train.fitting.loop.DONATED_BYTES", 0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(4096, 4)), random.normal(size=(4096, 2))
    fathom.fit(model, x, y, epochs=1, batch_size=8, verbose=0)
    before = [np.array(values) for values in model.get_weights()]
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        fathom.fit(model, x, y, epochs=100_000, batch_size=8, verbose=0)
    for now, then in zip(model.get_weights(), before, strict=True):
        assert np.isfinite(now).all()
        assert (now != then).any()


def test_calls_grow_until_they_take_as_long_as_they_may():
    pace = Pace()
    assert pace.affordable_steps() == 2
    pace.note(2, 0.002)
    assert pace.affordable_steps() == 2 * 64
    pace.note(128, 0.128)
    assert pace.affordable_steps() == 400


def test_a_short_call_does_not_spoil_what_a_long_one_told():
    pace = Pace()
    pace.note(1000, 0.1)
    pace.note(1, 0.05)
    assert pace.seconds_per_step == pytest.approx(1e-4)
