"""The island that real servers run on: nothing of it gets out, and nothing of it stays."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.islands import CLIENT, NAME, USER, Island, everyone, network_of
from tests.servers import wait_until

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def brief(island: Island) -> Iterator[Island]:
    """An island of the test's own, beside the one of the whole run, which says whether there can be any."""
    made = Island()
    yield made
    if made.folder.exists():
        made.close()


def test_it_has_no_way_out_and_asks_nobody_for_names(island: Island) -> None:
    assert not [line for line in island.run("ip", "route").splitlines() if not line.startswith("10.231.")]
    assert "nameserver" not in island.run("cat", "/etc/resolv.conf")
    with pytest.raises(AssertionError):
        island.run("getent", "hosts", "www.example.org", limit_s=5)


def test_its_names_and_its_user_are_known_there_and_the_names_to_this_process(island: Island) -> None:
    assert island.run("getent", "hosts", NAME).split()[0] == island.address
    assert island.run("getent", "passwd", USER).split(":")[5] == str(island.home)
    assert {found[4][0] for found in socket.getaddrinfo(NAME, 80)} == {island.address}
    assert NAME not in Path("/etc/hosts").read_text()
    assert USER not in Path("/etc/passwd").read_text()


def test_both_sides_reach_each_other_until_the_wire_is_cut(brief: Island) -> None:
    with socket.create_server((brief.client, 0)) as here:
        words = f"import socket; socket.create_connection(('{CLIENT}', {here.getsockname()[1]}), 5)"
        brief.run(sys.executable, "-c", words)
        brief.cut()
        with pytest.raises(AssertionError):
            brief.run(sys.executable, "-c", words)
        brief.heal()
        brief.run(sys.executable, "-c", words)


def test_nothing_is_left_of_it(brief: Island) -> None:
    brief.start("daemon", "sh", "-c", "setsid sleep 1000 & sleep 1000", env={})
    wait_until(lambda: len(brief.called("sleep")) == 2, "the processes do not start")
    network = network_of(brief.processes()[0])
    brief.close()
    assert not [pid for pid in everyone() if network_of(pid) == network]
    assert not brief.folder.exists()
    wait_until(lambda: not Path("/sys/class/net", brief.device).exists(), "its wire is still there")


LEFT = """
import os
from tests.islands import Island, network_of
island = Island()
island.start("daemon", "sh", "-c", "setsid setpriv --pdeathsig clear sleep 1000 & wait", env={})
while not island.called("sleep"):
    pass
print(island.folder, network_of(island.processes()[0]), flush=True)
os.kill(os.getpid(), 9)
"""


def test_nothing_is_left_where_the_run_was_killed(island: Island) -> None:
    said = subprocess.run([sys.executable, "-c", LEFT], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    folder, network = said.split()
    assert network.startswith("net:")
    wait_until(lambda: not Path(folder).exists(), "its folder is still there")
    wait_until(lambda: network not in map(network_of, everyone()), "its processes are still there")
