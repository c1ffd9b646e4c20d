"""Compare `fathom.fit` with Keras's `fit` on everything, and write the table of docs/fit.md.

python scripts/parity.py                  every case of tests/support/parity_cases.py
python scripts/parity.py --random 300     and random models, optimizers, losses, batch sizes
python scripts/parity.py --check          change nothing; fail if something is further apart
"""

from __future__ import annotations

import argparse
import functools
import re
import statistics
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "fit.md"
BEGIN, END = "<!-- parity: begin -->", "<!-- parity: end -->"
RANDOM_BEGIN, RANDOM_END = "<!-- random: begin -->", "<!-- random: end -->"
TOLERANCE = 5e-5

sys.path.insert(0, str(REPOSITORY / "tests"))


def main() -> int:
    """Compare, print and write."""
    options = _options()
    import fathom  # noqa: F401  chooses Keras's backend

    failed = 0 if options.only == "random" else _compare(write=not options.check)
    if options.random:
        line, far = _random(options.random, options.seed)
        failed += far
        print(line)
        if not options.check:
            _write(RANDOM_BEGIN, RANDOM_END, [line])
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0, metavar="COUNT")
    parser.add_argument("--only", choices=["random"], default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


def _compare(*, write: bool) -> int:
    """Compare all cases, write the table group by group, and return how many are too far apart."""
    from support.parity_cases import CASES

    rows, far = [], 0
    for group, cases in CASES.items():
        title = f"**{group[0].upper()}{group[1:]}**"
        rows += ["", title, "", "| | bitwise=True | variables | logs |", "|---|---|---|---|"]
        for name, exact, found in _differences(cases.values()):
            far += max(exact.weights, found.weights, found.history) > TOLERANCE
            words = [name, _words(exact), _words(found), _number(found.history)]
            rows.append(f"| {' | '.join(words)} |")
            print(group, rows[-1], flush=True)
        if write:
            _write(BEGIN, END, rows[1:])
    return far


def _differences(cases: Iterable[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield each case's name, and how far Fathom's two ways of computing are from Keras's."""
    import keras
    from support.parity import difference, trained

    import fathom

    for case in cases:
        theirs = trained(case, keras.Model.fit)
        exact = trained(case, functools.partial(fathom.fit, bitwise=True))
        yield case.name, difference(theirs, exact), difference(theirs, trained(case, fathom.fit))


def _random(count: int, seed: int) -> tuple[str, int]:
    """Compare random models; return what to say of them and how many are too far apart."""
    from support.random_models import random_case

    exact, found = [], []
    for name, one, other in _differences(random_case(seed + place) for place in range(count)):
        exact.append(one)
        found.append(other)
        print(name, one, other, flush=True)
    same = sum(one.is_same for one in exact)
    apart = [one.weights for one in found]
    line = (
        f"Of {count} random models {same} had every variable of model, optimizer and metrics equal "
        "bit for bit with `bitwise=True`; the largest relative difference of the others was "
        f"{_number(max(one.weights for one in exact))}. Without it the median of the models' "
        f"largest relative differences was {_number(statistics.median(apart))}, the largest "
        f"{_number(max(apart))}; logs differed by at most "
        f"{_number(max(one.history for one in found))}."
    )
    return line, sum(one.history > TOLERANCE for one in (*exact, *found))


def _words(found: Any) -> str:
    return "bit for bit" if found.is_same else _number(found.weights)


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}"


def _write(begin: str, end: str, lines: list[str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    body = "\n".join([begin, *lines, end])
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    PAGE.write_text(re.sub(pattern, lambda _: body, page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
