"""What a page can do over its connection, each with a real server and real training."""

from __future__ import annotations

import gzip
import json
import time

import numpy as np
import pytest
from support.playground import Client, Page

from fathom import web
from fathom.store import Store

MODERN = {"mode": "modern", "optimizer": {"name": "adam", "learning_rate": 0.02}}


@pytest.fixture
def page(client: Client):
    """A page with the default experiment."""
    with client.page() as opened:
        yield opened


def test_a_page_gets_state_points_and_a_picture_of_every_unit(page: Page) -> None:
    state = page.state
    assert state["experiment"]["data"]["source"] == "circle"
    points, arrays = page.wait("points")
    assert points["build"] == state["build"]
    assert arrays["position"].shape == (500, 2)
    assert set(np.unique(arrays["label"])) == {-1, 1}
    assert arrays["split"].sum() == state["data"]["test"] == 250
    frame, arrays = page.wait("frame")
    assert arrays["maps"].shape == (9, 100, 100)
    assert arrays["parameters"].shape == (state["network"]["num_parameters"],)
    # x grows to the right and y upwards: row 0 is the top.
    assert (np.diff(arrays["maps"][0].astype(int), axis=1) >= 0).all()
    assert (np.diff(arrays["maps"][1].astype(int), axis=0) <= 0).all()
    assert frame["epoch"] == 0


def test_the_default_experiment_learns_the_circle(page: Page) -> None:
    frame, arrays = page.step(150)
    assert frame["epoch"] == 150
    assert frame["metrics"]["test"]["loss"] < 0.05
    assert arrays["curve"][-1][0] == 150
    confusion = np.array(frame["confusion"])
    assert confusion.sum() == 250 and np.trace(confusion) / 250 > 0.95


def test_play_trains_until_pause_and_frames_wait_for_acknowledgement(client: Client) -> None:
    with client.page() as page:
        page.wait_ready()
        page.send("speed", unit="epoch", per_frame=5)
        page.send("play")
        first = page.wait("frame", lambda one: one["epoch"] > 0)[0]
        later = page.wait("frame", lambda one: one["epoch"] >= first["epoch"] + 100)[0]
        assert later["epochs_per_second"] is None or later["epochs_per_second"] > 0
        page.send("pause")
        page.wait("status", lambda one: not one["playing"])
        stopped = page.ask("history")[0]["epochs"][-1]
        assert page.ask("history")[0]["epochs"][-1] == stopped


def test_a_page_that_does_not_draw_gets_two_frames_and_training_goes_on(client: Client) -> None:
    with client.open_socket() as socket:
        deaf = Page(socket)
        deaf.send("start")
        deaf.send("play")
        frames, deadline = [], time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                message = socket.recv(timeout=2)
            except TimeoutError:
                if len(frames) >= 2:
                    break
                continue
            if isinstance(message, bytes) and b'"type":"frame"' in message[:2000]:
                frames.append(message)
        assert len(frames) == 2
        deaf.send("ack", frame=1)
        frame, _ = deaf.wait("frame")
        assert frame["epoch"] > 20, "the newest state, not one that had waited"


def test_settings_change_while_training_goes_on(page: Page) -> None:
    page.step(3)
    state = page.change(
        optimizer={"name": "sgd", "learning_rate": 0.1},
        batch_size=7,
        regularization={"name": "l2", "rate": 0.001},
    )
    assert state["effect"] == "settings"
    assert state["build"] == 1 and state["phase"] == "ready"
    frame, _ = page.step(1)
    assert frame["epoch"] == 4
    assert frame["learning_rate"] == pytest.approx(0.1)


def test_taking_back_a_setting_keeps_what_was_learned(page: Page) -> None:
    page.step(2)
    page.change(optimizer={"name": "sgd", "learning_rate": 0.3})
    page.step(2)
    state = page.ask("undo")[0]
    assert state["experiment"]["optimizer"]["learning_rate"] == 0.03
    assert state["can_redo"]
    assert page.step(1)[0]["epoch"] == 5


