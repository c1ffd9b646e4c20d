"""Who writes each kind of layer in the words of another library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import keras

from fathom.exports.graph import Step, Unsupported
from fathom.exports.settings import check_settings

Writer = TypeVar("Writer", bound=Callable)


class Writers(Generic[Writer]):
    """Writers by kind of layer."""

    def __init__(self) -> None:
        self._known: dict[str, Writer] = {}

    def of(self, *kinds: str) -> Callable[[Writer], Writer]:
        """Make a function the writer of some kinds."""

        def register(writer: Writer) -> Writer:
            self._known.update(dict.fromkeys(kinds, writer))
            return writer

        return register

    def writer(self, step: Step) -> Writer:
        """Return who writes a step.

        Raises:
            Unsupported: There is no such layer, or not with these settings.
        """
        if step.kind not in self._known or not isinstance(step.layer, keras.layers.Layer):
            raise Unsupported
        if step.has_mask:
            raise Unsupported("it reads a mask")
        if getattr(step.layer, "data_format", "channels_last") == "channels_first":
            raise Unsupported("channels first")
        check_settings(step)
        return self._known[step.kind]
