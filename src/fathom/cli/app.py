"""The commands, and what was typed turned into one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cyclopts import App, CycloptsError, UnusedCliTokensError

from fathom.cli import study as study_command
from fathom.cli.clusters import check_word_after, with_address
from fathom.cli.failures import UsageError
from fathom.version import __version__

if TYPE_CHECKING:
    from rich.console import Console

HELP = "Find out by experiment how deep a neural network should be, and keep the one that is."
EXAMPLES = """\
Examples:

  fathom study digits                       how deep for handwritten digits?
  fathom study prices.csv --target price    the same for your own table
  fathom study --help                       everything a study takes

Every command takes --json, for one JSON document on stdout."""


def run(tokens: Sequence[str]) -> int:
    """Run what was typed and return the exit code.

    Raises:
        UsageError: It is no command, or not with these options.
        FathomError: The command cannot do what was asked.
    """
    try:
        code = commands()(
            with_address(tokens),
            exit_on_error=False,
            print_error=False,
            verbose=False,
            console=_console(),
        )
    except CycloptsError as error:
        if isinstance(error, UnusedCliTokensError):
            check_word_after(tokens)
        raise _usage_error(error) from error
    return code or 0


def commands() -> App:
    """Return all commands."""
    from fathom.cli import (
        completion,
        depth_separation,
        doctor,
        experiments,
        export,
        features,
        fit,
        layers,
        playground,
        predicting,
        reporting,
        resume,
        runs,
        transfer,
        trim,
    )

    app = App(
        name="fathom",
        help=HELP,
        help_epilogue=EXAMPLES,
        help_format="plaintext",
        version=f"fathom {__version__}",
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app.command(study_command.study, help_epilogue=study_command.EXAMPLES)
    app.command(resume.resume, help_epilogue=resume.EXAMPLES)
    app.command(fit.fit, help_epilogue=fit.EXAMPLES)
    app.command(layers.layers, help_epilogue=layers.EXAMPLES)
    app.command(features.features, help_epilogue=features.EXAMPLES)
    app.command(trim.trim, help_epilogue=trim.EXAMPLES)
    app.command(transfer.transfer, help_epilogue=transfer.EXAMPLES)
    app.command(depth_separation.depth_separation, help_epilogue=depth_separation.EXAMPLES)
    app.command(experiments.experiments, help_epilogue=experiments.EXAMPLES)
    app.command(predicting.predict, help_epilogue=predicting.EXAMPLES)
    app.command(export.export, help_epilogue=export.EXAMPLES)
    app.command(reporting.report, help_epilogue=reporting.EXAMPLES)
    app.command(playground.playground, help_epilogue=playground.EXAMPLES)
    app.command(runs.commands())
    app.command(doctor.doctor, help_epilogue="")
    app.command(completion.completion_of(app), help_epilogue=completion.EXAMPLES)
    for place, name in enumerate(
        (
            "study",
            "resume",
            "fit",
            "layers",
            "features",
            "trim",
            "transfer",
            "predict",
            "experiments",
            "export",
            "report",
            "playground",
            "runs",
            "doctor",
            "completion",
        )
    ):
        app[name].sort_key = place
    return app


def _usage_error(error: CycloptsError) -> UsageError:
    message, _, meant = str(error).partition(" Did you mean ")
    meant, _, rest = meant.partition("?")
    hint = f"did you mean {meant}?" if meant else f"see {_help_of(error)}"
    return UsageError(f"{message}{rest}", hint=hint)


def _help_of(error: CycloptsError) -> str:
    return " ".join(["fathom", *(error.command_chain or ()), "--help"])


def _console() -> Console:
    from fathom.cli.terminal import output

    return output()