def test_a_weight_edit_changes_the_picture_and_can_be_undone(page: Page) -> None:
    page.wait_ready()
    _, before = page.wait("frame") if "frame" not in page.heard else page.step(1)
    edited = page.ask("edit", parameter=4, index=0, value=5.0)[0]
    assert edited["can_undo"]
    _, after = page.wait("frame")
    place = edited["network"]["parameters"][4]["offset"]
    assert after["parameters"][place] == 5.0
    assert np.abs(after["output"] - before["output"]).max() > 0.1
    page.ask("undo")
    _, undone = page.wait("frame")
    np.testing.assert_array_equal(undone["parameters"], before["parameters"])
    np.testing.assert_allclose(undone["output"], before["output"], atol=1e-6)


def test_time_travel_shows_a_past_epoch_and_branches_from_it(page: Page) -> None:
    seen = {}
    for _ in range(6):
        frame, arrays = page.step(2)
        seen[frame["epoch"]] = arrays["parameters"]
    assert page.ask("history")[0]["epochs"][:4] == [0, 2, 4, 6]
    page.send("seek", epoch=6)
    frame, arrays = page.wait("frame", lambda one: one["viewing"] == 6)
    np.testing.assert_array_equal(arrays["parameters"], seen[6])
    page.send("seek", epoch=None)
    _, arrays = page.wait("frame", lambda one: one["viewing"] is None)
    np.testing.assert_array_equal(arrays["parameters"], seen[12])
    page.send("seek", epoch=6)
    page.wait("frame", lambda one: one["viewing"] == 6)
    page.ask("branch")
    frame, _ = page.step(1)
    assert frame["epoch"] == 7
    history = page.ask("history")[0]
    assert history["epochs"][-1] == 7
    assert history["branches"] == [{"at": 6, "epochs": 12}]


def test_reset_gives_the_same_weights_or_new_ones(page: Page) -> None:
    first = page.wait("frame")[1]["parameters"]
    page.step(3)
    page.ask("reset", weights="same")
    frame, arrays = page.wait("frame", lambda one: one["build"] > 1)
    assert frame["epoch"] == 0
    np.testing.assert_array_equal(arrays["parameters"], first)
    state = page.ask("reset", weights="new")[0]
    _, arrays = page.wait("frame", lambda one: one["build"] == state["build"])
    assert np.abs(arrays["parameters"] - first).max() > 0.05
    assert state["experiment"]["weights_seed"] is not None


def test_points_are_added_and_removed_and_weights_stay(page: Page) -> None:
    page.step(2)
    state = page.ask("points", add=[[1.5, -2.0, 1], [0, 0, -1]], remove=[3])[0]
    assert state["data"]["train"] + state["data"]["test"] == 501
    _, arrays = page.wait("points")
    assert {500, 501} <= set(arrays["id"]) and 3 not in arrays["id"]
    frame, _ = page.wait("frame", lambda one: one["build"] == state["build"])
    assert frame["epoch"] == 2
    state = page.ask("points", remove=[501])[0]
    assert state["experiment"]["data"]["added"] == [[1.5, -2.0, 1.0]]


