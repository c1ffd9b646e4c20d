"""What a running study shows on a terminal, and elsewhere."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from fathom.cli.screen import Board, Lines, LiveScreen, print_study
from fathom.cli.terminal import plain
from fathom.specs import (
    ArchitectureRecord,
    Progress,
    RunRecord,
    StudyRecord,
    TestRecord,
    VerdictRecord,
    to_json_data,
)
from fathom.store import Store
from fathom.studies import StudyResult, architectures

ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38;|48;)[0-9;]*m")


class Terminal(io.StringIO):
    """Stands for a terminal: what is written can be read."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Put a terminal in the place of stderr and stdout; return a function that sizes it."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def opened(columns=80, lines=24):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("LINES", str(lines))
        file = Terminal()
        monkeypatch.setattr(sys, "stderr", file)
        monkeypatch.setattr(sys, "stdout", file)
        return file

    return opened


@pytest.fixture
def records(tiny):
    """The records of the small study, as they were told."""
    return Store(tiny.store).open("tiny").records()


def progress(depth, *, epoch=1, diverged=0):
    return Progress(
        depth=depth,
        width=8,
        epoch=epoch,
        epochs=3,
        best_score=0.5123,
        gradient_ratio=0.25,
        diverged=diverged,
        active=4,
        seconds_left=12.0,
    )


def board_of(records):
    return Board(networks=architectures(StudyResult.from_records(records).spec))


def until(records, kind, depth):
    """Return the records up to the one of this kind and depth."""
    place = next(
        place
        for place, record in enumerate(records)
        if isinstance(record, kind) and record.depth == depth
    )
    return records[: place + 1]


def picture(records, *, then=()):
    """Return what a live screen shows after these records, without escapes."""
    screen = LiveScreen(board_of(records), stays=False)
    for record in [*records, *then]:
        screen.take(record)
    console = screen._console
    with console.capture() as capture:
        console.print(screen._picture())
    return capture.get()


def text(drawn):
    return ESCAPE.sub("", drawn)


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_the_table_fits_every_width(terminal, records, columns):
    terminal(columns)
    begun = until(records, ArchitectureRecord, 2)
    lines = text(picture(begun, then=[progress(2, diverged=1)])).splitlines()
    assert max(map(len, lines)) <= columns
    joined = "\n".join(lines)
    for header in ("depth", "validation", "test"):
        assert header in joined
    assert ("gradient" in joined) == (columns >= 80)
    assert ("diverged" in joined) == (columns >= 100)
    assert "…" not in joined.split("epoch 1 of 3, 4")[0]


def test_rows_stand_in_the_order_of_the_study_and_fill_in(terminal, records):
    terminal()
    drawn = text(picture(until(records, TestRecord, 0)))
    rows = re.findall(r"^[ >] +(\d)(.*)$", drawn, re.M)
    assert [depth for depth, _ in rows] == ["0", "1", "2"]
    assert "[" in rows[0][1] and "±" in rows[0][1]
    assert rows[1][1].strip() == rows[2][1].strip() == ""
    assert "compiling" in drawn


def test_the_present_row_shows_epoch_score_and_gradient(terminal, records):
    terminal()
    drawn = text(picture(until(records, ArchitectureRecord, 1), then=[progress(1, epoch=2)]))
    (row,) = re.findall(r"^> .*$", drawn, re.M)
    assert "0.512 so far" in row and "epoch 2 of 3" in row and "0.25" in row
    assert "depth 1: epoch 2 of 3, 4 networks in training" in drawn
    assert "about 12 s left" in drawn


def test_a_terminal_too_low_shows_the_present_row(terminal, records):
    terminal(lines=13)
    header = records[0]
    assert isinstance(header, StudyRecord)
    spec = {**header.spec, "depths": list(range(30))}
    many = [replace(header, spec=spec), *records[1:]]
    begun = until(many, ArchitectureRecord, 2)
    drawn = text(picture(begun, then=[progress(2)]))
    assert len(drawn.splitlines()) <= 13
    assert re.findall(r"^ +(\S+) *$", drawn, re.M)[-1] == "...", "there are more below"
    assert re.search(r"^> +2 ", drawn, re.M)


def test_widths_are_shown_where_they_vary(terminal, records):
    terminal()
    header = records[0]
    assert isinstance(header, StudyRecord)
    wide = [replace(header, spec={**header.spec, "widths": [8, 16]}), *records[1:]]
    drawn = text(picture(until(wide, TestRecord, 1)))
    assert "width" in drawn
    assert re.search(r"^ +0 +– ", drawn, re.M)
    assert re.search(r"^ +1 +8 ", drawn, re.M)
    assert re.search(r"^ +1 +16", drawn, re.M)
    assert "width" not in text(picture(until(records, TestRecord, 1)))


def test_stopping_is_said_on_the_live_screen(terminal, records):
    file = terminal()
    with LiveScreen(board_of(records), stays=False) as screen:
        for record in until(records, TestRecord, 0):
            screen.take(record)
        screen.announce_stopping()
        assert "Stopping, and keeping what is finished." in text(file.getvalue())


