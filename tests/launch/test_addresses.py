"""Addresses of clusters, and what does not answer there."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time

import pytest

import fathom
from fathom import launch
from fathom.cli.clusters import with_address
from fathom.errors import LaunchError, SpecError
from fathom.launch import addresses, worker


@pytest.mark.parametrize("address", ["digits", "10.0.0.5", "10.0.0.5:0", "10.0.0.5:99999", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(LaunchError, match="must be HOST:PORT"):
        launch.check_address(address)


def test_ray_client_is_refused_with_the_way_to_do_it() -> None:
    with pytest.raises(LaunchError, match="on a node of the cluster") as refused:
        launch.check_address("ray://10.0.0.5:10001")
    assert "log in to a node" in (refused.value.hint or "")


@pytest.mark.parametrize("address", ["auto", "10.0.0.5:6379", "head.example:6379", "[::1]:6379"])
def test_addresses_of_ray_are_taken(address: str) -> None:
    launch.check_address(address)


def test_where_nothing_listens_is_said_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening: nobody else takes the port
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(LaunchError, match=f"{address}.*refused"):
            addresses.check_answers(address)
        assert time.monotonic() - started < 5


@pytest.mark.slow
def test_what_listens_but_does_not_answer_is_given_up_after_ten_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(LaunchError, match=f"{address}.*no answer within 10 s"):
            addresses.check_answers(address)
        assert 9 < time.monotonic() - started < 20


def test_without_ray_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LaunchError) as refused:
        launch.check_available()
    assert refused.value.hint == "pip install 'fathom-nn[ray]'"


def test_halving_is_refused_before_a_cluster_starts(tmp_path) -> None:
    with pytest.raises(SpecError, match=r"full grid.*allocation=halving"):
        fathom.study("iris", store=tmp_path, allocation="halving", ray=True)
    with pytest.raises(SpecError, match="minutes=2"):
        fathom.study("iris", store=tmp_path, minutes=2, allocation="full", ray=True)
    with pytest.raises(SpecError, match=r"full grid.*allocation=halving"):
        fathom.sweep("iris", splits=2, store=tmp_path, allocation="halving", ray=True)
    assert not list(tmp_path.iterdir())


def test_the_address_may_be_left_out_anywhere() -> None:
    assert with_address(["study", "--ray", "digits"]) == ["study", "--ray=local", "digits"]
    assert with_address(["study", "iris", "--ray"]) == ["study", "iris", "--ray=local"]
    typed = ["study", "iris", "--ray", "auto", "--json"]
    assert with_address(typed) == typed


@pytest.mark.parametrize("host", ["10.0.0.5", "localhost", "[::1]"])
def test_a_host_without_a_port_is_the_options_and_refused_as_an_address(host: str) -> None:
    typed = ["study", "iris", "--ray", host]
    assert with_address(typed) == typed
    with pytest.raises(LaunchError, match="must be HOST:PORT"):
        launch.check_address(host)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores are chosen on Linux")
def test_a_worker_takes_as_many_cores_as_it_is_told_and_the_next_takes_others() -> None:
    script = (
        "import os, sys; from fathom.launch.worker import take_cores; "
        "take_cores(1, int(sys.argv[1])); print(*os.sched_getaffinity(0))"
    )
    command = [sys.executable, "-c", script]
    taken = [subprocess.check_output([*command, place], text=True).split() for place in "01"]
    assert [len(cores) for cores in taken] == [1, 1]
    assert taken[0] != taken[1] or len(os.sched_getaffinity(0)) == 1


def test_functions_are_sent_by_their_names() -> None:
    name = worker.name_of(worker.take_cores)
    assert name == "fathom.launch.worker:take_cores"
    assert worker.function_of(name) is worker.take_cores
