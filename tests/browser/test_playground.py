"""The playground from end to end: the real server, a real browser."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\">"
ADDRESS = re.compile(r"http://\S+token=\S+")
START_SECONDS = 60
TRAIN_SECONDS = 90


@dataclass
class Server:
    """A running `fathom playground`, and how to start it again."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    address: str = ""

    def start(self) -> Server:
        command = [sys.executable, "-m", "fathom", "playground", "--no-browser"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)], cwd=self.folder, stdout=log, stderr=log
            )
        self.address = self._printed_address()
        return self

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(timeout=20)
        self.process = None

    def _printed_address(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process and self.process.poll() is None:
            if found := ADDRESS.search(self.log.read_text("utf-8")):
                return found.group()
            time.sleep(0.05)
        raise AssertionError("the server printed no address:\n" + self.log.read_text("utf-8"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that do not end it."""
    started = Server(port=free_port(), folder=tmp_path_factory.mktemp("playground")).start()
    yield started
    started.stop()
    assert "Traceback" not in started.log.read_text("utf-8")


@pytest.fixture
def opened(page: Page, server: Server) -> Callable[..., Page]:
    """Open the playground at an address fragment, and wait until it is drawn."""

    def open_at(fragment: str = "", *, width: int = 1280) -> Page:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(server.address + fragment)
        return drawn(page)

    return open_at


def drawn(page: Page) -> Page:
    expect(page.locator("html")).to_have_attribute("data-connection", "open")
    expect(page.locator("#test-loss")).to_have_text(re.compile(r"\d"))
    return page


def setting(page: Page, title: str) -> Locator:
    """A control of the settings' row, by its title."""
    return page.get_by_role("region", name="Training").get_by_label(title, exact=True)


def loss_shown(page: Page) -> float:
    return number(page.locator("#test-loss").inner_text())


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("–", "nan"))


def epoch(page: Page) -> int:
    return int(number(page.locator(".clock .epoch").inner_text()))


def go_fast(page: Page) -> None:
    """As many epochs in a picture as fit."""
    speed = page.get_by_label("Speed", exact=True)
    speed.focus()
    page.keyboard.press("End")


def wait_until(page: Page, condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TRAIN_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        page.wait_for_timeout(50)


def pixels(page: Page, selector: str) -> str:
    return page.locator(selector).first.evaluate("canvas => canvas.toDataURL()")


def drag_to_share(page: Page, label: str, share: float) -> None:
    """Move a slider to a share of its way, as a hand would."""
    page.get_by_label(label).evaluate(
        """(slider, share) => {
          slider.value = String(Math.round(Number(slider.max) * share));
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          slider.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        share,
    )


def test_the_default_experiment_learns_the_circle(opened: Callable[..., Page]):
    page = opened()
    assert epoch(page) == 0
    before = pixels(page, "fathom-output .map")
    go_fast(page)
    page.get_by_role("button", name="Play (Space)").click()
    wait_until(page, lambda: loss_shown(page) < 0.05, "test loss below 0.05")
    page.get_by_role("button", name="Pause (Space)").click()
    assert pixels(page, "fathom-output .map") != before
    expect(page.locator("fathom-scores")).to_contain_text("Test accuracy")


def test_keys_step_play_and_reset(opened: Callable[..., Page]):
    page = opened()
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: epoch(page) == 1, "one epoch")
    page.get_by_role("button", name="Circle").click()
    page.keyboard.press("Space")
    wait_until(page, lambda: epoch(page) > 3, "playing")
    page.keyboard.press("Space")
    page.keyboard.press("r")
    wait_until(page, lambda: epoch(page) == 0, "reset")


def test_an_address_holds_the_whole_experiment(opened: Callable[..., Page], server: Server):
    page = opened()
    page.get_by_role("button", name="Exclusive or").click()
    setting(page, "Activation").select_option(label="ReLU")
    page.get_by_role("button", name="One hidden layer more").click()
    expect(page.locator(".depth output").first).to_have_text("3 hidden layers")
    expect(page).to_have_url(re.compile("dataset=xor"))
    page.get_by_role("button", name="Start again with the same weights (R)").click()
    address = page.url

    other = page.context.new_page()
    other.goto(address)
    drawn(other)
    expect(other.locator(".depth output").first).to_have_text("3 hidden layers")
    expect(setting(other, "Activation").locator("option:checked")).to_have_text("ReLU")
    wait_until(page, lambda: loss_shown(page) == loss_shown(other), "the same first weights")
    other.reload()
    drawn(other)
    assert other.url == address


def test_an_address_of_the_original_opens_and_hides_what_it_says(opened: Callable[..., Page]):
    page = opened(
        "#activation=sigmoid&regularization=L2&regularizationRate=0.01&batchSize=5&dataset=gauss"
        "&learningRate=0.1&noise=20&networkShape=3,2,2&seed=0.5&xTimesY=true&percTrainData=70"
        "&stepButton_hide=true&problem_hide=true"
    )
    expect(page.locator(".depth output").first).to_have_text("3 hidden layers")
    expect(page.get_by_role("button", name="feature x·y")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="One step (→)")).to_be_hidden()
    expect(setting(page, "Problem")).to_be_hidden()
    expect(setting(page, "Learning rate").locator("option:checked")).to_have_text("0.1")


def test_a_preset_solves_the_spiral(opened: Callable[..., Page]):
    page = opened()
    presets = page.get_by_label("Presets")
    titles = presets.locator("option").all_inner_texts()
    spiral = next(title for title in titles if "piral" in title)
    presets.select_option(label=spiral)
    expect(page.locator("#preset-words")).to_be_visible()
    expect(page.get_by_role("button", name="Spiral")).to_have_attribute("aria-pressed", "true")
    go_fast(page)
    page.get_by_role("button", name="Play (Space)").click()
    accuracy = page.locator("fathom-scores .big").nth(1)
    wait_until(page, lambda: number(accuracy.inner_text().rstrip("%")) >= 97, "the spiral solved")
    page.keyboard.press("Space")


def test_a_typed_weight_changes_the_picture_and_undo_brings_it_back(opened: Callable[..., Page]):
    page = opened()
    before = pixels(page, '.unit[data-unit="8"] canvas')
    page.locator('.unit[data-unit="2"]').click()
    box = page.get_by_label("Weight x → layer 1, unit 1")
    was = box.input_value()
    box.fill("2.5")
    wait_until(page, lambda: pixels(page, '.unit[data-unit="8"] canvas') != before, "another map")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("Control+z")
    wait_until(page, lambda: pixels(page, '.unit[data-unit="8"] canvas') == before, "the old map")
    page.locator('.unit[data-unit="2"]').click()
    expect(page.get_by_label("Weight x → layer 1, unit 1")).to_have_value(was)


def test_time_goes_back_and_branches(opened: Callable[..., Page]):
    page = opened()
    start = pixels(page, "fathom-output .map")
    go_fast(page)
    page.get_by_role("button", name="Play (Space)").click()
    wait_until(page, lambda: epoch(page) > 60, "sixty epochs")
    page.get_by_role("button", name="Pause (Space)").click()
    time_slider = page.get_by_label("Time: the epoch on show")
    expect(time_slider).to_be_enabled()
    drag_to_share(page, "Time: the epoch on show", 0)
    wait_until(page, lambda: epoch(page) == 0, "epoch 0 on show")
    wait_until(page, lambda: pixels(page, "fathom-output .map") == start, "the first map")
    page.get_by_role("button", name="Go on from here").click()
    expect(page.get_by_role("button", name="Back to now")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: 0 < epoch(page) < 60, "a new branch")


def test_a_hostile_file_is_only_ever_shown(opened: Callable[..., Page], tmp_path: Path):
    path = tmp_path / "prices <img src=x onerror=alert(1)>.csv"
    rows = "\n".join(f"{i % 7},{i % 5},{'yes' if i % 7 > 3 else 'no'},=1+{i}" for i in range(60))
    quoted = HOSTILE.replace('"', '""')
    path.write_text(f'"{quoted}",b,target,note\n{rows}\n', "utf-8")
    page = opened()
    page.get_by_role("button", name="Open a file…").click()
    page.locator("fathom-upload input[type=file]").set_input_files(path)
    expect(page.locator("fathom-upload")).to_contain_text("onerror=")
    page.locator("fathom-upload").get_by_label("Column to predict", exact=True).select_option(
        label="target"
    )
    page.locator("fathom-upload label", has_text="note").locator("input").uncheck()
    page.get_by_role("button", name="Use these").click()
    expect(page.locator("fathom-network .input-label").first).to_contain_text("<img")
    go_fast(page)
    page.locator("button.play").click()
    wait_until(page, lambda: epoch(page) > 0, "training on the file")
    page.locator("button.play").click()
    expect(page.locator("img")).to_have_count(0)
    expect(page).not_to_have_title("owned")


def test_a_file_that_is_no_table_is_refused_in_words(
    opened: Callable[..., Page], complaints: Any, tmp_path: Path
):
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"\x00\xff" * 300)
    page = opened()
    page.get_by_role("button", name="Open a file…").click()
    page.locator("fathom-upload input[type=file]").set_input_files(path)
    refusal = page.locator("fathom-upload .refusal")
    expect(refusal).to_be_visible()
    assert "Traceback" not in refusal.inner_text()
    assert all("Failed to load resource" in heard for heard in complaints.take())


def test_a_click_adds_a_point_and_shift_takes_it_away(opened: Callable[..., Page]):
    page = opened()
    page.get_by_role("checkbox", name="Draw points").check()
    plot = page.locator("fathom-output .dots").first
    label = re.compile(r"251 training")
    plot.click(position={"x": 20, "y": 20})
    expect(plot).to_have_attribute("aria-label", label)
    plot.click(position={"x": 20, "y": 20}, modifiers=["Shift"])
    expect(plot).to_have_attribute("aria-label", re.compile(r"250 training"))


def test_a_loss_that_is_no_number_is_explained_and_mended(opened: Callable[..., Page]):
    page = opened(
        "#activation=relu&problem=regression&regDataset=reg-plane&learningRate=10"
        "&networkShape=8,8&seed=0.3&x=true&y=true"
    )
    go_fast(page)
    page.get_by_role("button", name="Play (Space)").click()
    trouble = page.locator(".trouble")
    expect(trouble).to_contain_text("no longer a number")
    expect(page.get_by_role("button", name="Play (Space)")).to_be_visible()
    trouble.get_by_role("button").first.click()
    expect(trouble).to_be_hidden()
    wait_until(page, lambda: loss_shown(page) < 10, "a finite loss again")


@pytest.mark.parametrize(
    "view", ["Slow motion", "Health", "Many at once", "Depths", "Descent", "Transformed space"]
)
def test_every_view_opens_with_something_drawn(opened: Callable[..., Page], view: str):
    page = opened()
    page.get_by_role("tab", name=view).click()
    filled = {
        "Slow motion": ".slow-drawing .node",
        "Health": ".health-cell",
        "Many at once": ".thumb",
        "Depths": ".depth-card",
        "Descent": "canvas.descent",
        "Transformed space": "canvas.space",
    }[view]
    expect(page.locator(filled).first).to_be_visible(timeout=120_000)
    expect(page.locator(".toast.error")).to_have_count(0)


def test_code_is_shown_for_keras_and_pytorch(opened: Callable[..., Page]):
    page = opened()
    page.get_by_role("tab", name="Code").click()
    expect(page.locator("fathom-code pre")).to_contain_text("keras")
    page.get_by_role("button", name="PyTorch").click()
    expect(page.locator("fathom-code pre")).to_contain_text("torch")


@pytest.mark.parametrize("width", [400, 760, 1280, 1600])
def test_no_width_makes_the_page_scroll_sideways(opened: Callable[..., Page], width: int):
    page = opened(width=width)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_page_is_small_and_asks_for_nothing_twice(opened: Callable[..., Page]):
    page = opened()
    sizes = page.evaluate(
        """() => performance.getEntriesByType("resource")
             .map((entry) => [entry.name, entry.decodedBodySize])"""
    )
    assert sum(size for _, size in sizes) < 300_000
    names = [name for name, _ in sizes if name.endswith((".js", ".css", "catalog"))]
    assert sorted(set(names)) == sorted(names)


def test_a_page_comes_back_by_itself_to_a_restarted_server(
    page: Page, complaints: Any, tmp_path: Path
):
    server = Server(port=free_port(), folder=tmp_path).start()
    try:
        page.goto(server.address)
        drawn(page)
        setting(page, "Activation").select_option(label="ReLU")
        go_fast(page)
        page.get_by_role("button", name="Play (Space)").click()
        wait_until(page, lambda: epoch(page) > 20, "some epochs")
        page.get_by_role("button", name="Pause (Space)").click()
        page.wait_for_timeout(300)
        before, loss = epoch(page), loss_shown(page)
        server.kill()
        expect(page.get_by_text("The server is gone")).to_be_visible()
        address = server.address
        server.start()
        assert server.address == address, "what was printed before still opens the page"
        expect(page.locator("html")).to_have_attribute("data-connection", "open")
        drawn(page)
        wait_until(page, lambda: epoch(page) == before, "the same epoch")
        assert loss_shown(page) == pytest.approx(loss, abs=0.002)
        expect(setting(page, "Activation").locator("option:checked")).to_have_text("ReLU")
        page.goto("about:blank")
    finally:
        server.stop()
    expected = ("WebSocket", "ERR_CONNECTION")
    assert all(any(word in heard for word in expected) for heard in complaints.take())
