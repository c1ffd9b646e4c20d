"""What a running study shows: a live table on a terminal, plain lines elsewhere."""

from fathom.cli.screen.board import Board
from fathom.cli.screen.heading import depths_text, heading, notices_worth_telling
from fathom.cli.screen.lines import Lines
from fathom.cli.screen.live import LiveScreen
from fathom.cli.screen.summary import print_next, print_study, print_written
from fathom.cli.screen.tables import plain_table

__all__ = [
    "Board",
    "Lines",
    "LiveScreen",
    "depths_text",
    "heading",
    "notices_worth_telling",
    "plain_table",
    "print_next",
    "print_study",
    "print_written",
]
