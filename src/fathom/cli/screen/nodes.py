"""What trains where, for a study on a cluster."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fathom.cli.screen.board import Board, Place
from fathom.cli.terminal import plain

if TYPE_CHECKING:
    from fathom.specs import Progress


def scattered(board: Board) -> dict[Place, Progress]:
    """Return where networks on other machines are that are not tested yet."""
    return {
        place: progress
        for place, progress in board.latest.items()
        if progress.node and board.done(place) is None
    }


def node_lines(board: Board) -> list[str]:
    """Return a line for each machine: which networks it trains, and how far they are."""
    nodes: dict[str, list[str]] = defaultdict(list)
    for place, progress in sorted(scattered(board).items()):
        if progress.epoch < progress.epochs:
            nodes[progress.node].append(f"{_name(board, place)} {_state(progress)}")
    return [f"{plain(node)}: {'; '.join(work)}" for node, work in sorted(nodes.items())]


def _state(progress: Progress) -> str:
    return f"epoch {progress.epoch} of {progress.epochs}" if progress.epoch else "begins"


def _name(board: Board, place: Place) -> str:
    named = {what: number for what, number in board.named(place).items() if number != "–"}
    return " ".join(f"{what} {number}" for what, number in named.items())


def death_line(board: Board, progress: Progress) -> str:
    """Return what is said when the worker of a network died."""
    name = _name(board, (progress.depth, progress.width))
    where = f" on {progress.node}" if progress.node else ""
    return plain(f"{name}: its worker{where} died ({progress.death}); it begins again")


def begun_line(board: Board, progress: Progress) -> str:
    """Return what is said when a worker takes a network."""
    return plain(f"{_name(board, (progress.depth, progress.width))}: trains on {progress.node}")
