"""Whether a Ray cluster answers at an address, found out within ten seconds."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from fathom.errors import LaunchError

SECONDS_TO_ANSWER = 10.0
# An address that has answered is not asked again for so long: a command asks before it reads data.
SECONDS_REMEMBERED = 120.0
_ANSWERED: dict[str, float] = {}
AUTO = "auto"
_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^\s:/]+):(?P<port>\d{1,5})")
# Ray itself waits for minutes, deaf to signals; a process of its own can be ended, and ends by
# itself if nobody is left to do so.
_PROBE = """
import signal, sys
import ray
getattr(signal, "alarm", int)(15)
print("imported", flush=True)
ray.init(address=sys.argv[1], log_to_driver=False)
"""


def check_address(address: str) -> None:
    """Raise unless `address` reads as one.

    Raises:
        LaunchError: It is neither "auto" nor HOST:PORT.
    """
    if address == AUTO or _host_and_port(address) is not None:
        return
    received = f"Received: {address!r}."
    if address.startswith("ray://"):
        raise LaunchError(
            f"A study must run on a node of the cluster, not through Ray Client. {received}",
            hint="log in to a node, and give its cluster's HOST:PORT, or auto",
        )
    raise LaunchError(
        f"A Ray address must be HOST:PORT, or auto for the cluster of this machine. {received}",
        hint="`ray status` on a node of the cluster tells the address, such as 10.0.0.5:6379",
    )


def _host_and_port(address: str) -> tuple[str, int] | None:
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 2**16:
        return None
    return found["host"].strip("[]"), int(found["port"])


def check_answers(address: str) -> None:
    """Raise unless a Ray cluster answers within `SECONDS_TO_ANSWER`.

    Raises:
        LaunchError: Nothing answers, or something that is not a Ray cluster of this version.
    """
    if time.monotonic() - _ANSWERED.get(address, float("-inf")) < SECONDS_REMEMBERED:
        return
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    target = _host_and_port(address)
    if target is not None:
        _check_listens(address, target, deadline)
    _check_is_ray(address, max(deadline - time.monotonic(), 1.0))
    _ANSWERED[address] = time.monotonic()


def token_mode() -> dict[str, str]:
    """Return the environment that shows a cluster the token, where this user has one.

    Ray starts clusters that ask for it; to those that ask for none it makes no difference.
    """
    has_token = any(name in os.environ for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    is_stored = (Path.home() / ".ray" / "auth_token").is_file()
    is_wanted = "RAY_AUTH_MODE" not in os.environ and (has_token or is_stored)
    return {"RAY_AUTH_MODE": "token"} if is_wanted else {}


def _check_listens(address: str, target: tuple[str, int], deadline: float) -> None:
    try:
        socket.create_connection(target, timeout=deadline - time.monotonic()).close()
    except OSError as error:
        raise _silent(address, error.strerror or str(error)) from error


def _check_is_ray(address: str, seconds: float) -> None:
    """Let another process join, and give it so many seconds from when it has imported Ray."""
    probe = subprocess.Popen(
        [sys.executable, "-c", _PROBE, address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **token_mode(), "RAY_USAGE_STATS_ENABLED": "0"},
    )
    with probe:
        try:
            if probe.stdout is not None:
                probe.stdout.readline()
            _, said = probe.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise _silent(address, "no answer within 10 s") from None
        finally:
            probe.kill()
    if probe.returncode:
        raise _silent(address, _last_line(said))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no reason was given"


def _silent(address: str, why: str) -> LaunchError:
    return LaunchError(
        f"A Ray cluster must answer at the address. Received: {address} ({why}).",
        hint="start one with `ray start --head`, or leave the address out: --ray starts one here",
    )
