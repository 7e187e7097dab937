"""Jobs that call home by a real OpenSSH server: what they may, what they may not, and what is left of it."""

from __future__ import annotations

import getpass
import json
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.experiment.driving import Bench, Driven, until
from tests.islands import Island
from tests.servers import OpenSsh, require
from tests.slurm import Slurm
from zeligui.cli import main
from zeligui.experiment.calling.grants import Grants

ANY = "[any]\ncpuAvail >= 0\n"

JOB = """\
set -e
home=$ZELIGRID_CALL_HOME
test "$(stat -c %a .zeligrid-home/key)" = 600
"$home" list > listed
"$home" fetch data/extra.txt > got.txt
"$home" progress 0.5 "half way, isn't it"
"$home" put early.txt < got.txt
for order in "fetch /etc/passwd" "put .ssh/x" "sh -c id"; do
    if "$home" $order </dev/null >>taken 2>>refused; then echo "it did $order"; exit 3; fi
done
raw="ssh -F /dev/null -i .zeligrid-home/key -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no"
raw="$raw -o UserKnownHostsFile=/dev/null -p @PORT@"
if $raw -W 127.0.0.1:@PORT@ @USER@@127.0.0.1 </dev/null >>taken; then exit 4; fi
test ! -s taken
while ! test -e @GO@; do sleep 0.05; done
"""


@pytest.fixture
def home(openssh: Callable[..., OpenSsh]) -> OpenSsh:
    """The sshd of home; a line of the user's own in its authorized_keys lacks its end."""
    require("ssh", "openssh-client")
    server = openssh()
    keys = server._folder / "authorized_keys"
    keys.write_bytes(keys.read_bytes().rstrip(b"\n"))
    keys.chmod(0o600)
    return server


@pytest.fixture
def calling(bench: Bench, home: OpenSsh) -> Iterator[Callable[..., Driven]]:
    """Starts an experiment whose job may call home; `go` lets the job end."""
    settings = bench.home / "settings.toml"
    settings.write_text(f'{settings.read_text()}known_hosts = ["{home.known_hosts}"]\n')
    started: list[Driven] = []

    def start(script: str = JOB) -> Driven:
        (bench.folder / "data").mkdir(exist_ok=True)
        (bench.folder / "data" / "extra.txt").write_text("from home\n")
        (bench.folder / "data" / ".hidden.txt").write_text("not for jobs\n")
        words = {"PORT": str(home.port), "USER": getpass.getuser(), "GO": str(bench.folder / "go")}
        for name, value in words.items():
            script = script.replace(f"@{name}@", value)
        (bench.folder / "job.sh").write_text(script)
        job = {"executable": "/bin/sh", "arguments": ["job.sh"], "input": ["job.sh"], "checkpoint": []}
        file = bench.write(ANY, job={**job, "output": ["early.txt", "refused", "listed"]})
        with file.open("a") as end:
            end.write(
                f'\n[home_calling]\nenabled = true\naddress = "{getpass.getuser()}@127.0.0.1:{home.port}"\n'
                f'files = ["data/*.txt", "gsiftp://site/x"]\nauthorized_keys = "{home._folder / "authorized_keys"}"\n'
            )
        started.append(Driven([*bench.arguments("node1.grid")]))
        return started[-1]

    yield start
    for one in started:
        one.close()


def keys(home: OpenSsh) -> list[bytes]:
    return (home._folder / "authorized_keys").read_bytes().splitlines()


def test_a_job_fetches_reports_and_puts_and_its_key_is_gone_when_it_has_ended(
    bench: Bench, home: OpenSsh, calling: Callable[..., Driven], capsys: pytest.CaptureFixture[str]
) -> None:
    (own,) = keys(home)
    driven = calling()
    said = driven.wait_for("reported")
    assert (said["reason"], said["progress"], said["host"]) == ("half way, isn't it", 0.5, "node1.grid")
    until((bench.results() / "early.txt").exists)
    assert (bench.results() / "early.txt").read_text() == "from home\n", "while it runs"
    before, line = keys(home)
    assert before == own
    assert line.startswith(b'restrict,command="')
    assert b'from="127.0.0.0/8,::1",expiry-time="' in line
    assert line.endswith(b" zeligrid-home-" + said["job"].encode())
    assert main(["home", "list", "--json", "--home", str(bench.home)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["id"], one["files"]) for one in listed] == [(said["job"], ["job.sh", "data/extra.txt"])]
    (bench.folder / "go").touch()
    assert driven.end() == 0, driven.told()
    assert keys(home) == [own]
    assert Grants(bench.home).attempts() == []
    assert (bench.results() / "listed").read_text() == "data/extra.txt\njob.sh\n"
    assert (bench.results() / "refused").read_text().count("zeligrid: ") == 3


def test_what_a_dead_master_left_is_taken_back_by_the_next(
    bench: Bench, home: OpenSsh, calling: Callable[..., Driven]
) -> None:
    (own,) = keys(home)
    driven = calling('"$ZELIGRID_CALL_HOME" report begun\nwhile ! test -e @GO@; do sleep 0.05; done\n')
    driven.wait_for("reported")
    driven.kill()
    assert json.loads(bench.zeligrid("jobs", "--json").stdout)[0]["state"] == "Running"
    assert len(keys(home)) == 2, "it runs, and may call"
    (bench.folder / "go").touch()
    again = Driven(bench.arguments("node1.grid"))
    try:
        assert again.end() == 0, again.told()
    finally:
        again.close()
    assert keys(home) == [own]


def test_a_job_of_a_cluster_calls_home_from_its_node(
    bench: Bench, openssh: Callable[..., OpenSsh], slurm: Slurm, island: Island
) -> None:
    require("ssh", "openssh-client")
    home = openssh(host=island.client)
    (bench.home / "settings.toml").write_text(f'known_hosts = ["{home.known_hosts}"]\n')
    (bench.folder / "in.txt").write_text("from home\n")
    script = 'set -e; c=$ZELIGRID_CALL_HOME; "$c" fetch in.txt > out.txt; "$c" put out.txt < out.txt; "$c" report done'
    job = {"executable": "/bin/sh", "arguments": ["-c", script], "output": ["out.txt"]}
    file = bench.write('[any]\nhostName != "nowhere"\n', job=job)
    with file.open("a") as end:
        end.write(
            f'\n[home_calling]\nenabled = true\naddress = "{getpass.getuser()}@{island.client}:{home.port}"\n'
            f'from = ["{island.address}"]\nfiles = ["in.txt"]\nauthorized_keys = "{home._folder / "authorized_keys"}"\n'
        )
    driven = Driven(["run", str(file), "--json", "--home", str(bench.home), "--source", "slurm:///batch"])
    try:
        assert driven.end() == 0, driven.told()
    finally:
        driven.close()
    assert [event["reason"] for event in driven.events if event["event"] == "reported"] == ["done"]
    assert (bench.results() / "out.txt").read_text() == "from home\n"
    assert len(keys(home)) == 1, "its key is taken back"


def test_without_an_address_it_is_wrong_usage(bench: Bench) -> None:
    file = bench.write(ANY)
    file.write_text(f"{file.read_text()}\n[home_calling]\nenabled = true\n")
    said: subprocess.CompletedProcess[str] = bench.zeligrid("run", str(file))
    assert said.returncode == 2
    assert "home_calling.address" in said.stderr