def test_slow_motion_spells_out_a_step_that_is_right(page: Page) -> None:
    _, before = page.step(1)
    slow = page.ask("slow")[0]
    assert [one["key"] for one in slow["stages"]] == [
        "batch", "forward", "loss", "backward", "gradient", "update",
    ]  # fmt: skip
    below = np.array(slow["inputs"])
    for layer in slow["layers"]:
        kernel, bias = (np.array(layer["before"][name]) for name in ("kernel", "bias"))
        np.testing.assert_allclose(layer["z"], below @ kernel + bias, atol=1e-6)
        np.testing.assert_allclose(layer["a"], np.tanh(layer["z"]), atol=1e-6)
        delta, rows = np.array(layer["delta"]), len(slow["rows"])
        np.testing.assert_allclose(layer["gradient"]["kernel"], below.T @ delta / rows, atol=1e-6)
        change = -slow["learning_rate"] * np.array(layer["gradient"]["kernel"])
        np.testing.assert_allclose(layer["change"]["kernel"], change, atol=1e-6)
        below = np.array(layer["a"])
    page.send("step", unit="batch", count=1)
    _, after = page.wait("frame", lambda one: one["step"] == 1)
    first = np.array(slow["layers"][0]["after"]["kernel"]).ravel()
    np.testing.assert_allclose(after["parameters"][:8], first, atol=1e-6)
    assert np.abs(after["parameters"] - before["parameters"]).max() > 0


def test_a_loss_that_breaks_is_explained_and_mended(client: Client) -> None:
    layers = [{"units": 8, "activation": "linear"}] * 3
    experiment = {
        "mode": "modern",
        "data": {"source": "plane"},
        "network": {"layers": layers, "initializer": "he_normal"},
        "optimizer": {"name": "sgd", "learning_rate": 100},
    }
    with client.page(experiment=experiment) as page:
        page.wait_ready()
        page.send("step", unit="epoch", count=20)
        trouble = page.wait("trouble")[0]
        assert trouble["layer"] >= 1 and "no longer a number" in trouble["words"]
        mend = trouble["mends"][0]
        assert mend["experiment"]["optimizer"]["learning_rate"] == 10
        page.ask("experiment", experiment=mend["experiment"])
        page.state = page.ask("reset", weights=mend["reset"])[0]
        frame = page.wait("frame", lambda one: one["build"] == page.state["build"])[0]
        assert frame["metrics"]["train"]["loss"] is not None


def test_the_spiral_preset_solves_the_spiral(client: Client) -> None:
    presets = {one["key"]: one for one in client.json("/api/catalog")["presets"]}
    with client.page(experiment=presets["spiral"]["experiment"]) as page:
        frame, _ = page.step(200)
        assert frame["metrics"]["test"]["accuracy"] > 0.95


def test_other_structure_keeps_the_weights_that_fit(client: Client) -> None:
    with client.page(experiment=MODERN) as page:
        _, before = page.step(2)
        network = page.state["experiment"]["network"]
        layer = network["layers"][0]
        state = page.change(network={**network, "layers": [*network["layers"], layer]})
        assert state["effect"] == "compiled"
        frame, after = page.wait("frame", lambda one: one["build"] == state["build"])
        assert frame["epoch"] == 2
        np.testing.assert_array_equal(after["parameters"][:12], before["parameters"][:12])


def test_the_classic_mode_refuses_what_it_does_not_have(page: Page) -> None:
    answer = page.change(optimizer={"name": "adam", "learning_rate": 0.01})
    assert answer["type"] == "error"
    assert "modern" in answer["hint"]
    assert page.change(**MODERN)["effect"] == "compiled"


def test_many_seeds_train_together_and_one_can_be_opened(page: Page) -> None:
    page.wait_ready()
    page.send("many", count=8, resolution=16)
    _, arrays = page.wait("many")
    assert arrays["maps"].shape == (8, 16, 16)
    page.send("step", unit="epoch", count=120)
    done, arrays = page.wait("many", lambda one: one["epoch"] == 120)
    assert done["summary"]["low"] < 0.1
    member = int(arrays["loss"][:, 1].argmin())
    state = page.ask("open_member", of="many", member=member)[0]
    frame, _ = page.wait("frame", lambda one: one["build"] == state["build"])
    assert frame["metrics"]["test"]["loss"] == pytest.approx(arrays["loss"][member, 1], abs=1e-5)
    assert frame["epoch"] == 120


