"""`fathom export`: a model in another tool's format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from fathom.cli.documents import print_document
from fathom.cli.options import Json, StoreFolder
from fathom.cli.terminal import output, plain
from fathom.exports import ENDINGS, MODEL_FORMATS
from fathom.specs import one_of

EXAMPLES = """\
Examples:

  fathom export best.keras --to onnx
  fathom export best.keras --to pytorch-code -o network.py
  fathom export digits-20261121-101500 --to keras-code --depth 2"""


def export(
    model: Annotated[
        str,
        Parameter(
            help="A .keras file, or a study's name for its best network.",
            metavar="FILE.keras|STUDY",
        ),
    ],
    /,
    *,
    to: Annotated[
        str | None,
        Parameter(
            metavar="FORMAT",
            help=f"{', '.join(MODEL_FORMATS)}; without it, as the file's name ends.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        Parameter(
            name=["--out", "-o"],
            metavar="FILE",
            help="The file. Without it, one of that name here.",
        ),
    ] = None,
    depth: Annotated[
        int | None,
        Parameter(metavar="NUMBER", help="Of a study, another depth than its verdict's."),
    ] = None,
    width: Annotated[
        int | None, Parameter(metavar="NUMBER", help="Of a study, another width.")
    ] = None,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Write a model for other tools: ONNX, a Keras or PyTorch program, or its weights alone.

    Programs hold the exact layers and read their weights from an .npz file beside them.
    """
    from fathom.api.exporting import check_destination, export, format_of

    path = (out or Path(_name(model, to))).expanduser()
    kind = format_of(path, to)
    check_destination(path, kind)
    written = export(_subject(model, store), path, to=kind, depth=depth, width=width)
    if json:
        print_document(
            {"model": model, "format": kind, "written": [one.absolute() for one in written]}
        )
    else:
        names = " and ".join(plain(one) for one in written)
        output().print(f"model written to {names}", soft_wrap=True)


def _name(model: str, to: str | None) -> str:
    """Return a file's name for a format, such as best_pytorch.py."""
    stem = Path(model).stem
    if to is None:
        return stem
    ending = ENDINGS[one_of("to", to, MODEL_FORMATS)][0]
    return f"{stem}_{to.removesuffix('-code')}{ending}" if ending == ".py" else f"{stem}{ending}"


def _subject(model: str, store: Path | None) -> Any:
    """Return the file, or the study that is stored under the name."""
    if model.lower().endswith(".keras"):
        return model
    from fathom.api import open_study

    return open_study(model, store=store)
