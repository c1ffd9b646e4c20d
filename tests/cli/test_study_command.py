"""`fathom study`, from what is typed to what is left."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys

import pytest
from cli.running import LINEAR, SMALL

import fathom as fathom_package

TIMES = ("train_seconds", "latency_ms", "batch_ms", "pareto")  # no two runs share them
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def numbers_in(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from numbers_in(one)
    elif isinstance(value, float):
        yield value


def test_json_is_one_document_with_the_promised_fields(tiny):
    document = tiny.outcome.document
    assert document["study"] == "tiny"
    assert document["folder"] == str(tiny.store / "tiny")
    assert document["task"] == "classification"
    assert document["metric"] == "accuracy"
    assert document["trainings"] == document["trained"] == 3 * 2 * 2
    assert document["wall_seconds"] > 0
    assert document["status"] == "finished"
    assert document["source"] and document["notices"]
    assert [row["depth"] for row in document["depths"]] == [0, 1, 2]
    assert document["classes"] == ["setosa", "versicolor", "virginica"]
    assert {column["kind"] for column in document["columns"]} >= {"numeric", "target"}


def test_json_rows_hold_full_numbers(tiny):
    row = tiny.outcome.document["depths"][2]
    assert row["width"] == 8
    assert row["parameters"] == 4 * 8 + 8 + 8 * 8 + 8 + 8 * 3 + 3
    assert row["learning_rate"] in (0.01, 0.1)
    assert row["validation"]["n"] == 2
    assert 0 <= row["test"]["low"] <= row["test"]["mean"] <= row["test"]["high"] <= 1
    assert math.isclose(row["test"]["mean"], sum(row["test"]["scores"]) / 2)
    assert row["gradient_ratio"] > 0
    assert row["diverged"] == 0
    assert row["train_seconds"] > 0
    assert row["flops"] == 2 * (row["parameters"] - 19) + 19 + 16  # 19 biases, 16 activations
    assert row["bytes"] > 0
    assert row["latency_ms"] > 0 and row["batch_ms"] > 0
    assert set(row["pareto"]) <= {
        "parameters",
        "flops",
        "latency_ms",
        "batch_ms",
        "train_seconds",
        "bytes",
    }


def test_json_tells_the_verdict_and_the_baselines(tiny):
    document = tiny.outcome.document
    assert document["verdict"]["rule"] == "one-standard-error"
    assert document["verdict"]["depth"] in (0, 1, 2, None)
    assert document["verdict"]["text"]
    names = [baseline["name"] for baseline in document["baselines"]]
    assert names == ["majority-class", "hist-gradient-boosting"]
    assert all(0 <= baseline["test"] <= 1 for baseline in document["baselines"])


def test_a_limit_that_no_network_keeps_is_refused_with_the_smallest(command, tmp_path):
    outcome = command("study", "iris", *SMALL, "--max-parameters", "10")
    assert outcome.code == 2
    assert "max_parameters=10; the smallest of the study, depth 0, has 15" in outcome.err
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "fathom-runs").exists()


def test_where_no_network_is_fast_enough_no_model_is_written(command, tmp_path):
    best = tmp_path / "best.keras"
    limit = ("--max-latency-ms", "1e-9", "--no-baselines")
    outcome = command("study", "iris", *SMALL, *limit, "--name", "fast", "--save", best)
    assert outcome.code != 0
    assert "no network keeps within its limits" in outcome.err
    assert not best.exists()


def test_json_knows_no_nan(tiny):
    assert "NaN" not in tiny.outcome.out and "Infinity" not in tiny.outcome.out
    assert all(map(math.isfinite, numbers_in(tiny.outcome.document)))


def test_json_equals_what_python_reads(tiny):
    study = fathom_package.open_study("tiny", store=tiny.store)
    table = study.table()
    rows = tiny.outcome.document["depths"]
    assert table["test_mean"].to_list() == [row["test"]["mean"] for row in rows]
    assert table["validation_se"].to_list() == [row["validation"]["se"] for row in rows]


def test_progress_off_a_terminal_is_plain_lines_on_stderr(tiny):
    err = tiny.outcome.err
    assert not CONTROL.search(err)
    for depth in (0, 1, 2):
        assert len(re.findall(rf"^depth {depth}: validation \d", err, re.M)) == 1
    assert "depths 0 to 2" in err and "12 trainings" in err
    assert "gradient boosting: validation" in err


def test_report_and_model_are_written_where_asked(tiny):
    assert tiny.outcome.document["written"] == {
        "report": str(tiny.report),
        "best network": str(tiny.model),
    }
    assert "tiny" in tiny.report.read_text()[:20_000]


def test_the_saved_model_opens_in_plain_keras(tiny):
    code = (
        "import sys, keras, numpy as np\n"
        "model = keras.models.load_model(sys.argv[1])\n"
        "out = model.predict(np.zeros((3, 4), 'float32'), verbose=0)\n"
        "assert 'fathom' not in sys.modules\n"
        "assert np.allclose(out.sum(axis=1), 1, atol=1e-5), out\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tiny.model)], check=True)


def test_at_the_end_stand_table_verdict_baselines_and_commands(command, tmp_path):
    outcome = command("study", "iris", *SMALL, "--name", "a b", "--patience", "none")
    assert outcome.code == 0
    out = outcome.out
    assert not CONTROL.search(out)
    order = ["± std. error", "standard error of the best", "\nDepth", "on the same split"]
    order += ["Kept in", "fathom report a-b", "fathom predict a-b FILE", "fathom runs show a-b"]
    order += ["fathom.open_study('a-b').best_model()"]
    places = [out.index(words) for words in order]
    assert places == sorted(places)
    assert "resume" not in out
    assert (tmp_path / "fathom-runs" / "a-b").is_dir()


def test_the_commands_to_go_on_with_work(command, tmp_path):
    outcome = command("study", "iris", *LINEAR)
    assert outcome.code == 0
    for arguments in re.findall(r"^  fathom (report|runs show) (\S+)", outcome.out, re.M):
        words = " ".join(arguments).split()
        assert command(*words).code == 0


def test_a_study_can_be_given_every_option(command):
    outcome = command(
        *("study", "moons", "--rows", "120", "--noise", "5", "--balance", "bootstrap"),
        *("--task", "classification", "--family", "residual", "--depths", "0,2", "--widths", "4,8"),
        *("--activation", "tanh", "--normalization", "layer", "--dropout", "0.1", "--l1", "1e-5"),
        *("--l2", "1e-5", "--initializer", "he_normal", "--optimizer", "sgd", "--seeds", "1"),
        *("--learning-rates", "1e-2:1e-1:2", "--epochs", "2", "--batch-size", "16", "--seed", "3"),
        *("--patience", "0", "--allocation", "full", "--no-baselines", "--no-watch", "--json"),
        *("--validation-share", "0.3", "--test-share", "0.1", "--name", "all"),
    )
    assert outcome.code == 0, outcome.err
    document = outcome.document
    assert document["spec"]["train"]["patience"] is None
    assert document["spec"]["train"]["watch"] is False
    assert document["spec"]["seed"] == 3
    assert document["spec"]["model"]["family"] == "residual"
    assert document["spec"]["learning_rates"] == [0.01, 0.1]
    assert [(row["depth"], row["width"]) for row in document["depths"]] == [(0, 4), (2, 4), (2, 8)]
    assert [row["gradient_ratio"] for row in document["depths"]] == [None] * 3
    assert [baseline["name"] for baseline in document["baselines"]] == ["majority-class"]


def test_the_same_command_gives_the_same_table(command, tiny):
    again = command("study", "iris", *SMALL, "--json", "--name", "again")
    for one, other in zip(tiny.outcome.document["depths"], again.document["depths"]):
        one, other = ({k: v for k, v in row.items() if k not in TIMES} for row in (one, other))
        assert one == other


def test_a_network_that_learns_nothing_leaves_no_model_to_save(command, table, tmp_path):
    path = table("side", ["left", "right"] * 20)
    outcome = command(
        *("study", path, "--target", "side", "--depths", "1", "--seeds", "1", "--epochs", "1"),
        *("--learning-rates", "1e-9", "--save", "best.keras", "--no-baselines"),
    )
    assert outcome.code == 2
    assert "no depth learned anything" in outcome.err
    assert not (tmp_path / "best.keras").exists()
    assert "fathom predict" not in outcome.out


def test_a_fault_is_one_message_and_exit_code_1(command, monkeypatch):
    monkeypatch.setattr("fathom.data.load", lambda *_, **__: 1 / 0)
    outcome = command("study", "iris")
    assert outcome.code == 1
    assert outcome.err.startswith("fault: This is a fault of Fathom's, not yours. ")
    assert "ZeroDivisionError: division by zero" in outcome.err
    assert "FATHOM_DEBUG=1" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_fault_shows_its_traceback_when_asked(command, monkeypatch):
    monkeypatch.setattr("fathom.data.load", lambda *_, **__: 1 / 0)
    monkeypatch.setenv("FATHOM_DEBUG", "1")
    outcome = command("study", "iris", "--json")
    assert outcome.code == 1
    assert "Traceback" in outcome.err
    assert outcome.document["status"] == 1
    assert outcome.document["hint"] is None


def test_errors_are_one_json_document_too(command):
    outcome = command("study", "irris", "--json")
    assert outcome.code == 2
    document = json.loads(outcome.out)
    assert set(document) == {"error", "hint", "status"}
    assert document["status"] == 2
    assert "irris" in document["error"]
    assert "iris" in document["hint"]


@pytest.mark.parametrize("name", ["", "..", "\x1b[31mred\x1b[0m"])
def test_odd_names_become_safe_folders(command, tmp_path, name):
    outcome = command("study", "iris", *LINEAR, "--name", name)
    assert outcome.code == 0
    for folder in (tmp_path / "fathom-runs").iterdir():
        assert folder.name.isprintable()
    assert "\x1b" not in outcome.out + outcome.err
