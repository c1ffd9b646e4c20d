"""`--ray [ADDRESS]`: an option whose value may be left out."""

from __future__ import annotations

import re
from collections.abc import Sequence

RAY = "--ray"
LOCAL = "local"
# What can follow the option as its value; a source that reads so needs `--ray=local` before it.
_ADDRESS = re.compile(r"local|auto|ray://.*|(\[[0-9a-fA-F:]+\]|[^\s:/-][^\s:/]*):\d+")


def with_address(tokens: Sequence[str]) -> list[str]:
    """Return what was typed, with `--ray=local` where no address follows `--ray`.

    Example:
        >>> with_address(["study", "--ray", "digits"])
        ['study', '--ray=local', 'digits']
        >>> with_address(["study", "digits", "--ray", "10.0.0.5:6379"])
        ['study', 'digits', '--ray', '10.0.0.5:6379']
        >>> with_address([])
        []
    """
    following = [*tokens, ""][1:]
    return [
        f"{RAY}={LOCAL}" if token == RAY and not _ADDRESS.fullmatch(after) else token
        for token, after in zip(tokens, following)
    ]


def ray_of(option: str | None) -> bool | str:
    """Return what `fathom.study` takes as `ray`.

    Raises:
        LaunchError: Ray is not installed, the address is none, or nothing answers there.
    """
    if option is None:
        return False
    from fathom import launch

    launch.check_available()
    if option == LOCAL:
        return True
    launch.check_address(option)
    launch.check_answers(option)  # before data are read and Keras starts
    return option


def phase_of(ray: bool | str) -> str:
    """Return what happens before a study tells anything, in words."""
    if not ray:
        return "compiling"
    return "starting a Ray cluster" if ray is True else f"joining the Ray cluster at {ray}"