def test_depths_train_side_by_side(page: Page) -> None:
    page.wait_ready()
    page.send("depths", most=2, resolution=16)
    begun, arrays = page.wait("depths")
    assert [one["depth"] for one in begun["members"]] == [0, 1, 2]
    page.send("step", unit="epoch", count=100)
    _, arrays = page.wait("depths", lambda one: one["epoch"] == 100)
    assert arrays["loss"][0, 1] > 0.3 > arrays["loss"][1, 1], "a line cannot part a circle"


def test_a_second_network_trains_on_the_same_data(page: Page) -> None:
    page.wait_ready()
    page.send("compare", experiment={"mode": "modern", "network": {"layers": []}})
    other = page.wait("state", lambda one: one["side"] == "b")[0]
    assert other["experiment"]["data"]["source"] == "circle"
    page.wait("frame", lambda one: one["side"] == "b")
    page.send("play")
    page.wait("frame", lambda one: one["side"] == "b" and one["epoch"] > 3)
    page.wait("frame", lambda one: one["side"] == "a" and one["epoch"] > 3)


def test_the_descent_view_shows_where_optimizers_go(page: Page) -> None:
    page.step(2)
    header, arrays = page.ask(
        "descent",
        parameters=[[0, 0], [4, 1]],
        resolution=11,
        race=[
            {"name": "sgd", "learning_rate": 0.3},
            {"name": "sgd", "learning_rate": 0.3, "momentum": 0.9, "nesterov": True},
        ],
        steps=30,
    )
    assert arrays["loss"].shape == (11, 11)
    assert arrays["race"].shape == (2, 31, 3)
    np.testing.assert_allclose(arrays["race"][:, 0, :2], [header["here"]] * 2, atol=1e-6)
    assert (arrays["race"][:, -1, 2] < arrays["race"][:, 0, 2]).all()
    # The middle of the surface is where the network is.
    assert arrays["loss"][5, 5] == pytest.approx(arrays["race"][0, 0, 2], abs=1e-6)


def test_layers_are_measured_and_a_space_is_shown_when_wanted(page: Page) -> None:
    page.wait_ready()
    page.send("want", health=True, space={"layer": 1, "units": None}, focus=3, precision="f4")
    _, arrays = page.wait("frame", lambda one: "space" in one)
    assert arrays["health"].shape == (3, 6)
    assert arrays["space"].shape == (500, 2) and arrays["space_grid"].shape == (21, 21, 2)
    np.testing.assert_allclose(arrays["focus"], arrays["maps"][3], atol=1e-6)


def test_images_come_with_pixels_and_filters(client: Client) -> None:
    with client.page(experiment={**MODERN, "data": {"source": "digits", "rows": 300}}) as page:
        _, arrays = page.wait("images")
        assert arrays["pixels"].shape == (100, 8, 8, 1)
        _, arrays = page.wait("frame")
        assert arrays["filters"].shape == (4, 8, 8, 1)
        assert "maps" not in arrays


@pytest.mark.parametrize("framework", ["keras", "pytorch"])
def test_code_is_python(page: Page, framework: str) -> None:
    code = page.ask("code", framework=framework)[0]["text"]
    compile(code, "network.py", "exec")
    assert framework.replace("pytorch", "torch") in code


def test_a_network_is_downloaded_with_its_weights(client: Client, tmp_path) -> None:
    from fathom.models import load_model

    with client.page() as page:
        _, arrays = page.step(2)
        session = page.welcome["session"]
        answer = client.ask(f"/api/sessions/{session}/network.keras")
        file = tmp_path / "network.keras"
        file.write_bytes(answer.body)
        model = load_model(file)
        x = np.array([[-6.0, 6.0], [6.0, 6.0]], np.float32)
        corners = arrays["output"][0][0, [0, -1]]
        np.testing.assert_allclose(model.predict(x, verbose=0)[:, 0], corners, atol=1e-5)
        weights = client.json(f"/api/sessions/{session}/weights.json")
        flat = np.concatenate([np.ravel(one["values"]) for one in weights["parameters"]])
        np.testing.assert_allclose(flat, arrays["parameters"], atol=1e-6)


