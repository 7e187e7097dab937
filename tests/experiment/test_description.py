"""Experiment files: what runs, checked before anything is started."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.keyrings import Ring
from zeligui.errors import UsageError
from zeligui.experiment.description import Experiment, edited, read_experiment, resolve_secrets
from zeligui.settings import JobDefaults, Settings

WHOLE = """
name = "pi"
contract = "pi.contract"
on = ["ssh://lab1"]
[job]
executable = "/usr/bin/python3"
arguments = ["pi.py", "2000"]
instances = 4
environment = { SEED = "1", TOKEN = "keyring:lab" }
input = ["pi.py", "data"]
output = ["pi-*.txt"]
checkpoint = ["state.json"]
[reconfiguration]
interval = "1 s"
"""

Read = Callable[..., Experiment]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    (tmp_path / "pi.py").write_text("print(3.14)")
    (tmp_path / "pi.contract").write_text("[a]\ncpuAvail > 0.5\n")
    (tmp_path / "data/deep").mkdir(parents=True)
    (tmp_path / "data/deep/a b").touch()

    def read_it(text: str = WHOLE, settings: Settings | None = None) -> Experiment:
        (tmp_path / "pi.toml").write_text(text)
        return read_experiment(tmp_path / "pi.toml", settings or Settings())

    return read_it


def test_a_whole_file_is_read(read: Read, tmp_path: Path) -> None:
    experiment = read()
    assert experiment.name == "pi"
    assert experiment.contract_file == tmp_path / "pi.contract"
    assert experiment.folder == tmp_path
    assert experiment.on == ("ssh://lab1",)
    assert experiment.job.instances == 4
    assert experiment.job.environment == {"SEED": "1", "TOKEN": "keyring:lab"}
    assert experiment.reconfiguration.interval_s == 1
    assert experiment.reconfiguration.grace_s == Settings().reconfiguration.grace_s


def test_what_it_leaves_out_comes_from_the_settings(read: Read) -> None:
    settings = Settings(job=JobDefaults(executable="master", arguments=("x",), instances=3))
    experiment = read('name = "a"\ncontract = "pi.contract"\n[job]\ninstances = 2', settings)
    assert experiment.job == replace(settings.job, instances=2)
    assert experiment.reconfiguration == settings.reconfiguration


def test_a_path_relative_to_the_working_folder_is_found(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read()
    monkeypatch.chdir(tmp_path)
    assert read_experiment(Path("pi.toml"), Settings()).file == tmp_path / "pi.toml"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "pi"', "", "the name of the experiment is missing"),
        ('"pi"', '"a/b"', "name is 'a/b', where a name fit for a folder"),
        ('"pi"', '".."', "name is '..'"),
        ('"pi"', '"a\\nb"', "fit for a folder"),
        ('"pi"', '" pi"', "fit for a folder"),
        ('"pi"', f'"{"x" * 101}"', "fit for a folder"),
        ('"pi"', f'"{"€" * 100}"', "fit for a folder"),
        ('"pi.contract"', '"other.contract"', "contract names 'other.contract', which cannot be read: No such file"),
        ('contract = "pi.contract"', "", "contract is '', where a contract file was expected"),
        ('"ssh://lab1"', '"lab1"', "on is 'lab1', where the URL of a job service"),
        ('"ssh://lab1"', '"ftp://lab1"', "on is 'ftp://lab1', where the URL of a job service: any://, gram://"),
        ('"/usr/bin/python3"', '""', "job.executable is missing"),
        ("instances", "instance", "the key job.instance is unknown; the nearest known key is job.instances"),
        ("interval", "intervall", "the nearest known key is reconfiguration.interval"),
        ("instances = 4", "instances = 1000000", "job.instances is 1000000"),
        ("SEED", '"SE ED"', "job.environment is 'SE ED'"),
        ("SEED", '"A;b"', "a name of letters, digits and _"),
        ("keyring:lab", "keyring:", "job.environment.TOKEN is 'keyring:'"),
        ('"data"', '"nothing"', "job.input names 'nothing', which cannot be read: No such file"),
        ('"data"', '"data/.."', "job.input is 'data/..', where a file or folder with a name of its own"),
        ('"data"', '"data/../pi.py"', "job.input names 'pi.py' and 'data/../pi.py', which are one file there"),
        ("pi-*.txt", "../*.txt", "job.output is '../*.txt', where a path inside the job's directory"),
        ("state.json", "/tmp/x", "job.checkpoint is '/tmp/x'"),
        ('"data"', '"data/*.nothing"', "nothing matches 'data/*.nothing', which job.input names"),
        ('"data"', '"sftp://lab1/../x"', "leads upwards"),
        ('"data"', '"ftp://lab1/x"', "job.input is 'ftp://lab1/x', where a URL of files"),
        ("pi-*.txt", "pi-*.txt -> results", "job.output is 'results', where a URL of files"),
        ("pi-*.txt", "../x -> sftp://lab1/x", "a path inside the job's directory"),
    ],
)
def test_an_error_says_what_is_wrong_where(read: Read, tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(WHOLE.replace(old, new))
    assert words in str(caught.value)
    assert str(tmp_path / "pi.toml") in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_experiment(tmp_path / "none.toml", Settings())


def test_a_pipe_among_the_input_is_refused_and_not_waited_for(read: Read, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data/pipe")
    with pytest.raises(UsageError, match="no ordinary file"):
        read()


def test_a_link_that_leads_nowhere_is_refused(read: Read, tmp_path: Path) -> None:
    (tmp_path / "data/link").symlink_to("nowhere")
    with pytest.raises(UsageError, match="cannot be read"):
        read()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_of_another_user_is_refused(read: Read, tmp_path: Path) -> None:
    (tmp_path / "pi.py").chmod(0)
    with pytest.raises(UsageError, match="Permission denied"):
        read()


def test_input_may_lie_elsewhere(read: Read) -> None:
    assert read(WHOLE.replace('"data"', '"/etc/passwd"')).job.input == ("pi.py", "/etc/passwd")


def test_input_may_have_stars_and_be_on_other_machines(read: Read) -> None:
    named = ("pi.py", "data/**", "gsiftp://site.test/data/*.dat", "sftp://me@lab1:2222/x")
    listed = ", ".join(f'"{name}"' for name in named[1:])
    assert read(WHOLE.replace('"data"', listed)).job.input == named


def test_output_may_go_to_another_machine(read: Read) -> None:
    text = "pi-*.txt -> gsiftp://site.test/results"
    assert read(WHOLE.replace("pi-*.txt", text)).job.output == (text,)


def test_an_edit_of_file_contract_or_job_is_told(read: Read, tmp_path: Path) -> None:
    file, contract = tmp_path / "pi.toml", tmp_path / "pi.contract"
    first = read().digest
    assert edited(first, read()) == ""
    assert edited(first, read(WHOLE + "\n")) == str(file)
    assert edited(first, read(WHOLE.replace("pi.py", "data/deep/a b"))) == str(file)
    assert edited(first, read(settings=Settings(job=JobDefaults(cpus=2)))) == "the section [job] of the settings"
    contract.write_text("[a]\ncpuAvail > 0.6\n")
    assert edited(first, read()) == str(contract)
    assert edited(first, read(WHOLE + "\n")) == f"{file} and {contract}"


def test_what_an_older_release_began_is_still_taken_up(read: Read) -> None:
    """The keys that `[job]` had in 0.1.0 make the digest, and later ones where they are set."""
    first = "executable arguments instances cpus memory_mb environment input output checkpoint".split()
    experiment = read()
    then = {key: value for key, value in asdict(experiment.job).items() if key in first}
    assert experiment.digest.endswith(hashlib.sha256(json.dumps(then, sort_keys=True).encode()).hexdigest())
    assert edited(experiment.digest, read(settings=Settings(job=JobDefaults(interactive=True)))) != ""


@pytest.fixture
def lab(ring: Ring) -> None:
    ring.set_password("zeligrid", "lab", "s3cret $(x)")


@pytest.mark.usefixtures("lab")
def test_secrets_come_from_the_keyring() -> None:
    given = {"A": "1", "TOKEN": "keyring:lab", "B": "not keyring:lab"}
    assert resolve_secrets(given) == {"A": "1", "TOKEN": "s3cret $(x)", "B": "not keyring:lab"}


@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize("name", ["absent", "locked"])
def test_a_secret_that_cannot_be_had_says_how_to_store_it(name: str) -> None:
    with pytest.raises(UsageError, match="for the variable TOKEN") as caught:
        resolve_secrets({"TOKEN": f"keyring:{name}"})
    assert caught.value.hint == f"Store it with: keyring set zeligrid {name}"
