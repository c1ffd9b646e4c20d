"""Read spoiled files of every kind for as long as is asked; keep those that Fathom takes wrongly.

python scripts/fuzz.py --minutes 30                all kinds of files
python scripts/fuzz.py --minutes 5 --only keras    one kind
python scripts/fuzz.py --read FILE --only csv      one file again, with its traceback

Files are read in processes that are killed when they hang, so that a crash of a library is found
like any other fault. What is found lies in fuzz-findings/KIND, named by its content; a
file that is mended belongs in tests/fuzz/corpus/KIND.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
FINDINGS = REPOSITORY / "fuzz-findings"
KINDS = (
    *("csv", "tsv", "parquet", "npz", "image", "keras"),
    *("preprocessing", "study", "weights"),
)
BATCH = 400
LONGEST_SECONDS = 300.0
MOST_MEMORY_BYTES = 16 * 2**30

sys.path.insert(0, str(REPOSITORY / "tests"))


def main() -> int:
    """Fuzz; return 1 if anything was found."""
    options = _options()
    if options.read or options.batch:
        import fathom  # noqa: F401  chooses Keras's backend
    if options.read:
        print(_formats()[options.only].read(options.read))
        return 0
    if options.batch:
        return _read_files(options.only, options.seed, options.batch)
    kinds = [options.only] if options.only else list(KINDS)
    chance, end = random.Random(options.seed), time.monotonic() + 60 * options.minutes
    faults: dict[str, str] = {}
    tried = 0
    for kind in itertools.cycle(kinds):
        if time.monotonic() > end:
            break
        found, count = _batch(kind, chance.randrange(2**32))
        tried += count
        for path, fault in found.items():
            if fault not in faults.values():
                print(f"{kind}: {fault}\n    {path}", flush=True)
            faults[path] = fault
    print(json.dumps({"files": tried, "faults": len(faults), "different": len({*faults.values()})}))
    return 1 if faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--only", choices=KINDS, help="a kind of file")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--read", type=Path, help="a file to read once")
    parser.add_argument("--batch", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _formats() -> dict[str, Any]:
    from support.fuzzing import formats

    return formats()


def _batch(kind: str, seed: int) -> tuple[dict[str, str], int]:
    """Read `BATCH` spoiled files in a process of its own; return faults by path, and the count."""
    with tempfile.TemporaryDirectory(prefix="fathom-fuzz-") as name:
        folder = Path(name)
        (folder / "told.jsonl").touch()
        command = [sys.executable, __file__, "--only", kind, "--seed", str(seed), "--batch", name]
        try:
            status = subprocess.run(command, timeout=LONGEST_SECONDS, check=False).returncode
        except subprocess.TimeoutExpired:
            status = -signal.SIGKILL
        lines = [json.loads(line) for line in (folder / "told.jsonl").read_text().splitlines()]
        found = {line["path"]: line["fault"] for line in lines if line["fault"]}
        if status:
            found[_keep(kind, (folder / "current").read_bytes())] = f"ended with status {status}"
        return found, len(lines)


def _read_files(kind: str, seed: int, folder: Path) -> int:
    """Read spoiled files one after the other; tell of each when it is done."""
    from support.fuzzing import fault_of, spoiled

    chance, chosen = random.Random(seed), _formats()[kind]
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    path = folder / f"file.{chosen.suffix}"
    with (folder / "told.jsonl").open("w") as lines:
        for _ in range(BATCH):
            content = spoiled(chance.choice(chosen.seeds), chance)
            (folder / "current").write_bytes(content)
            path.write_bytes(content)
            fault = fault_of(chosen.read, path)
            kept = _keep(kind, content) if fault else ""
            lines.write(json.dumps({"path": kept, "fault": fault}) + "\n")
            lines.flush()
    return 0


def _keep(kind: str, content: bytes) -> str:
    path = FINDINGS / kind / hashlib.sha256(content).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
