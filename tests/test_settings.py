"""Settings: every key checked, every error in words."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import UsageError
from zeligui.options import Place, read_table
from zeligui.settings import Home, JobDefaults, Settings, load


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.of(tmp_path)


def read(home: Home, text: str) -> Settings:
    home.settings_file.write_text(text)
    return load(home)


def refused(home: Home, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(home, text)
    assert str(home.settings_file) in str(caught.value)
    return str(caught.value)


def test_without_a_file_the_defaults_hold(home: Home) -> None:
    settings = load(home)
    assert settings == Settings()
    assert settings.reconfiguration.interval_s == 10
    assert settings.job.instances == 1


def test_every_key_of_the_design_is_read(home: Home) -> None:
    settings = read(
        home,
        """
        sources = ["ssh://lab1", "local://"]
        period = "500 ms"
        known_hosts = ["keys", "/etc/keys"]
        identities = ["~/.ssh/grid"]
        [directories]
        mds = "ldap://giis.example.org:2135/Mds-Vo-name=site,o=grid"
        nws = "ldaps://nws.example.org"
        [job]
        executable = "/usr/bin/python3"
        arguments = ["a b", "$(c)", "line\\nline"]
        instances = 4
        cpus = 0.5
        memory = "2 GB"
        environment = { SEED = "1" }
        input = ["pi.py"]
        output = ["pi-*.txt"]
        checkpoint = ["state.json"]
        [reconfiguration]
        interval = 3
        host_check = "1 min"
        measurement_expiry = "1 h"
        tolerance = "0 s"
        grace = 2.5
        restart_finished = true
        on_hold = "leave"
        start = "grow"
        gang = true
        [labels."lab1.example.org"]
        room = "1.02"
        """,
    )
    assert settings.sources == ("ssh://lab1", "local://")
    assert settings.directories.mds == "ldap://giis.example.org:2135/Mds-Vo-name=site,o=grid"
    assert settings.directories.nws == "ldaps://nws.example.org"
    assert settings.period_s == 0.5
    assert settings.known_hosts == (home.folder / "keys", Path("/etc/keys"))
    assert settings.identities == (Path.home() / ".ssh/grid",)
    assert settings.job.arguments == ("a b", "$(c)", "line\nline")
    assert (settings.job.cpus, settings.job.memory_mb) == (0.5, 2000)
    assert settings.job.environment == {"SEED": "1"}
    times = settings.reconfiguration
    assert (times.interval_s, times.host_check_s, times.measurement_expiry_s, times.grace_s) == (3, 60, 3600, 2.5)
    assert (times.restart_finished, times.on_hold, times.start, times.gang) == (True, "leave", "grow", True)
    assert settings.labels == {"lab1.example.org": {"room": "1.02"}}


def test_the_directories_measure_after_the_sources(home: Home) -> None:
    settings = read(
        home, "sources = ['local://', 'ldap://a/o=grid']\n[directories]\nmds = 'ldap://a/o=grid'\nnws = 'ldap://b'"
    )
    assert settings.measured == ("local://", "ldap://a/o=grid", "ldap://b")
    assert read(home, "sources = ['local://']\n[directories]\nmds = ''").measured == ("local://",)


def test_what_the_file_leaves_out_is_the_default(home: Home) -> None:
    settings = read(home, "[job]\ninstances = 2")
    assert settings.job.instances == 2
    assert settings.reconfiguration == Settings().reconfiguration


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("perod = 1", "the key perod is unknown; the nearest known key is period"),
        ("instances = 1", "the nearest known key is job.instances"),
        ("[reconfiguration]\nintervall = 1", "the nearest known key is reconfiguration.interval"),
        ("[reconfiguraton]\ngrace = 1", "the nearest known key is reconfiguration"),
        ("[directories]\nmds = 'x'", "directories.mds is 'x', where an ldap:// or ldaps:// URL, such as ldap://giis."),
        ("[directories]\nnws = 'ssh://lab1'", "directories.nws is 'ssh://lab1', where an ldap://"),
        ("[directories]\nnws = 'ldap:///o=nws'", "directories.nws is 'ldap:///o=nws', where an ldap://"),
        ("[directories]\nnws = 1", "directories.nws is 1, where a text"),
        ("[directories]\ngris = ''", "directories.gris is unknown"),
        ("[reconfiguration]\ninterval = '10 MB'", "reconfiguration.interval is '10 MB', where a number from 0.1"),
        ("[reconfiguration]\ninterval = 0", "reconfiguration.interval is 0,"),
        ("[reconfiguration]\ngrace = -1", "reconfiguration.grace is -1,"),
        ("[reconfiguration]\ngrace = inf", "reconfiguration.grace is inf,"),
        ("[reconfiguration]\ngrace = nan", "reconfiguration.grace is nan,"),
        ("[reconfiguration]\ngang = 1", "reconfiguration.gang is 1, where true or false was expected"),
        ("[reconfiguration]\non_hold = 'go'", 'where "stop" or "leave" was expected'),
        ("[job]\ninstances = true", "job.instances is true, where a whole number from 1"),
        ("[job]\ninstances = 0", "job.instances is 0,"),
        ("[job]\ninstances = 1.5", "job.instances is 1.5,"),
        ("[job]\nmemory = '3 s'", "job.memory is '3 s',"),
        ("[job]\ncpus = '2 s'", "job.cpus is '2 s',"),
        ("[job]\narguments = 'x'", "job.arguments is 'x', where a list of texts was expected"),
        ("[job]\narguments = [1]", "job.arguments is 1, where a text in quotes"),
        ('[job]\nexecutable = "a\\u0000b"', "without NUL"),
        ("[job]\nenvironment = { A = 1 }", "job.environment.A is 1,"),
        ("identities = ['~nobody-of-that-name/key']", "where a list of files was expected"),
        (f"sources = '{'x' * 1000}'", f"sources is '{'x' * 99}…, where a list"),
        ("sources = ['lab1']", "sources is 'lab1', where the URL of a source, such as ssh://lab1, was expected"),
        ("job = 3", "job is 3, where a table of keys and values was expected"),
        ('[labels."a.b"]\nx = 1', 'labels."a.b".x is 1,'),
        ("a = [1\nb = 2\n", "(at line 2, column 1)"),
        ("a = 1\na = 2\n", "(at line 2, column 6)"),
    ],
)
def test_an_error_names_the_key_and_what_was_expected(home: Home, text: str, words: str) -> None:
    assert words in refused(home, text)


def test_a_file_that_is_not_text_is_refused(home: Home) -> None:
    home.settings_file.write_bytes(b"a = '\xff'")
    with pytest.raises(UsageError, match="not UTF-8"):
        load(home)


def test_a_folder_in_its_place_is_refused(home: Home) -> None:
    home.settings_file.mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load(home)


def test_a_file_that_may_not_be_looked_at_is_refused(home: Home) -> None:
    home.settings_file.parent.mkdir(parents=True, exist_ok=True)
    home.settings_file.symlink_to(home.settings_file)  # a loop: the system refuses to look, root too
    with pytest.raises(UsageError, match="cannot be read"):
        load(home)


def test_every_option_has_words_for_a_dialog() -> None:
    def check(options: Any) -> None:
        for one in fields(options):
            below = getattr(options, one.name)
            if is_dataclass(below):
                check(below)
            else:
                assert one.metadata["label"]
                assert one.metadata["help"].endswith(".")

    check(Settings())


ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4)


@given(st.sampled_from(["sources", "period", "job", "labels", "identities"]), ANYTHING)
def test_no_value_gets_past_the_reader_unchecked(key: str, value: Any) -> None:
    try:
        settings = read_table({key: value}, Settings(), Place(Path("settings.toml")))
    except UsageError:
        return
    assert isinstance(settings.period_s, float)
    assert all(isinstance(url, str) for url in settings.sources)
    assert isinstance(settings.job, JobDefaults)


def test_one_folder_holds_everything(tmp_path: Path) -> None:
    home = Home.of(tmp_path)
    assert all(getattr(home, one.name).is_relative_to(tmp_path) for one in fields(home))


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZELIGRID_HOME", str(tmp_path / "a"))
    assert Home.find().folder == tmp_path / "a"
    assert Home.find(tmp_path / "b").folder == tmp_path / "b"


def test_without_a_folder_the_user_s_own_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ZELIGRID_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", "relative, so ignored")
    home = Home.find()
    assert home.settings_file == tmp_path / "config/zeligrid/settings.toml"
    assert home.known_hosts_file == tmp_path / "config/zeligrid/known_hosts"
    assert home.journal_file == Path.home() / ".local/share/zeligrid/journal.sqlite"