def test_a_page_comes_back_to_its_session(client: Client) -> None:
    with client.page() as page:
        page.step(5)
        session = page.welcome["session"]
    with client.page(session=session) as again:
        assert again.welcome["resumed"]
        frame, arrays = again.wait("frame")
        assert frame["epoch"] == 5 and frame["curve_reset"] and len(arrays["curve"]) >= 2


def test_a_page_whose_server_was_restarted_goes_on_where_it_was(client: Client, tmp_path) -> None:
    with client.page(experiment=MODERN) as page:
        frame, arrays = page.step(5)
        state = page.state
    with web.serve(port=0, store=Store(tmp_path / "runs")).start() as restarted:
        start = {
            "session": page.welcome["session"],
            "experiment": state["experiment"],
            "parameters": arrays["parameters"].tolist(),
            "epoch": frame["epoch"],
        }
        with Client(restarted).page(**start) as again:
            assert not again.welcome["resumed"]
            assert again.state["experiment"] == state["experiment"]
            new, found = again.wait("frame")
            assert new["epoch"] == 5
            np.testing.assert_array_equal(found["parameters"], arrays["parameters"])


def test_an_address_of_the_original_opens_the_same_experiment(client: Client) -> None:
    hash_ = "#activation=relu&dataset=xor&networkShape=3&seed=0.22222&playButton_hide=true"
    with client.page(hash=hash_) as page:
        assert page.state["experiment"]["hide"] == ["playButton"]
        assert page.state["experiment"]["network"]["layers"][0]["activation"] == "relu"
        again = page.ask("open", hash=page.state["hash"])[0]
        assert again["experiment"] == page.state["experiment"]


def test_training_of_a_closed_page_stops(client: Client, monkeypatch) -> None:
    from fathom.web import session as sessions

    monkeypatch.setattr(sessions, "SECONDS_WITHOUT_PAGE", 0.5)
    with client.page() as page:
        page.wait_ready()
        page.send("play")
        page.wait("frame", lambda one: one["epoch"] > 2)
        session = page.welcome["session"]
    time.sleep(1.5)
    with client.page(session=session) as again:
        assert again.welcome["resumed"]
        assert again.state["playing"] is False


def test_a_table_is_uploaded_and_trained_on(client: Client) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    lines = ["width,height,kind"]
    lines += [f"{a:.4f},{b:.4f},{'big' if a + b > 0 else 'small'}" for a, b in x]
    name = {"X-File-Name": "..%2F..%2Fshapes.csv"}
    body = "\n".join(lines).encode()
    answer = client.ask("/api/uploads", method="POST", body=body, headers=name)
    told = json.loads(answer.body)
    assert (answer.status, told["name"], told["target"]) == (200, "shapes.csv", "kind")
    with client.page(experiment={**MODERN, "data": {"source": told["source"]}}) as page:
        assert page.state["classes"] == ["big", "small"]
        assert page.state["data"]["kind"] == "plane"
        frame, _ = page.step(40)
        assert frame["metrics"]["test"]["accuracy"] > 0.85


