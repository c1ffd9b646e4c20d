"""The page in a real browser, where there is one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fathom import report
from fathom.studies import StudyResult

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here"),
]

Make = Callable[..., StudyResult]


def opened(text: str, folder: Path, *options: str) -> tuple[str, str]:
    """Return the page's elements after its scripts ran, and the browser's console."""
    path = folder / "page.html"
    path.write_text(text, "utf-8")
    command = [
        str(BROWSER),
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=10000",
        "--dump-dom",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        *options,
        path.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, "\n".join(re.findall(r".*CONSOLE.*", done.stderr))


def test_figures_draw_under_the_pages_own_policy(made_study: Make, tmp_path: Path):
    elements, console = opened(report.page(made_study()), tmp_path)
    plots = elements.count("data-figure=")
    assert plots == 6
    assert elements.count('class="plot js-plotly-plot"') == plots
    assert console == ""


def test_hostile_names_do_nothing_in_a_browser(made_study: Make, tmp_path: Path):
    hostile = "</script><img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>"
    result = made_study(
        name=hostile, source=hostile, layer_name=hostile + "{}", classes=(hostile,), depths=(0, 2)
    )
    elements, console = opened(report.page(result, notices=[hostile]), tmp_path)
    assert "<title>owned" not in elements
    assert "<img" not in elements
    assert console == ""


def test_an_injected_script_would_be_refused(made_study: Make, tmp_path: Path):
    text = report.page(made_study(finished=0))
    broken = text.replace("<main>", "<main><script>document.title='owned'</script>")
    elements, console = opened(broken, tmp_path)
    assert "<title>owned" not in elements
    assert "Content Security Policy" in console
