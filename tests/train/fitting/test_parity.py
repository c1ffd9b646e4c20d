"""`fathom.fit` against Keras's own `fit` in the same process; the whole list is in docs/fit.md."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import keras
import pytest
from support.parity import Case, both, difference, trained
from support.parity_cases import CASES
from support.random_models import random_case

import fathom

# Those that no other case covers; scripts/parity.py tries them all and writes the table.
CHOSEN = {
    "optimizers": ["SGD, Nesterov", "AdamW", "Ftrl", "Muon", "LossScaleOptimizer"],
    "optimizer settings": ["EMA, overwriting", "gradient accumulation, clipping, EMA"],
    "learning-rate schedules": ["CosineDecay, warmup"],
    "losses": ["sparse, from logits, a class ignored", "reduction mean_with_sample_weight"],
    "metrics": ["of classes", "of integer classes"],
    "regularizers and constraints": ["L1L2 of the kernel, L1 of the bias", "MaxNorm"],
    "normalization, noise and other layers": [
        "BatchNormalization",
        "Dropout",
        "frozen layers",
        "Normalization, adapted",
        "mixed_float16, loss scaling",
    ],
    "sequences": ["Embedding, masked LSTM"],
    "images": ["Conv2D, pooling"],
    "architectures": [
        "two inputs, two outputs, by name",
        "subclassed",
        "subclassed, VAE",
        "own train_step",
        "own compute_loss",
        "not built before",
    ],
    "arguments of fit": [
        "a partial last batch",
        'shuffle="batch"',
        "class_weight",
        "validation_split",
        "validation_steps, validation_batch_size",
        "validation_freq, a list",
        "steps_per_epoch",
    ],
    "data": ["pandas", "PyDataset", "generator", "generator that ends"],
}
# Rounding, where XLA orders the same sums differently inside a loop.
TOLERANCE = 1e-5


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(CASES[group][name], id=f"{group}: {name}")
        for group, names in CHOSEN.items()
        for name in names
    ],
)
def test_fit_gives_the_variables_and_logs_that_keras_gives(case: Case) -> None:
    found = difference(*both(case))
    assert found.weights <= TOLERANCE
    assert found.history <= TOLERANCE


def test_attention_trains_bit_for_bit() -> None:
    """The bias of the keys has no gradient but rounding, which Adam makes as large as any."""
    case = CASES["sequences"]["MultiHeadAttention"]
    theirs = trained(case, keras.Model.fit)
    assert difference(theirs, trained(case, partial(fathom.fit, bitwise=True))).is_same


@pytest.mark.parametrize(
    "case",
    [CASES["arguments of fit"]["a partial last batch"], CASES["images"]["SpatialDropout2D"]],
    ids=lambda case: case.name,
)
def test_asked_for_bits_fit_gives_keras_s_own(case: Case) -> None:
    theirs = trained(case, keras.Model.fit)
    found = difference(theirs, trained(case, partial(fathom.fit, bitwise=True)))
    assert found.weights < 1e-6
    assert found.is_same or "Dropout2D" in case.name  # a convolution rounds its sums in a loop


@pytest.mark.parametrize("number", [3, 8])
def test_a_random_model_is_trained_as_keras_trains_it(number: int) -> None:
    found = difference(*both(random_case(number)))
    assert found.weights <= TOLERANCE
    assert found.history <= TOLERANCE


def test_the_documented_table_lists_all_cases() -> None:
    page = (Path(__file__).parents[3] / "docs" / "fit.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([^|]+?) \| (?:bit for bit|0|[\de.-]+) \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(name for cases in CASES.values() for name in cases)
