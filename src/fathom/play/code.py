"""The network on screen as a program that runs: Keras or PyTorch."""

from __future__ import annotations

from typing import Any

from fathom.errors import SpecError
from fathom.play.code_data import data_code
from fathom.play.code_keras import keras_code
from fathom.play.code_pytorch import pytorch_code
from fathom.play.setup import Setup

FRAMEWORKS: dict[str, Any] = {"keras": keras_code, "pytorch": pytorch_code}


def network_code(setup: Setup, framework: str) -> str:
    """Return a program that makes the data, builds the network and trains it.

    Raises:
        SpecError: `framework` is neither "keras" nor "pytorch".
    """
    if framework not in FRAMEWORKS:
        raise SpecError(f"Code is written for keras and pytorch. Received: {framework!r}.")
    return FRAMEWORKS[framework](setup, data_code(setup))
