"""`--ray [ADDRESS]`: an option whose value may be left out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fathom.cli.failures import UsageError

RAY = "--ray"
LOCAL = "local"
# What can follow the option as its value; a source that reads so needs `--ray=local` before it.
# A host that is surely one is taken without its port, too, to be refused as an address.
_ADDRESS = re.compile(
    r"local|auto|ray://.*|(\[[0-9a-fA-F:]+\]|[^\s:/-][^\s:/]*):\d+"
    r"|localhost|\d+(\.\d+){3}|\[[0-9a-fA-F:]+\]"
)


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
    return [
        f"{RAY}={LOCAL}" if token == RAY and not _ADDRESS.fullmatch(after) else token
        for token, after in _followed(tokens)
    ]


def check_word_after(tokens: Sequence[str]) -> None:
    """Raise if `--ray` is followed by a word that is neither an address nor an option.

    Such a word is the command's, `study --ray digits`, unless the command has one too many.

    Raises:
        UsageError: It is.
    """
    for token, after in _followed(tokens):
        if token == RAY and after and not after.startswith("-") and not _ADDRESS.fullmatch(after):
            raise UsageError(
                "A Ray address must be HOST:PORT, or auto for the cluster of this machine. "
                f"Received: {RAY} {after}.",
                hint=f"give its port too, such as {RAY} {after}:6379; or leave the address out: "
                f"{RAY} starts one here",
            )


def _followed(tokens: Sequence[str]) -> zip[tuple[str, str]]:
    """Return every token with the one after it, empty for the last."""
    return zip(tokens, [*tokens, ""][1:])


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