def test_the_cursor_comes_back_even_after_an_error(terminal, records):
    file = terminal()
    with (
        pytest.raises(RuntimeError, match="torn"),
        LiveScreen(board_of(records), stays=False) as screen,
    ):
        screen.take(records[0])
        raise RuntimeError("torn")
    drawn = file.getvalue()
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")


def test_no_color_is_honoured(terminal, records, monkeypatch):
    terminal()
    begun = until(records, ArchitectureRecord, 1)
    assert COLOUR.search(picture(begun, then=[progress(1)]))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(picture(begun, then=[progress(1)]))


def test_the_chosen_row_is_marked_and_not_by_colour_alone(terminal, records):
    file = terminal(100)
    print_study(StudyResult.from_records(records))
    verdict = next(record for record in records if isinstance(record, VerdictRecord))
    drawn = text(file.getvalue())
    assert re.findall(r"^\* +(\d)", drawn, re.M) == [str(verdict.depth)]
    assert "* the shallowest within one standard error of the best" in drawn


def test_the_first_sentence_of_the_verdict_is_bold(terminal, records):
    file = terminal(100)
    print_study(StudyResult.from_records(records))
    verdict = next(record for record in records if isinstance(record, VerdictRecord))
    begin = verdict.text.split()[0]
    assert re.search(rf"\x1b\[1m{begin}", file.getvalue())


def test_an_unfinished_study_shows_how_far_it_got(terminal, records):
    file = terminal(100)
    print_study(StudyResult.from_records(until(records, TestRecord, 1)))
    drawn = text(file.getvalue())
    assert "Not finished" in drawn
    assert "8 of 12 trainings" in drawn
    assert re.search(r"^ +1 ", drawn, re.M)


def test_a_study_that_began_and_no_more_says_so(terminal, records):
    file = terminal(100)
    print_study(StudyResult.from_records(records[:1]))
    assert "Nothing has been trained yet." in text(file.getvalue())


def test_diverged_trainings_get_a_column(terminal, records):
    terminal(160)
    runs = [
        replace(record, status="diverged", validation_score=None, best_epoch=None)
        if isinstance(record, RunRecord) and record.depth == 1 and record.learning_rate == 0.1
        else record
        for record in records
    ]
    drawn = text(picture(until(runs, TestRecord, 1)))
    assert "diverged" in drawn and "2 of 4" in drawn
    assert "diverged" not in text(picture(until(records, TestRecord, 1)))


EVIL = "\x1b[31mevil\x1b[0m\x07\r\u202eback\x1b]0;title\x07"


@pytest.mark.parametrize("is_live", [True, False])
def test_escapes_in_names_reach_no_terminal(terminal, records, is_live, capsys):
    header = records[0]
    assert isinstance(header, StudyRecord)
    dataset = {**header.dataset, "name": EVIL, "target": EVIL, "notices": [EVIL]}
    evil = [replace(header, dataset=dataset), *records[1:]]
    if is_live:
        file = terminal()
        with LiveScreen(board_of(evil), stays=False) as screen:
            for record in evil:
                screen.take(record)
        print_study(StudyResult.from_records(evil))
        drawn = file.getvalue()
    else:
        lines = Lines(board_of(evil))
        for record in evil:
            lines.take(record)
        drawn = capsys.readouterr().err
    assert "evil" in drawn
    for code in ("\x1b[31m", "\x07", "\u202e", "\x1b]0"):
        assert code not in drawn


def test_plain_text_keeps_words_of_all_languages():
    assert plain("naïve 名前 ‌می‌خواهم\n") == "naïve 名前 ‌می‌خواهم\n"
    assert plain("a\x1b[2Jb\x9b31mc\x00d\x7fe") == "abcde"


def test_lines_come_one_per_architecture(records, capsys):
    lines = Lines(board_of(records))
    for record in records:
        if isinstance(record, TestRecord):
            lines.take(progress(record.depth))
        lines.take(record)
    err = capsys.readouterr().err
    depths = re.findall(r"^depth (\d): validation 0\.\d+ ± 0\.\d+, test 0\.\d+ \[", err, re.M)
    assert depths == ["0", "1", "2"]
    assert err.count("about 12 s left") == 2, "none after the last"
    assert not ESCAPE.search(err)


def test_progress_is_never_kept(records):
    board = board_of(records)
    for event in [*records, progress(1)]:
        board.take(event)
    assert len(board.records) == len(records)
    assert to_json_data(board.records[0])["name"] == "tiny"


def read_all(descriptor):
    """Return what was written to a terminal until its last user is gone."""
    parts = []
    while True:
        try:
            part = os.read(descriptor, 10_000)
        except OSError:  # how Linux says that nobody has the other end
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def test_a_real_terminal_shows_the_live_table_and_then_the_verdict(tmp_path):
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    options = ["--depths", "0-1", "--seeds", "1", "--epochs", "2", "--no-baselines"]
    process = subprocess.Popen(
        [sys.executable, "-m", "fathom", "study", "iris", *options],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=environment,
    )
    os.close(theirs)
    drawn = read_all(ours)
    os.close(ours)
    assert process.wait(timeout=60) == 0
    assert "\x1b[?25l" in drawn and drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")
    after = drawn[drawn.rindex("\x1b[?25h") :]
    assert "± std. error" in drawn and "so far" in drawn
    assert "Kept in fathom-runs/iris-" in after
