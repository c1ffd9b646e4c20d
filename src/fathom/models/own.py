"""A user's own network: FILE.py:FUNCTION, where FUNCTION(depth, ...) returns a Keras model."""

from __future__ import annotations

import functools
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from fathom.errors import ModelError
from fathom.specs import ModelSpec, closest

_FORM = "FILE.py:FUNCTION"
_OFFERED = (
    "width", "input_shape", "task", "num_classes", "outputs", "activation", "normalization",
    "dropout", "l1", "l2", "initializer", "masked", "tokens",
)  # fmt: skip


def is_own(family: str) -> bool:
    """Tell whether `family` names a function in a file, rather than a built-in family."""
    return ":" in family or family.endswith(".py")


def check_own(spec: ModelSpec) -> None:
    """Raise ModelError unless the file and function exist and can be called with what there is."""
    _arguments(_function(spec.family), spec)


def call_own(spec: ModelSpec) -> Any:
    """Return what the user's function makes of `spec`.

    Raises:
        ModelError: The file or function is missing, or raises.
    """
    function = _function(spec.family)
    positional, keywords = _arguments(function, spec)
    with _told_plainly(spec.family), _beside(_parts(spec.family)[0]):
        return function(*positional, **keywords)


def _function(family: str) -> Callable[..., Any]:
    path, name = _parts(family)
    with _told_plainly(family):
        module = _module(path, path.stat().st_mtime_ns)
    function = getattr(module, name, None)
    if callable(function):
        return function
    raise ModelError(
        f"{path} has no function {name!r}. Received: family={family!r}.",
        hint=_meant(module, name),
    )


def _parts(family: str) -> tuple[Path, str]:
    file, _, name = family.rpartition(":")
    if not file or not name:
        raise ModelError(
            f"A network of your own is named {_FORM}. Received: family={family!r}.",
            hint="for example nets.py:build",
        )
    path = Path(file).expanduser()
    if not path.is_file():
        raise ModelError(
            f"There is no file {file}. Received: family={family!r}.",
            hint="the path is read from the current folder",
        )
    return path.resolve(), name


def _meant(module: ModuleType, name: str) -> str | None:
    functions = [
        key
        for key, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    ]
    meant = closest(name, functions)
    if meant:
        return f"did you mean {meant!r}?"
    return f"it has {', '.join(functions)}" if functions else None


@functools.lru_cache(maxsize=32)
def _module(path: Path, changed: int) -> ModuleType:
    """Run the file once per version of it; nothing is written beside it."""
    loader = SourceFileLoader(f"{path.stem}_{abs(hash((path, changed))):x}", str(path))
    module = ModuleType(loader.name)
    module.__file__ = str(path)
    code = loader.source_to_code(loader.get_data(str(path)), str(path))
    sys.modules[loader.name] = module  # dataclasses look their module up while they are made
    with _beside(path):
        exec(code, module.__dict__)
    return module


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Let the file import its neighbours while it runs, as it could as a script."""
    sys.path.insert(0, str(path.parent))
    try:
        yield
    finally:
        with suppress(ValueError):  # the file may have changed the path itself
            sys.path.remove(str(path.parent))


def _arguments(
    function: Callable[..., Any], spec: ModelSpec
) -> tuple[tuple[int, ...], dict[str, Any]]:
    """Return depth and, of the rest of the spec, what `function` accepts."""
    parameters = _signature(function, spec).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    keywords = {name: getattr(spec, name) for name in _OFFERED if takes_all or name in parameters}
    positional: tuple[int, ...] = (spec.depth,)
    if _takes_depth_by_name(parameters):
        positional, keywords = (), {"depth": spec.depth, **keywords}
    try:
        _signature(function, spec).bind(*positional, **keywords)
    except TypeError as error:
        raise _unfit(spec, error) from None
    return positional, keywords


def _signature(function: Callable[..., Any], spec: ModelSpec) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except ValueError as error:  # some functions written in C have none
        raise _unfit(spec, error) from None


def _unfit(spec: ModelSpec, why: Exception) -> ModelError:
    return ModelError(
        f"The function of {spec.family} must take depth, and ask for no more than Fathom can give: "
        f"{', '.join(_OFFERED)}. Received: {why}.",
        hint="give its other parameters default values",
    )


def _takes_depth_by_name(parameters: Mapping[str, inspect.Parameter]) -> bool:
    """Tell whether depth goes by keyword; a first parameter of another name gets it by place."""
    if "depth" in parameters:
        return parameters["depth"].kind is not inspect.Parameter.POSITIONAL_ONLY
    by_keyword_alone = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    return all(parameter.kind in by_keyword_alone for parameter in parameters.values())


@contextmanager
def _told_plainly(family: str) -> Iterator[None]:
    """Turn whatever the user's code raises into one message that says where."""
    try:
        yield
    except ModelError:
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(
            f"{family} raised {type(error).__name__}: {error} ({_where(error, family)})."
        ) from error


def _where(error: BaseException, family: str) -> str:
    """Return FILE:LINE of the user's line that raised."""
    file = family.rpartition(":")[0]
    if isinstance(error, SyntaxError):
        return f"{file}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == Path(file).expanduser().resolve()]
    return f"{file}:{own[-1].lineno}" if own else file
