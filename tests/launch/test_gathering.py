"""Chunks out of order, and workers that die, without a cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

import pytest

from fathom.errors import LaunchError, SpecError
from fathom.launch import PASSING, Chunk, Heard, Message, gathered
from fathom.launch.chunks import Began, Died, Ended, Happening, Refused, Told

Script = dict[str, list[list[Happening]]]


def work(settings: bytes, shared: object) -> Iterator[Message]:
    yield from ()


def chunk(name: str) -> Chunk:
    return Chunk(name=name, work=work, settings=b"{}", bytes=3_000_000_000)


def lasting(text: str) -> Told:
    return Told(Message("record", text.encode(), {}))


def passing(text: str) -> Told:
    return Told(Message(PASSING, text.encode(), {}))


@dataclass
class Scripted:
    """Plays what is written for each attempt at each chunk, in a given order of chunks."""

    script: Script
    turns: list[str]
    ahead: int = 8
    begun: list[str] = field(default_factory=list)
    dropped: list[Hashable] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._attempts: dict[str, deque[Happening]] = {}
        self._turns = deque(self.turns)

    def begin(self, chunk: Chunk) -> str:
        tries = self.begun.count(chunk.name)
        self.begun.append(chunk.name)
        number = f"{chunk.name}{tries}"
        self._attempts[number] = deque(self.script[chunk.name][tries])
        return number

    def hear(self) -> list[tuple[Hashable, Happening]]:
        number = self._turns.popleft()
        happenings = self._attempts[number]
        return [(number, happenings.popleft())]

    def drop(self, attempt: Hashable) -> None:
        self.dropped.append(attempt)


def told(heard: list[Heard], *, kind: str = "record") -> list[str]:
    return [one.message.body.decode() for one in heard if one.message and one.message.kind == kind]


def test_what_lasts_comes_in_the_order_of_chunks_whichever_ends_first() -> None:
    script: Script = {
        "a": [[lasting("a1"), lasting("a2"), Ended()]],
        "b": [[lasting("b1"), Ended()]],
    }
    runner = Scripted(script, ["b0", "b0", "a0", "a0", "a0"])
    assert told(list(gathered([chunk("a"), chunk("b")], runner))) == ["a1", "a2", "b1"]


def test_progress_passes_at_once() -> None:
    script: Script = {"a": [[lasting("a1"), Ended()]], "b": [[passing("half"), Ended()]]}
    runner = Scripted(script, ["b0", "b0", "a0", "a0"])
    heard = [one for one in gathered([chunk("a"), chunk("b")], runner) if one.message]
    assert [one.message.body for one in heard] == [b"half", b"a1"]


def test_a_chunk_whose_worker_dies_begins_again_and_is_told_once() -> None:
    script: Script = {
        "a": [
            [Began("n1", 7), lasting("a1"), Died("out of memory")],
            [Began("n2", 8), lasting("a1"), lasting("a2"), Ended()],
        ]
    }
    runner = Scripted(script, ["a0"] * 3 + ["a1"] * 4)
    heard = list(gathered([chunk("a")], runner))
    assert told(heard) == ["a1", "a2"]
    assert [one.death for one in heard if one.death] == ["out of memory"]
    assert [(one.node, one.process) for one in heard if one.message] == [("n2", 8)] * 2


def test_three_deaths_of_one_chunk_are_said_with_their_causes_and_its_memory() -> None:
    dies = [lasting("a1"), Died("out of memory")]
    script: Script = {"a": [dies, dies, [Died("its node died")]], "b": [[passing("p"), Ended()]]}
    runner = Scripted(script, ["b0", "a0", "a0", "a1", "a1", "a2"])
    with pytest.raises(LaunchError, match=r"a, of which 3 workers died \(out of mem.*3\.0 GB"):
        list(gathered([chunk("a"), chunk("b")], runner))
    assert runner.dropped == ["b0"]


def test_what_chunks_before_it_told_is_kept_when_a_chunk_refuses() -> None:
    script: Script = {"a": [[lasting("a1"), Ended()]], "b": [[Refused(SpecError("no"))]]}
    heard = gathered([chunk("a"), chunk("b")], Scripted(script, ["a0", "a0", "b0"]))
    assert told([next(heard)]) == ["a1"]
    with pytest.raises(SpecError, match="no"):
        next(heard)


def test_no_more_chunks_are_on_their_way_than_may_be() -> None:
    names = ["a", "b", "c", "d"]
    script: Script = {name: [[lasting(name), Ended()]] for name in names}
    turns = ["b0", "b0", "a0", "a0", "c0", "c0", "d0", "d0"]
    runner = Scripted(script, turns, ahead=2)
    heard = gathered(map(chunk, names), runner)
    next(heard)
    assert runner.begun == ["a", "b"]  # b is done, and waits for a
    assert told(list(heard)) == ["b", "c", "d"]


def test_closing_drops_what_is_on_its_way() -> None:
    script: Script = {"a": [[passing("p")]], "b": [[passing("p")]]}
    heard = gathered([chunk("a"), chunk("b")], Scripted(script, ["a0"]))
    runner = Scripted(script, ["a0"])
    heard = gathered([chunk("a"), chunk("b")], runner)
    next(heard)
    heard.close()
    assert runner.dropped == ["a0", "b0"]
