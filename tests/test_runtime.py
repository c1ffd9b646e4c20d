"""What Fathom tells the process before JAX starts."""

import ctypes
import os
import subprocess
import sys

import pytest

from fathom import runtime

MALLOPT = getattr(ctypes.CDLL(None), "mallopt", None)
CALLS = """
import ctypes
from fathom import runtime

class Glibc:
    def mallopt(self, number, value):
        print(number, value)

ctypes.CDLL = lambda name: Glibc()
runtime._keep_freed_memory()
"""


def settings_told(**environment: str) -> list[str]:
    """Return what a fresh process tells glibc."""
    own = {name: value for name, value in os.environ.items() if name not in runtime.MALLOC_SETTINGS}
    told = subprocess.run(
        [sys.executable, "-c", CALLS], env=own | environment, capture_output=True, check=True
    )
    return told.stdout.decode().splitlines()


@pytest.mark.skipif(MALLOPT is None, reason="the C library has no mallopt")
def test_glibc_takes_both_thresholds():
    assert MALLOPT is not None
    assert MALLOPT(runtime.MMAP_THRESHOLD, runtime.LARGEST_HEAP_BLOCK) == 1
    assert MALLOPT(runtime.TRIM_THRESHOLD, runtime.KEPT_FREE) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has glibc")
def test_freed_memory_is_kept_unless_the_user_set_the_allocator():
    assert settings_told() == [f"-3 {32 * 2**20}", f"-1 {64 * 2**20}"]
    assert settings_told(MALLOC_TRIM_THRESHOLD_="131072") == []


PUT_OFF = """
import sys, threading, importlib.util
from fathom import runtime

runtime.start()
import keras, fathom.measure, fathom.train
assert "scipy.stats._stats_py" not in sys.modules, "imported before it is used"
assert importlib.util.find_spec("scipy.stats") is not None
from scipy import stats

found, start = [], threading.Barrier(4)

def use():
    start.wait()
    found.append(stats.norm.cdf(0.0))

threads = [threading.Thread(target=use) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert found == [0.5] * 4, found

import scipy.stats.mstats
assert type(sys.modules["scipy.stats"]).__name__ == "module"
assert scipy.stats.mstats is stats.mstats
assert scipy.stats.norm is stats.norm
runtime.import_when_used("scipy.stats")
assert sys.modules["scipy.stats"] is scipy.stats, "what is imported stays"
runtime.import_when_used("no_such_module")
assert "no_such_module" not in sys.modules
"""


def test_what_is_seldom_used_is_imported_when_it_is_used_by_any_thread():
    subprocess.run([sys.executable, "-W", "error", "-c", PUT_OFF], check=True)


PUT_OFF_BY_KERAS = """
import sys
from fathom import runtime

runtime.start()
import keras
import numpy as np

seldom_used = {"IPython", "h5py", "matplotlib", "matplotlib.pyplot", "pandas", "requests"}
assert not seldom_used & set(sys.modules), seldom_used & set(sys.modules)
assert "jax.experimental.pallas" not in sys.modules
from keras.src.backend.jax import nn

mask = nn.splash_attention_mask.CausalMask((128, 128))
assert mask.shape == (128, 128) and "jax.experimental.pallas" in sys.modules

from keras.src.trainers.data_adapters import array_slicing

assert array_slicing.can_slice_array(np.zeros(2))
assert not array_slicing.can_slice_array("no array")
assert "pandas" not in sys.modules, "to be asked for a class is no use of it"

import pandas

x, y = pandas.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]}), pandas.Series([1.0, 0.0])
assert array_slicing.can_slice_array(x) and array_slicing.can_slice_array(y)
assert issubclass(pandas.DataFrame, array_slicing.pandas.DataFrame)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(x, y, verbose=0)
assert model.predict(x, verbose=0).shape == (2, 1)

model.save_weights(sys.argv[1])
assert type(sys.modules["h5py"]).__name__ == "module"
"""


def test_what_keras_seldom_uses_is_imported_when_it_is_used(tmp_path):
    weights = str(tmp_path / "a.weights.h5")
    subprocess.run([sys.executable, "-c", PUT_OFF_BY_KERAS, weights], check=True)


LOADED = """
import sys
import fathom

data = fathom.load("digits")
assert "sklearn" in sys.modules
assert not {"pandas", "scipy.stats._stats_py"} & set(sys.modules), "imported before it is used"

import pandas
from sklearn.preprocessing import StandardScaler

table = pandas.DataFrame({"a": [1.0, 2.0, None], "b": ["u", "v", "u"], "y": [0, 1, 0]})
assert fathom.load(pandas.concat([table] * 9), target="y").input_shape
scaled = StandardScaler().set_output(transform="pandas").fit_transform(table[["a"]])
assert isinstance(scaled, pandas.DataFrame)
"""


def test_loading_data_imports_of_scikit_learn_what_it_uses():
    subprocess.run([sys.executable, "-c", LOADED], check=True)


PUT_OFF_WITH_ITS_PACKAGE = """
import sys
from fathom import runtime

with runtime.put_off("pandas", "xml", "xml.dom", "no_such_module", "no_such_module.inside"):
    import xml.dom as seen
    import pandas
    assert not isinstance(1, pandas.DataFrame)
    assert "no_such_module" not in sys.modules
    assert "no_such_module.inside" not in sys.modules
assert not {"pandas", "xml", "xml.dom"} & set(sys.modules)
assert seen.Node.ELEMENT_NODE == 1
assert type(sys.modules["xml.dom"]).__name__ == "module"
"""


def test_a_module_is_put_off_with_its_package():
    subprocess.run([sys.executable, "-c", PUT_OFF_WITH_ITS_PACKAGE], check=True)
