"""The SSH server of a node, through a client."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import paramiko
import pytest

from tests.testbed.nodes import WITHIN_S, connected, eventually, port_of, run, with_variable
from zeligui.testbed import keys
from zeligui.testbed.grid import Grid


def test_a_command_gives_output_errors_and_exit_status(client: paramiko.SSHClient) -> None:
    assert run(client, "echo out; echo err >&2; exit 3") == (3, b"out\n", b"err\n")


def test_a_command_that_a_signal_ends_has_the_status_that_a_shell_gives(client: paramiko.SSHClient) -> None:
    assert run(client, "kill -9 $$")[0] == 137


def test_a_command_runs_at_home_with_an_environment_of_its_own(grid: Grid, client: paramiko.SSHClient) -> None:
    place = grid.folder / "nodes" / "node1"
    _, output, _ = run(client, "pwd; env")
    where, *entries = output.decode().splitlines()
    environment = dict(entry.split("=", 1) for entry in entries)
    assert where == environment["HOME"] == str(place / "home")
    assert environment["ZELIGRID_PROC"] == str(place / "proc")
    assert environment["ZELIGRID_HOSTNAME"] == "node1.grid"
    names = {"HOME", "PATH", "PWD", "SHELL", "USER", "LOGNAME", "ZELIGRID_PROC", "ZELIGRID_HOSTNAME", "_"}
    assert environment.keys() <= names


def test_a_python3_is_found(client: paramiko.SSHClient) -> None:
    assert run(client, "python3 -c 'print(6 * 7)'")[:2] == (0, b"42\n")


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 5_000_000])
def test_binary_data_comes_back_as_it_went(client: paramiko.SSHClient, size: int) -> None:
    data = os.urandom(size)
    stdin, stdout, _ = client.exec_command("cat", timeout=WITHIN_S)
    sender = threading.Thread(target=lambda: (stdin.channel.sendall(data), stdin.channel.shutdown_write()))
    sender.start()
    assert stdout.read() == data
    sender.join()
    assert stdout.channel.recv_exit_status() == 0


def test_standard_input_is_read_as_it_comes(client: paramiko.SSHClient) -> None:
    stdin, stdout, _ = client.exec_command('while read line; do echo "<$line>"; done', timeout=WITHIN_S)
    for word in ("one", "two"):
        stdin.write(f"{word}\n")
        assert stdout.readline() == f"<{word}>\n"
    stdin.channel.shutdown_write()
    assert stdout.channel.recv_exit_status() == 0


def test_input_that_nobody_reads_does_not_stop_the_client(client: paramiko.SSHClient) -> None:
    waiting = "exec <&-; until test -e go; do sleep 0.05; done; rm go; echo done"
    stdin, stdout, _ = client.exec_command(waiting, timeout=WITHIN_S)
    stdin.write(os.urandom(6_000_000))
    run(client, ": > go")
    assert stdout.read() == b"done\n"


def test_many_commands_run_at_a_time_over_one_connection(client: paramiko.SSHClient) -> None:
    started = [client.exec_command(f"read go; echo {number}", timeout=WITHIN_S) for number in range(12)]
    for stdin, _, _ in reversed(started):
        stdin.write("go\n")
    assert [stdout.read() for _, stdout, _ in started] == [b"%d\n" % number for number in range(12)]


def test_short_commands_are_answered_before_they_end(client: paramiko.SSHClient) -> None:
    assert {run(client, ":")[0] for _ in range(50)} == {0}


def test_the_exit_status_does_not_wait_for_who_was_left_behind(client: paramiko.SSHClient) -> None:
    _, stdout, _ = client.exec_command("sleep 1000 & echo $!; exit 4", timeout=WITHIN_S)
    left = int(stdout.readline())
    assert stdout.channel.recv_exit_status() == 4
    assert run(client, f"kill {left}")[0] == 0


def test_a_detached_process_survives_its_client(grid: Grid) -> None:
    with connected(grid, "node1.grid") as client:
        start = "MARK=survivor setsid sh -c 'sleep 1000 & wait' >/dev/null 2>&1 </dev/null & echo $!"
        run(client, start)
    with connected(grid, "node1.grid") as client:
        assert len(with_variable("MARK=survivor")) == 2
        run(client, "kill $(ps -eo pid,args | awk '/sleep 1000/ && !/awk/ {print $1}')")
        eventually(lambda: not with_variable("MARK=survivor"))


def test_what_reads_its_input_ends_with_its_client(grid: Grid) -> None:
    with connected(grid, "node1.grid") as client:
        streams = client.exec_command("MARK=reader exec cat", timeout=WITHIN_S)
        eventually(lambda: with_variable("MARK=reader"))
        assert not streams[0].closed
    eventually(lambda: not with_variable("MARK=reader"))


def test_another_key_is_refused(grid: Grid, tmp_path: Path) -> None:
    keys.kept(tmp_path / "other")
    with pytest.raises(paramiko.AuthenticationException), connected(grid, "node1.grid", identity=tmp_path / "other"):
        pass


def test_a_password_is_refused(grid: Grid) -> None:
    with socket.create_connection(("127.0.0.1", port_of(grid, "node1.grid")), timeout=WITHIN_S) as link:
        transport = paramiko.Transport(link)
        transport.start_client(timeout=WITHIN_S)
        with pytest.raises(paramiko.BadAuthenticationType, match="publickey"):
            transport.auth_password("grid", "secret")
        transport.close()


def test_each_node_has_a_host_key_of_its_own(grid: Grid) -> None:
    known = [line.split()[2] for line in grid.known_hosts.read_text().splitlines()]
    assert len(set(known)) == 4
    assert grid.identity.stat().st_mode & 0o777 == 0o600
