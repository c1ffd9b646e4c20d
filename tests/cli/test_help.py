"""What `fathom --help` says, and how quickly."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest

from fathom.cli.app import commands
from fathom.cli.options import TrainingOptions
from fathom.cli.study import EXAMPLES
from fathom.specs import DEFAULT_LEARNING_RATES

COMMANDS = {
    ("study",),
    ("layers",),
    ("features",),
    ("trim",),
    ("transfer",),
    ("resume",),
    ("fit",),
    ("predict",),
    ("report",),
    ("export",),
    ("experiments",),
    ("depth-separation",),
    ("playground",),
    ("doctor",),
    ("completion",),
    ("runs", "list"),
    ("runs", "show"),
    ("runs", "compare"),
    ("runs", "export"),
    ("runs", "delete"),
}
HEAVY = "keras jax polars sklearn plotly skops scipy pandas numpy"


def test_help_answers_in_under_half_a_second(fathom):
    def seconds() -> float:
        start = time.perf_counter()
        assert fathom("--help").returncode == 0
        return time.perf_counter() - start

    seconds()  # the first call may write bytecode
    assert min(seconds() for _ in range(5)) < 0.5


@pytest.mark.parametrize("arguments", [(), ("--help",), ("study", "--help"), ("runs",)])
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\n"
        "from fathom.cli import main\n"
        f"main({list(arguments)!r})\n"
        f"heavy = [name for name in {HEAVY.split()!r} if name in sys.modules]\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_python_m_fathom_is_fathom(fathom):
    done = fathom("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"fathom \d+\.\d+\.\S+\n", done.stdout)


def test_no_arguments_print_the_help(command):
    assert command().out == command("--help").out
    assert command().code == 0


def test_only_commands_that_work_are_listed():
    app = commands()
    listed = {(name,) for name in app if not name.startswith("-") and name != "runs"}
    listed |= {("runs", name) for name in app["runs"] if not name.startswith("-")}
    assert listed == COMMANDS


@pytest.mark.parametrize("names", sorted(COMMANDS), ids=" ".join)
def test_every_command_and_option_is_explained(names):
    app = commands()
    for name in names:
        app = app[name]
    assert app.help
    for argument in app.assemble_argument_collection():
        if argument.show:
            assert argument.parameter.help, argument.name


@pytest.mark.parametrize("names", sorted(COMMANDS - {("completion",)}), ids=" ".join)
def test_every_command_takes_json(command, names):
    assert "--json" in command(*names, "--help").out


def test_options_of_a_study_are_grouped(command):
    out = command("study", "--help").out
    places = [out.index(f"─ {group} ") for group in ("Data", "Networks", "Training", "Study")]
    assert places == sorted(places)
    assert out.index("Examples:") > out.index("─ Output ")


def test_examples_use_options_that_exist():
    app = commands()["study"]
    known = {name for argument in app.assemble_argument_collection() for name in argument.names}
    used = set(re.findall(r"--[a-z-]+", EXAMPLES))
    assert used and used <= known


def test_default_rates_are_those_of_a_study():
    typed = TrainingOptions().learning_rates
    assert tuple(map(float, typed.split(","))) == DEFAULT_LEARNING_RATES


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["studdy", "digits"], 'Unknown command "studdy"', 'did you mean "study"?'),
        (["runs", "shw", "x"], 'Unknown command "shw"', 'did you mean "show"?'),
        (["study", "iris", "--dephts", "2"], "Unknown option: --dephts", "did you mean --depths?"),
        (["study", "iris", "wine"], "wine", "see fathom study --help"),
        (["study", "iris", "--ray", "head"], "HOST:PORT", "give its port too, such as --ray head:"),
        (["study", "--ray", "head", "iris"], "--ray head", "give its port too"),
        (["resume", "iris", "--ray", "head"], "--ray head", "give its port too"),
        (["study"], "SOURCE", "see fathom study --help"),
        (["study", "iris", "--epochs", "many"], "--epochs", "see fathom study --help"),
        (["study", "iris", "--epochs", "1", "--epochs", "2"], "--epochs", "see fathom study"),
    ],
)
def test_what_is_mistyped_is_refused_with_a_hint(command, tmp_path, arguments, message, hint):
    outcome = command(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")
    assert message in outcome.err
    assert f"hint: {hint}" in outcome.err
    assert "Traceback" not in outcome.err
    assert list(tmp_path.iterdir()) == []
