"""`fathom fit`: one network trained, its layers shown, its faults told."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import keras
import numpy as np
import pytest
from cli.running import Command, Outcome, run_here
from cli.test_interrupts import started

from fathom import models

QUICK = ("--depth", "1", "--width", "8", "--epochs", "4", "--learning-rate", "0.01")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """A network trained on iris and saved, and what was written meanwhile."""
    path = tmp_path_factory.mktemp("fit") / "iris.keras"
    outcome = run_here("fit", "iris", *QUICK, "--save", path, "--json")
    assert outcome.code == 0, outcome.err
    return outcome, path


def test_the_document_tells_losses_layers_and_diagnosis(iris):
    outcome, path = iris
    document = outcome.document
    assert document["status"] == "finished"
    assert document["epochs"] == 4
    assert document["parameters"] == 4 * 8 + 8 + 8 * 3 + 3
    assert document["written"] == {"network": str(path)}
    assert len(document["train"]["loss"]) == len(document["validation"]["accuracy"]) == 4
    assert set(document["test"]) == {"loss", "accuracy"}
    assert [(one["layer"], one["epoch"]) for one in document["layers"]] == [
        (layer, epoch) for epoch in range(5) for layer in ("dense_1", "logits")
    ]
    assert document["layers"][0]["update_ratio"] is None
    assert all(one["update_ratio"] > 0 for one in document["layers"] if one["epoch"])
    assert set(document["diagnosis"]) == {"text", "findings", "unseen"}


def test_progress_is_plain_lines_where_there_is_no_terminal(iris):
    outcome, _ = iris
    assert not CONTROL.search(outcome.err)
    lines = outcome.err.splitlines()
    assert lines[0].startswith("iris: classification, 3 classes; rows: 90 train")
    assert lines[1].startswith("mlp, depth 1, width 8: 67 parameters; adam, learning rate 1e-2")
    told = [line for line in lines if line.startswith("epoch ")]
    assert [line.split(":")[0] for line in told] == [f"epoch {n} of 4" for n in range(1, 5)]
    assert "validation loss" in told[0]
    assert "gradient first/last" in told[0]


def test_the_saved_network_has_the_weights_that_were_tested(iris):
    from fathom.data import load

    outcome, path = iris
    model = models.load_model(path)
    test = load("iris", seed=0).test
    scores = model.evaluate(test.x, test.y, verbose=0, return_dict=True)
    assert scores["accuracy"] == pytest.approx(outcome.document["test"]["accuracy"])


def test_the_same_command_gives_the_same_numbers(iris, command):
    again = command("fit", "iris", *QUICK, "--json").document
    first = iris[0].document
    for name in ("train", "validation", "test", "layers", "diagnosis"):
        assert again[name] == first[name]


def test_a_file_is_trained_on(iris, command, tmp_path):
    _, path = iris
    saved = tmp_path / "more.keras"
    outcome = command("fit", path, "iris", "--epochs", "3", "--save", saved, "--patience", "0")
    assert outcome.code == 0, outcome.err
    assert "iris.keras: 67 parameters" in outcome.err
    assert re.search(r"Test accuracy \d\.\d+, validation \d\.\d+\. Trained 3 epochs", outcome.out)
    assert f"network written to {saved}" in outcome.out
    before, after = models.load_model(path), models.load_model(saved)
    assert not np.array_equal(before.get_weights()[0], after.get_weights()[0])


def test_two_classes_and_values_are_learned_too(command):
    for source, metric in (("moons", "accuracy"), ("diabetes", "r2")):
        outcome = command("fit", source, "--depth", "0", "--epochs", "2", "--json")
        assert outcome.code == 0, outcome.err
        assert outcome.document["metric"] == metric


def test_what_is_wrong_is_told_as_it_emerges_and_at_the_end(command):
    outcome = command(
        *("fit", "iris", "--depth", "10", "--activation", "sigmoid", "--epochs", "6"),
        *("--patience", "0"),
    )
    assert outcome.code == 0
    assert "  critical: Gradients vanish on the way back" in outcome.err
    assert outcome.err.count("Gradients vanish") == 1
    assert "To mend it: use relu" in outcome.out.replace("\n", " ")


def test_a_diverged_training_leaves_nothing_to_save_and_says_why(command, tmp_path):
    outcome = command(
        *("fit", "diabetes", "--optimizer", "sgd", "--learning-rate", "1000", "--epochs", "5"),
        *("--save", "out.keras"),
    )
    assert outcome.code == 2
    assert "critical: The loss diverged in step" in outcome.err
    assert "There is no network to save" in outcome.err
    assert not (tmp_path / "out.keras").exists()


def test_patience_ends_the_training_and_the_best_weights_are_kept(command):
    outcome = command(
        *("fit", "iris", "--epochs", "200", "--patience", "1", "--learning-rate", "0.3", "--json")
    )
    document = outcome.document
    assert document["status"] == "stopped-early"
    assert document["best_epoch"] == document["epochs"] - 1
    assert int(np.argmin(document["validation"]["loss"])) + 1 == document["best_epoch"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("model.keras",), "A model is trained on data"),
        (("model.keras", "iris", "--depth", "3"), "says itself what its network is"),
        (("missing.keras", "iris"), "missing.keras"),
        (("iris", "--save", "out.h5"), "must end in .keras"),
        (("iris", "--epochs", "0"), "epochs"),
        (("iris", "--learning-rate", "-1"), "learning_rate"),
        (("iris", "--optimizer", "adamm"), "adam"),
        (("irris",), "iris"),
    ],
)
def test_what_cannot_be_done_is_refused_before_training(command, arguments, words):
    outcome = command("fit", *arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.err
    assert "epoch 1" not in outcome.err


def test_a_model_that_does_not_fit_the_data_is_refused(iris, command, tmp_path):
    _, path = iris
    outcome = command("fit", path, "digits")
    assert outcome.code == 2
    assert "of shape (8, 8, 1) per row" in outcome.err
    inputs = keras.Input((4,))
    two = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(inputs))
    (tmp_path / "two.keras").write_bytes(models.model_bytes(two))
    outcome = command("fit", "two.keras", "iris")
    assert outcome.code == 2
    assert "must end in 3 units for 3 classes" in outcome.err


def test_ctrl_c_keeps_the_weights_trained_so_far(tmp_path):
    endless = ("--epochs", "1000000", "--patience", "0")
    with started(tmp_path, "fit", "iris", *endless, "--save", "kept.keras", "--json") as process:
        process.wait_for("epoch 5 of")
        process.send(signal.SIGINT)
        process.wait_for("Stopping", seconds=2.0)
        code, out, err = process.finish()
    assert code == 130
    document = json.loads(out)
    assert document["status"] == 130
    found = re.search(r"Stopped after epoch (\d+)\. Kept: the weights of epoch (\d+), in ", err)
    assert found
    assert int(found[1]) >= 5
    assert int(found[2]) <= int(found[1])
    model = models.load_model(tmp_path / "kept.keras")
    assert all(np.isfinite(values).all() for values in model.get_weights())


def test_the_picture_has_room_in_every_terminal():
    """Losses, layers and findings of a deep network, at several widths and heights."""
    from io import StringIO

    from rich.console import Console

    from fathom.api.network import Progress
    from fathom.cli.fitting.picture import picture
    from fathom.measure import Course, diagnosed
    from fathom.specs import LayerRecord

    layers = tuple(
        LayerRecord(
            layer=f"a_rather_long_name_of_a_block/dense_{place}",
            epoch=epoch,
            activation_gradient=10.0 ** (place - 8),
            weight_gradient=1.0,
            weight_norm=1.0,
            update_ratio=1e-3,
            activation_mean=0.0,
            activation_std=1.0,
            dead=0.04 * place,
            near_dead=0.0,
        )
        for epoch in range(300)
        for place in range(10)
    )
    loss = [2.3 * 0.99**epoch for epoch in range(299)]
    progress = Progress(
        epoch=299, epochs=300, metric="accuracy", train={"loss": loss, "accuracy": loss},
        validation={"loss": loss, "accuracy": loss}, layers=layers,
        diagnosis=diagnosed(Course(loss=loss, layers=layers)),
    )  # fmt: skip
    for width, height in ((80, 18), (100, 30), (140, 30), (200, 50)):
        console = Console(file=StringIO(), width=width, color_system=None, highlight=False)
        console.print(picture(progress, width=width, height=height))
        lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
        assert max(map(len, lines)) <= width
        text = "\n".join(lines)
        assert "Gradients vanish" in text
        assert "block/dense_0" in text
        assert "block/dense_9" in text
        if (width, height) != (80, 18):
            assert len(lines) <= height


def test_help_names_the_network_file(command: Command):
    outcome = command("fit", "--help")
    assert outcome.code == 0
    assert "A .keras file to train on" in outcome.out
