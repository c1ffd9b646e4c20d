"""The model and the data that a command examines: how they are named, and how they are opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from fathom.cli.options import DataOptions
from fathom.cli.terminal import plain, tell
from fathom.errors import SpecError

if TYPE_CHECKING:
    from fathom.data import Dataset

MODEL = "FILE.keras|STUDY"

Model = Annotated[str, Parameter(help="A .keras file, or a study's name.", metavar=MODEL)]
Source = Annotated[
    str | None,
    Parameter(
        help="The data it was trained on, as for fathom study. A study knows its own.",
        metavar="SOURCE",
    ),
]
Raw = Annotated[
    bool,
    Parameter(
        negative=(),
        show_default=False,
        help="Take the numbers of a .npz as they stand: for a model that was not trained by "
        "fathom study.",
    ),
]
Depth = Annotated[
    int | None, Parameter(help="Of a study: this depth, not the chosen one.", metavar="NUMBER")
]
Width = Annotated[int | None, Parameter(help="Of a study: this width.", metavar="NUMBER")]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The model and the data that a command is about.

    Args:
        command: The command, for hints.
        model: A `.keras` file or a study's name.
        source: What `fathom.load` reads; None for a study's own data.
        raw: Whether arrays are taken as they stand.
        seed: Of the split and of draws.
        store: Where studies are kept.
        data: The options of `fathom.load`.
    """

    command: str
    model: str
    source: str | None
    raw: bool
    seed: int
    store: Path | None
    data: DataOptions

    def subject(self) -> Any:
        """Return the study or the path of the file."""
        if self.model.lower().endswith(".keras"):
            return Path(self.model).expanduser()
        from fathom.api import open_study

        return open_study(self.model, store=self.store)

    def dataset(self) -> Dataset | None:
        """Return the data, None for a study's own."""
        if self.source is None:
            self._check_own()
            return None
        tell(f"reading {self.source}")
        from fathom.data import load

        dataset = load(self.source, **self.data.load_options(), seed=self.seed)
        if not self.raw:
            return dataset
        from fathom.api.subjects import without_scaling

        return without_scaling(dataset)

    def _check_own(self) -> None:
        if self.raw or self.data != DataOptions():
            raise SpecError(
                "Options of the data need a source. Received: none.",
                hint=f"fathom {self.command} {plain(self.model)} SOURCE",
            )
