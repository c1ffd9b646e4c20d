"""The report in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from support.made_studies import make_study

from fathom import report

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>"


def opened(page: Page, text: str, folder: Path) -> Page:
    """Open the page `text` from a file, as its readers do."""
    path = folder / "page.html"
    path.write_text(text, "utf-8")
    page.goto(path.as_uri())
    return page


def test_figures_draw_under_the_pages_own_policy(page: Page, tmp_path: Path):
    opened(page, report.page(make_study()), tmp_path)
    expect(page.locator("[data-figure]")).to_have_count(6)
    expect(page.locator(".plot.js-plotly-plot")).to_have_count(6)


def test_hostile_names_do_nothing_in_a_browser(page: Page, tmp_path: Path):
    result = make_study(
        name=HOSTILE, source=HOSTILE, layer_name=HOSTILE + "{}", classes=(HOSTILE,), depths=(0, 2)
    )
    opened(page, report.page(result, notices=[HOSTILE]), tmp_path)
    expect(page.locator(".plot.js-plotly-plot").first).to_be_attached()
    expect(page).not_to_have_title("owned")
    expect(page.locator("img")).to_have_count(0)


def test_an_injected_script_would_be_refused(page: Page, complaints: Any, tmp_path: Path):
    text = report.page(make_study(finished=0))
    broken = text.replace("<main>", "<main><script>document.title='owned'</script>")
    opened(page, broken, tmp_path)
    expect(page.locator("main")).to_be_visible()
    expect(page).not_to_have_title("owned")
    (refusal,) = complaints.take()
    assert "Content Security Policy" in refusal
