"""The key of an attempt: restricted where it is accepted, and taken back whatever became of the master."""

from __future__ import annotations

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.servers import require
from zeligui.clock import SystemClock
from zeligui.errors import UsageError
from zeligui.events import Event
from zeligui.experiment.calling.credentials import line, make, owner
from zeligui.experiment.calling.grants import Grant, Grants
from zeligui.experiment.calling.homecalls import HomeCalls, callers_of, host_keys, take_back
from zeligui.experiment.calling.sweeping import sweep_home
from zeligui.experiment.description import Experiment
from zeligui.experiment.journal import Journal
from zeligui.experiment.state import AttemptState, Phase
from zeligui.jobs.job import JobDescription
from zeligui.links import authorized, open_links
from zeligui.links.addresses import parse
from zeligui.settings import Home, HomeCalling, JobDefaults, Reconfiguration

MINE = b"ssh-rsa AAAA me\n"
HOME = parse("ssh://me@home.example.org:2222")
LATER = datetime.now(UTC) + timedelta(hours=1)


def some_id(number: int) -> str:
    return f"{number:032x}"


def give(home: Path, number: int, until: datetime = LATER) -> None:
    """As the controller does it."""
    file = authorized.own_file()
    Grants(home).write(Grant(some_id(number), "pi", 1, "lab1", None, "/nowhere", str(file), until.timestamp(), 0))
    authorized.add(file, line(some_id(number), "ssh-ed25519 AAAA", home, until, ()))


@pytest.fixture
def keys(own_home: Path) -> Path:
    """authorized_keys with a line of the user's own."""
    file = authorized.own_file()
    file.parent.mkdir(mode=0o700)
    file.write_bytes(MINE)
    return file


def test_the_private_half_is_for_the_user_alone_and_fits_the_public_one(tmp_path: Path) -> None:
    public = make(tmp_path / "made", HOME, ["ssh-ed25519 AAAA"])
    key = tmp_path / "made" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    said = subprocess.run(
        [require("ssh-keygen", "openssh-client"), "-y", "-f", str(key)], check=True, capture_output=True
    )
    assert said.stdout.decode().split()[:2] == public.split()
    assert (tmp_path / "made" / "known_hosts").read_text() == "zeligrid-home ssh-ed25519 AAAA\n"
    assert "-p 2222 -l me -- home.example.org" in (tmp_path / "made" / "call").read_text()


def test_a_line_is_restricted_and_known_again() -> None:
    made = line(some_id(7), "ssh-ed25519 AAAA", Path('/a "b" $c'), LATER, ("10.0.0.1", "::1"))
    assert made.startswith(b'restrict,command="')
    assert b',from="10.0.0.1,::1",expiry-time="' in made
    whose, until = owner(made) or ("", LATER)
    assert whose == some_id(7)
    assert abs((until - LATER).total_seconds()) < 1
    for other in (b"", MINE, b"# " + made, made + b" more", b"ssh-ed25519 AAAA zeligrid-home-" + some_id(7).encode()):
        assert owner(other) is None


def test_a_home_whose_name_would_break_the_line_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot stand in authorized_keys"):
        line(some_id(7), "ssh-ed25519 AAAA", Path("/a\nssh-rsa BBBB"), LATER, ())


async def test_off_unless_it_was_switched_on(own_home: Path) -> None:
    name = Path("/work/pi.toml")
    experiment = Experiment("pi", name, name, (), JobDefaults(), Reconfiguration(), "")
    attempt = AttemptState(some_id(1), 1, "lab1", "ssh://lab1", None, Phase.INTENT, LATER)
    calls = HomeCalls(own_home / "zeligrid", experiment, open_links())
    job = JobDescription("true")
    assert await calls.arm(attempt, job) is job
    await calls.take_up()
    await calls.take_back((), insist=True)
    assert list(own_home.iterdir()) == []


def test_who_may_call_is_the_machine_of_the_job_unless_the_settings_say_else() -> None:
    assert callers_of(HomeCalling(), "10.0.0.7") == ("10.0.0.7",)
    assert callers_of(HomeCalling(), "127.0.0.1") == ("127.0.0.0/8", "::1")
    assert callers_of(HomeCalling(), "fe80::1%eth0") == ("fe80::1",)
    assert callers_of(HomeCalling(), "") == ()
    assert callers_of(HomeCalling(callers=("10.0.0.0/8",)), "10.0.0.7") == ("10.0.0.0/8",)
    assert callers_of(HomeCalling(callers=("*",)), "10.0.0.7") == ()


def test_without_a_host_key_of_home_nothing_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeligui.experiment.calling.homecalls.SSHD", tmp_path)
    with pytest.raises(UsageError, match="no host key is known of ssh://me@home"):
        host_keys([], HOME)
    (tmp_path / "ssh_host_ed25519_key.pub").write_text("ssh-ed25519 AAAA root@home\n")
    assert host_keys([], HOME) == ("ssh-ed25519 AAAA",)
    (tmp_path / "known").write_text("[home.example.org]:2222 ssh-rsa AAAA\n")
    assert host_keys([tmp_path / "known"], HOME) == ("ssh-rsa AAAA", "ssh-ed25519 AAAA")


def test_what_is_taken_back_is_gone_and_the_rest_stays(keys: Path, own_home: Path) -> None:
    give(own_home, 1)
    give(own_home, 2)
    give(own_home, 3, datetime.now(UTC) - timedelta(hours=1))
    assert take_back(Grants(own_home), {some_id(1)}) == 2, "what is over too"
    assert [owner(one) and owner(one)[0] for one in keys.read_bytes().splitlines()] == [None, some_id(2)]  # type: ignore[index]
    assert take_back(Grants(own_home), {some_id(2)}) == 1
    assert keys.read_bytes() == MINE


async def test_what_a_dead_master_left_is_swept_where_it_has_ended(keys: Path, own_home: Path) -> None:
    home = Home.find()
    home.folder.mkdir()
    for number in (1, 2, 3):
        give(home.folder, number)
    journal = Journal.open(home.journal_file, clock=SystemClock())
    await journal.append(
        Event("begun", "pi", data={"digest": "", "instances": 2, "file": "pi.toml"}),
        *(Event("intent", "pi", "", some_id(n), n, "lab1", data={"service": "ssh://lab1"}) for n in (1, 2)),
        Event("released", "pi", "", some_id(2), 2, "lab1"),
    )
    journal.close()
    assert await sweep_home(home, everything=False) == 2
    assert [owner(one) and owner(one)[0] for one in keys.read_bytes().splitlines()] == [None, some_id(1)]  # type: ignore[index]
    assert Grants(home.folder).attempts() == [some_id(1)]
    assert await sweep_home(home, everything=True) == 1
    assert keys.read_bytes() == MINE
