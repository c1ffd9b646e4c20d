"""The secret that a restarted server shares with the page that stayed open."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from fathom import web
from fathom.web import tokens


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def served_token(**options: object) -> str:
    running = web.serve(**options)  # pyright: ignore[reportArgumentType]
    running.listening.close()
    return running.gate.token


def test_a_restarted_server_on_the_same_port_has_the_same_secret() -> None:
    port = free_port()
    first = served_token(port=port)
    assert len(first) == 43
    assert served_token(port=port) == first
    assert tokens.kept_token(port + 1) != first


def test_the_file_is_for_its_user_alone() -> None:
    tokens.kept_token(9000)
    file = tokens.token_file(9000)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["9000.token"]


def test_a_port_by_chance_and_other_machines_get_a_new_secret(cache: Path) -> None:
    served_token(port=0)
    port = free_port()
    assert served_token(port=port, host="0.0.0.0") != served_token(port=port, host="0.0.0.0")
    assert not (cache / "playground").exists()


def _age(file: Path) -> None:
    day_ago = time.time() - tokens.SECONDS_KEPT - 1
    os.utime(file, (day_ago, day_ago))


def _date_ahead(file: Path) -> None:
    os.utime(file, (time.time() + 3600,) * 2)


def _open_to_others(file: Path) -> None:
    file.chmod(0o644)


def _open_folder(file: Path) -> None:
    file.parent.chmod(0o777)


def _link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


def _link_hard(file: Path) -> None:
    os.link(file, file.with_name("elsewhere"))


def _shorten(file: Path) -> None:
    file.write_text(file.read_text()[:10])


def _write_other(file: Path) -> None:
    file.write_text("a" * 42 + "\n")


def _make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


@pytest.mark.parametrize(
    "spoil",
    [
        _age, _date_ahead, _open_to_others, _open_folder, _link, _link_hard,
        _shorten, _write_other, _make_pipe,
    ],
)  # fmt: skip
def test_a_file_that_is_not_right_is_not_believed(spoil) -> None:
    first = tokens.kept_token(9000)
    spoil(tokens.token_file(9000))
    second = tokens.kept_token(9000)
    assert second != first
    assert len(second) == 43


def test_a_file_of_another_user_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    first = tokens.kept_token(9000)
    monkeypatch.setattr(os, "getuid", lambda: 12_345)
    assert tokens.kept_token(9000) != first


def test_a_cache_that_cannot_be_written_is_no_fault(cache: Path) -> None:
    cache.write_text("not a folder")
    assert tokens.kept_token(9000) != tokens.kept_token(9000)
