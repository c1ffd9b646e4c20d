"""`fathom completion`: names and options at the Tab key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from cyclopts import App, Parameter

from fathom.cli.terminal import output

EXAMPLES = """\
Examples:

  fathom completion bash > ~/.local/share/bash-completion/completions/fathom
  fathom completion zsh > ~/.zfunc/_fathom        # a folder of your fpath
  fathom completion fish > ~/.config/fish/completions/fathom.fish"""


def completion_of(app: App) -> Callable[..., None]:
    """Return the command that completes what the app takes."""

    def completion(
        shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="The shell it is for.")], /
    ) -> None:
        """Print the script with which a shell completes commands and options at the Tab key."""
        script = app.generate_completion(prog_name="fathom", shell=shell)
        output().out(script, highlight=False)

    return completion
