"""What an error quotes reaches no terminal as a command."""

from __future__ import annotations

import pytest

from fathom.errors import DataError


@pytest.mark.parametrize(
    ("quoted", "told"),
    [
        ("\x1b]0;mine\x07", "\\x1b]0;mine\\x07"),
        ("a\rb\x9b", "a\\rb\\x9b"),
        ("txt.\u202egpj", "txt.\\u202egpj"),
        ("\ud83d", "\\ud83d"),
        ("größe 実\n\tnext", "größe 実\n\tnext"),
    ],
)
def test_characters_that_a_terminal_obeys_are_written_as_escapes(quoted: str, told: str) -> None:
    error = DataError(f"Received: {quoted}.", hint=quoted)
    assert str(error) == f"Received: {told}.\n\nhint: {told}"
    assert error.message == error.args[0] == f"Received: {told}."
    str(error).encode()
