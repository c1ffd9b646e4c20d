"""The live picture of a training in a real browser, under the policy of a careful notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support.made_studies import make_records
from support.watched import mlp, rows, trained

import fathom
from fathom.errors import FathomWarning

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
# Only what a widget needs: its own module, as a blob, and its style. Nothing may be fetched.
POLICY = "default-src 'none'; script-src 'nonce-host' blob:; style-src 'unsafe-inline'"
# What anywidget does: the module's text becomes a blob, which is imported and asked to render.
HOST = """<!doctype html><html><head><meta charset="utf-8"><title>notebook</title>
<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{style}</style></head>
<body style="margin:20px;background:{background};color:{ink};font:14px system-ui">
<div id="cell"></div><script type="application/json" id="given">{given}</script>
<script type="module" nonce="host">
const given = JSON.parse(document.getElementById("given").textContent);
const heard = new Set();
let told = given.told[0];
const model = {{
  get: () => told,
  on: (event, listener) => heard.add(listener),
  off: (event, listener) => heard.delete(listener),
}};
const blob = new Blob([given.module], {{ type: "text/javascript" }});
const widget = (await import(URL.createObjectURL(blob))).default;
window.close_ = widget.render({{ model, el: document.getElementById("cell") }});
window.tell = (place) => {{ told = given.told[place]; heard.forEach((one) => one()); }};
window.listeners = () => heard.size;
document.title = "ready";
</script></body></html>"""


@pytest.fixture(scope="module")
def told() -> dict[str, list[dict[str, Any]]]:
    """What the widget was told of a fit and of a study, from first to last."""

    def fit(live: Any) -> None:
        model = mlp(depth=6, activation="sigmoid", initializer="glorot_uniform")
        model.name = HOSTILE
        trained(model, rows(128), rows(64, seed=1), epochs=6, callbacks=[live], watch=None)

    def study(live: Any) -> None:
        for record in make_records(name=HOSTILE, source=HOSTILE):
            live(record)

    return {"fit": _told_by(fit), "study": _told_by(study)}


def _told_by(train: Callable[[Any], None]) -> list[dict[str, Any]]:
    live, heard = fathom.live(seconds=1e-9), []
    live.widget.observe(lambda change: heard.append(change["new"]), "told")
    with pytest.warns(FathomWarning):
        train(live)
    return heard


def opened(page: Page, told: list[dict[str, Any]], folder: Path, *, dark: bool = False) -> Page:
    """Open a page that shows the widget as a notebook does."""
    widget = fathom.live().widget
    given = json.dumps({"told": told, "module": widget._esm}).replace("<", "\\u003c")
    background, ink = ("#111", "#ddd") if dark else ("#fff", "#111")
    text = HOST.format(
        policy=POLICY, style=widget._css, given=given, background=background, ink=ink
    )
    (folder / "notebook.html").write_text(text, "utf-8")
    page.goto((folder / "notebook.html").as_uri())
    expect(page).to_have_title("ready")
    return page


INK = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, place) => place % 4 === 3 && value > 0).length;
}"""


def inked(page: Page, place: int) -> int:
    """Return how many pixels of a canvas are not transparent."""
    return page.locator("canvas").nth(place).evaluate(INK)


def test_a_fit_grows_on_the_page_as_it_is_told(page: Page, told: Any, tmp_path: Path):
    opened(page, told["fit"], tmp_path)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    before = inked(page, 0)

    page.evaluate(f"tell({len(told['fit']) - 1})")

    expect(bar).to_have_attribute("aria-valuenow", "100")
    expect(page.locator("tbody tr")).to_have_count(7)
    expect(page.locator("tbody tr").first).to_contain_text("dense_1")
    expect(page.locator(".findings")).to_contain_text("vanish")
    last = told["fit"][-1]["rows"][-5:]
    expect(page.locator(".charts")).to_contain_text(f"validation {last[2]:.4f}")
    assert inked(page, 0) > before
    assert all(inked(page, 2 + layer) > 0 for layer in range(7))


def test_pointing_at_a_curve_reads_that_epoch(page: Page, told: Any, tmp_path: Path):
    opened(page, told["fit"][-1:], tmp_path)
    expect(page.locator(".key").first).to_contain_text("epoch 6")

    page.locator("canvas").first.hover(position={"x": 110, "y": 60})

    expect(page.locator(".key").first).not_to_contain_text("epoch 6")


def test_names_stay_text_in_the_widget(page: Page, told: Any, tmp_path: Path):
    opened(page, told["fit"][-1:], tmp_path)
    expect(page.locator(".head")).to_contain_text(HOSTILE)
    expect(page.locator("img")).to_have_count(0)
    expect(page).not_to_have_title("owned")


def test_a_study_shows_scores_by_depth_and_the_chosen_one(page: Page, told: Any, tmp_path: Path):
    opened(page, told["study"], tmp_path)
    page.evaluate(f"tell({len(told['study']) - 1})")

    expect(page.locator("tbody tr")).to_have_count(len(told["study"][-1]["table"]))
    expect(page.locator("tr.chosen")).to_have_count(1)
    assert inked(page, 0) > 500


def test_the_widget_takes_day_and_night_from_the_page_behind_it(
    page: Page, told: Any, tmp_path: Path
):
    opened(page, told["fit"][-1:], tmp_path, dark=True)
    root = page.locator(".fathom-cell")
    expect(root).to_have_css("color-scheme", "dark")

    page.evaluate("document.body.style.background = 'white'")

    expect(root).to_have_css("color-scheme", "light")


def test_a_closed_widget_listens_no_more(page: Page, told: Any, tmp_path: Path):
    opened(page, told["fit"][-1:], tmp_path)
    assert page.evaluate("listeners()") == 1
    page.evaluate("close_()")
    assert page.evaluate("listeners()") == 0
