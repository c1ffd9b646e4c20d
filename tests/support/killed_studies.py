"""Runs a study that is killed again and again; prints how often, as JSON.

Started as a process of its own: it forks, which is safe only before JAX has started.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import fathom
from fathom.errors import UnknownNameError
from fathom.store import Store

OPTIONS = {
    "depths": [0, 1, 2, 3],
    "widths": 8,
    "seeds": 2,
    "learning_rates": [1e-2, 3e-2],
    "epochs": 12,
    "patience": None,
}
LONGEST_SECONDS = 1.5


def train(store: Store, name: str) -> None:
    """Begin the study, or go on with it."""
    try:
        stored = store.open(name)
    except UnknownNameError:
        fathom.study("iris", name=name, store=store, **OPTIONS)
        return
    fathom.resume(stored.name, store=store)


def survives(store: Store, name: str, seconds: float) -> bool:
    """Train in a child that is killed after `seconds`; return whether it ended by itself."""
    child = os.fork()
    if child == 0:
        train(store, name)
        os._exit(0)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if status:
                raise SystemExit(f"the study failed with status {status}")
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main(folder: str, kills: int) -> None:
    """Kill studies `kills` times in all, and let each come to its end."""
    import fathom.studies.depth  # what every child needs, imported once  # noqa: F401

    chance = random.Random(20260517)
    store, studies, killed = Store(Path(folder)), 0, 0
    while killed < kills:
        studies += 1
        # A rising limit: a study that is always killed in its first second would never end.
        limit = 0.4
        while not survives(store, f"killed-{studies}", limit * chance.random()):
            killed += 1
            limit = min(limit + 0.15, LONGEST_SECONDS + limit * 0.1)
    print(json.dumps({"studies": studies, "killed": killed}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
