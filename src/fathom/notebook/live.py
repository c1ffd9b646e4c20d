"""`fathom.live()`: a training in a notebook, drawn while it runs."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras

from fathom.errors import FathomWarning, SpecError
from fathom.notebook.fit_board import FINISHED, RUNNING, STOPPED, FitBoard
from fathom.notebook.study_board import StudyBoard
from fathom.specs import StudyRecord, above, typed
from fathom.web import is_notebook

if TYPE_CHECKING:
    from fathom.notebook.widget import TrainingWidget

SECONDS = 0.3


@typed
def live(*, seconds: float = SECONDS) -> Live:
    """Return what shows a training below a notebook's cell, while it runs.

    It is a Keras callback, and may be called with the events of a study. Losses, what reaches
    each layer, and what is wrong appear as they are known; when the training is over a picture
    stays that needs neither Python nor a script. Where it is the value of a cell, it is shown
    there; else below the cell that trains.

    Args:
        seconds: Shortest time between two pictures.

    Raises:
        SpecError: `seconds` is not above 0, or the package anywidget is not installed.

    Example:
        >>> fathom.fit(model, x, y, epochs=20, callbacks=[fathom.live()])  # doctest: +SKIP
        >>> fathom.study("digits", on_event=fathom.live())  # doctest: +SKIP
    """
    above("seconds", seconds, 0)
    return Live(_widget(), seconds=seconds)


class Live(keras.callbacks.Callback):
    """A training in a notebook, drawn while it runs.

    Args:
        widget: What draws it.
        seconds: Shortest time between two pictures.

    Attributes:
        watcher: Who looks at the layers; `fathom.fit` puts it here.
    """

    # fathom.fit watches layers where a callback shows them.
    shows_layers = True

    def __init__(self, widget: TrainingWidget, *, seconds: float) -> None:
        super().__init__()
        self.widget = widget
        self.watcher: Any = None
        self._seconds = seconds
        self._board: FitBoard | StudyBoard | None = None
        self._handle: Any = None
        self._is_shown = self._is_value = False
        self._next = 0.0

    # -- a network ---------------------------------------------------------------------

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Show that training begins."""
        params: Any = self.params
        self._begin(FitBoard(self.model, int(params.get("epochs") or 1), self.watcher))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Show the epoch."""
        if isinstance(self._board, FitBoard):
            self._board.add(logs)
            self._draw()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Show all of it, for good."""
        self._end(FINISHED)

    # -- a study -----------------------------------------------------------------------

    def __call__(self, event: Any) -> None:
        """Take an event of a study, as `on_event` of `fathom.study` gives it."""
        if isinstance(event, StudyRecord):
            self._begin(StudyBoard.of(event))
        elif isinstance(self._board, StudyBoard):
            self._draw(at_once=self._board.take(event))

    # -- what both have ----------------------------------------------------------------

    def _begin(self, board: FitBoard | StudyBoard) -> None:
        self._end(STOPPED)  # what was begun before
        self._board = board
        self._show()
        _after_cell("register", self._after_cell)
        self._draw(at_once=True)

    def _draw(self, *, at_once: bool = False) -> None:
        """Draw, unless that was done a moment ago; drawing takes a tenth of the time at most."""
        began = time.monotonic()
        if self._board is None or (began < self._next and not at_once):
            return
        self.widget.told = self._board.told(RUNNING)
        taken = time.monotonic() - began
        self._next = began + max(self._seconds, 10 * taken)

    def _end(self, state: str) -> None:
        board, self._board = self._board, None
        if board is None:
            return
        _after_cell("unregister", self._after_cell)
        self.widget.told = board.told(state)
        if self._handle is not None:
            self._handle.update({"text/html": board.still(), "text/plain": repr(self)}, raw=True)
            self._handle = None
        self._is_shown = self._is_value

    def _after_cell(self, *_: Any) -> None:
        """Show for good what a cell left: a study that ended, or a training that was stopped."""
        self._end(STOPPED)

    def _show(self) -> None:
        """Show the widget below the cell that trains, unless it is shown already."""
        if self._is_shown:
            return
        if is_notebook():
            self._handle = sys.modules["IPython.display"].display(self.widget, display_id=True)
        elif (marimo := _marimo()) is not None:
            marimo.output.append(self.widget)
        else:
            warnings.warn(
                "fathom.live() draws in notebooks, and this is none: nothing is shown.",
                FathomWarning,
                stacklevel=2,
            )
            return
        self._is_shown = True

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._display_()._repr_mimebundle_(**options)

    def _display_(self) -> TrainingWidget:
        """Return what marimo shows where this is the value of a cell."""
        self._is_shown = self._is_value = True
        return self.widget

    def __repr__(self) -> str:
        return f"<Live: {self.widget.told['head']}>"


def _widget() -> TrainingWidget:
    try:
        from fathom.notebook.widget import TrainingWidget
    except ImportError as error:
        raise SpecError(
            "A live picture is drawn by the package anywidget. Received: it is not installed.",
            hint="pip install 'fathom-nn[notebook]'",
        ) from error
    return TrainingWidget()


def _marimo() -> Any:
    """Return marimo where it runs this cell, else None."""
    marimo: Any = sys.modules.get("marimo")
    return marimo if marimo is not None and marimo.running_in_notebook() else None


def _after_cell(action: str, function: Any) -> None:
    """Register a function to be called after the present cell, or unregister it."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        return
    if action == "register":
        shell.events.register("post_run_cell", function)
    elif function in shell.events.callbacks["post_run_cell"]:
        shell.events.unregister("post_run_cell", function)