def test_an_upload_tells_its_columns_even_where_the_last_cannot_be_predicted(
    client: Client,
) -> None:
    rows = [f"{k % 7},{k % 5}.5,{k}" for k in range(40)]
    rows[3] = "1,2.5,"
    body = "\n".join(["a,b,c", *rows]).encode()
    answer = client.ask(
        "/api/uploads", method="POST", body=body, headers={"X-File-Name": "three.csv"}
    )
    told = json.loads(answer.body)
    assert answer.status == 200
    assert [one["name"] for one in told["columns"]] == ["a", "b", "c"]
    assert told["target"] == "c" and told["task"] is None
    assert "cannot be predicted" in told["notes"][0]
    with client.page() as page:
        data = {"source": told["source"]}
        refused = page.ask("experiment", experiment={**MODERN, "data": data})[0]
        assert refused["type"] == "error" and refused["status"] == 400
        taken = page.ask("experiment", experiment={**MODERN, "data": {**data, "target": "b"}})[0]
        assert taken["task"] == "regression" and taken["data"]["inputs"][:1] == ["a"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", b""),
        ("a.csv", b"\x00\x01\x02\xff" * 500),
        ("a.csv", b"a,b\n1,2\n"),
        ("a.npz", b"PK\x03\x04 no archive"),
        ("a.parquet", b"PAR1 no parquet PAR1"),
        ("a.exe", b"MZ"),
        ("a", b"x"),
        ("..", b"x"),
        ("a.csv\x00.npz", b"x"),
        ("a.keras", b"PK"),
    ],
)
def test_a_hostile_upload_is_refused_in_words(client: Client, name: str, body: bytes) -> None:
    from urllib.parse import quote

    headers = {"X-File-Name": quote(name)}
    answer = client.ask("/api/uploads", method="POST", body=body, headers=headers)
    told = json.loads(answer.body)
    assert answer.status == 400 and set(told) == {"error", "hint", "status"}
    assert "Traceback" not in told["error"] and "/tmp" not in told["error"]


def test_markup_in_a_file_s_words_is_data_and_nothing_else(client: Client) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    rows = "\n".join(f"{k},{k % 7},{'p' if k % 2 else evil}" for k in range(60))
    body = f'"{evil}",b,kind\n{rows}'.encode()
    answer = client.ask(
        "/api/uploads", method="POST", body=body, headers={"X-File-Name": "%3Cb%3E.csv"}
    )
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.body)["columns"][0]["name"] == evil


def test_data_that_were_given_are_what_a_page_begins_with(tmp_path) -> None:
    import fathom

    given = fathom.load("wine")
    with web.serve(port=0, given=given, store=Store(tmp_path / "runs")).start() as server:
        client = Client(server)
        assert client.json("/api/catalog")["sources"][0]["key"] == "given"
        with client.page() as page:
            assert page.state["experiment"]["data"]["source"] == "given"
            assert len(page.state["classes"]) == 3
            frame, _ = page.step(30)
            assert frame["metrics"]["test"]["accuracy"] > 0.85
        with client.page(hash="#dataset=xor") as page:
            assert page.state["experiment"]["data"]["source"] == "xor"


def test_only_a_notebook_on_this_machine_may_show_the_page_inside(tmp_path) -> None:
    store = Store(tmp_path / "runs")
    with web.serve(port=0, store=store, framed=True).start() as server:
        policy = Client(server).ask("/").headers["content-security-policy"]
        assert "frame-ancestors http://localhost:* http://127.0.0.1:*" in policy
        html = server._repr_html_()
        assert "<iframe" not in html and "createElement" in html
        assert f":{server.port}/?token={server.gate.token}" in html


def test_files_of_the_page_are_compressed_and_sent_once(client: Client) -> None:
    packed = client.ask("/static/app.js", headers={"Accept-Encoding": "gzip"})
    plain = client.ask("/static/app.js")
    assert packed.headers["content-encoding"] == "gzip" and len(packed.body) < len(plain.body) / 2
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers.get_all("cache-control") == ["no-cache"]
    tag = packed.headers["etag"]
    known = client.ask("/static/app.js", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
    assert (known.status, known.body, known.headers["etag"]) == (304, b"", tag)
    other = client.ask("/static/look.js", headers={"If-None-Match": tag})
    assert other.status == 200
    stranger = client.ask("/static/app.js", headers={"If-None-Match": tag, "Cookie": None})
    assert stranger.status == 401


def test_what_a_session_says_is_neither_compressed_nor_kept(client: Client) -> None:
    answer = client.ask("/api/catalog", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.headers.get_all("cache-control") == ["no-store"]
