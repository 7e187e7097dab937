"""Settings and experiments written down: read again they are the same, and all that was not changed stays as it was."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeligui.errors import UsageError
from zeligui.experiment.description import ExperimentFile
from zeligui.options import Place, read_table, read_toml
from zeligui.settings import Home, JobDefaults, Settings, load
from zeligui.units import Dimension, quantity, quantity_text
from zeligui.writing import write_experiment, write_settings

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
MAPS = st.dictionaries(TEXTS, TEXTS, max_size=3)
NAMES = st.text("abc ._-~ü", min_size=1, max_size=9)
KINDS: Mapping[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    str: TEXTS,
    tuple[str, ...]: st.lists(TEXTS, max_size=3).map(tuple),
    tuple[Path, ...]: st.lists(NAMES.map(lambda name: Path("/keys") / name), max_size=3).map(tuple),
    Mapping[str, str]: MAPS,
    Mapping[str, Mapping[str, str]]: st.dictionaries(TEXTS, MAPS, max_size=3),
}


def any_of(kind: type) -> st.SearchStrategy[Any]:
    """Any value of a dataclass of options, each field within its bounds."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{one.name: _any(hints[one.name], one.metadata) for one in fields(kind)})


def _any(kind: Any, details: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if is_dataclass(kind):
        return any_of(kind)  # type: ignore[arg-type]
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if kind is int:
        return st.integers(details["low"], details["high"])
    if kind is float:
        return st.floats(details["low"], details["high"])
    return KINDS[kind]


def read(file: Path, default: Any) -> Any:
    return read_table(read_toml(file), default, Place(file))


@given(any_of(Settings))
def test_settings_are_read_as_they_were_written(settings: Settings) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "settings.toml")
        write_settings(file, settings, Settings())
        assert (read(file, Settings()) if file.exists() else Settings()) == settings


@settings(max_examples=40, deadline=None)
@given(any_of(Settings), any_of(Settings))
def test_settings_that_change_again_and_again_are_read_as_the_last(first: Settings, second: Settings) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "settings.toml")
        write_settings(file, first, Settings())
        write_settings(file, second, first)
        assert read(file, Settings()) == second
        write_settings(file, first, second)
        assert read(file, Settings()) == first


@given(any_of(ExperimentFile), any_of(ExperimentFile))
def test_experiments_are_read_as_they_were_written(experiment: ExperimentFile, given_: ExperimentFile) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "a.toml")
        write_experiment(file, experiment, given_)
        assert read(file, given_) == experiment


@given(st.floats(0, 1e9), st.sampled_from(Dimension))
def test_a_quantity_is_read_as_it_was_written(number: float, dimension: Dimension) -> None:
    assert quantity(quantity_text(number, dimension), dimension) == number


@pytest.mark.parametrize(("number", "text"), [(10, "10 s"), (0.5, "0.5 s"), (1e-7, "0.0000001 s"), (86400, "86400 s")])
def test_quantities_have_their_unit_and_no_exponent(number: float, text: str) -> None:
    assert quantity_text(number, Dimension.TIME) == text


WRITTEN = """\
# mine
sources = [ "ssh://lab1" ]   # the good one

period = "2 s"

[job]   # what runs
instances   =   2
environment = { SEED = "1" }  # fixed

# the rest
[reconfiguration]
interval = "1 min"
start = 'grow'

[labels.lab1]
room = "2.11"  # first floor
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.of(tmp_path)
    home.settings_file.write_text(WRITTEN)
    return home


def test_all_that_was_not_changed_stays_as_it_was(home: Home) -> None:
    before = load(home)
    write_settings(home.settings_file, replace(before, job=replace(before.job, instances=3, memory_mb=200)), before)
    written = home.settings_file.read_text()
    assert written == WRITTEN.replace("=   2", "=   3").replace("# fixed\n", '# fixed\nmemory = "200 MB"\n')


def test_nothing_changed_is_the_same_file(home: Home) -> None:
    write_settings(home.settings_file, load(home), load(home))
    assert home.settings_file.read_text() == WRITTEN


def test_a_new_key_of_the_top_comes_before_the_sections(home: Home) -> None:
    before = load(home)
    write_settings(home.settings_file, replace(before, identities=(Path("/k"),)), before)
    assert load(home) == replace(before, identities=(Path("/k"),))
    assert home.settings_file.read_text().index("identities") < home.settings_file.read_text().index("[job]")


def test_what_was_edited_in_the_file_meanwhile_stays(home: Home) -> None:
    before = load(home)
    home.settings_file.write_text(WRITTEN.replace("1 min", "3 min").replace("mine", "mine still"))
    write_settings(home.settings_file, replace(before, period_s=5.0), before)
    after = load(home)
    assert (after.period_s, after.reconfiguration.interval_s) == (5.0, 180.0)
    assert home.settings_file.read_text().startswith("# mine still\n")


def test_a_value_that_goes_back_to_its_default_is_written_where_it_stood(home: Home) -> None:
    before = load(home)
    write_settings(home.settings_file, replace(before, job=JobDefaults()), before)
    assert load(home).job == JobDefaults()
    assert "instances   =   1" in home.settings_file.read_text()


def test_of_texts_by_name_only_what_differs_is_written(home: Home) -> None:
    before = load(home)
    job = replace(before.job, environment={"SEED": "1", "A": "b"})
    labels = {"lab1": {"room": "2.11", "desk": "3"}, "lab2.example.org": {"room": "1"}}
    write_settings(home.settings_file, replace(before, labels=labels, job=job), before)
    assert load(home) == replace(before, labels=labels, job=job)
    assert 'room = "2.11"  # first floor\ndesk = "3"\n' in home.settings_file.read_text()
    assert 'SEED = "1", A = "b"' in home.settings_file.read_text()
    changed = load(home)
    write_settings(home.settings_file, replace(changed, labels={"lab1": {"room": "2.12"}}), changed)
    assert load(home).labels == {"lab1": {"room": "2.12"}}
    assert "# first floor" in home.settings_file.read_text()


def test_dotted_and_inline_sections_are_kept(home: Home) -> None:
    home.settings_file.write_text('job.cpus = 2.0\nreconfiguration = { interval = "5 s" } # so\n')
    before = load(home)
    wanted = replace(
        before, job=replace(before.job, instances=2), reconfiguration=replace(before.reconfiguration, gang=True)
    )
    write_settings(home.settings_file, wanted, before)
    assert load(home) == wanted
    assert home.settings_file.read_text().endswith("# so\n")


def test_lines_end_as_they_did(home: Home) -> None:
    home.settings_file.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    before = load(home)
    write_settings(home.settings_file, replace(before, period_s=5.0), before)
    assert home.settings_file.read_bytes() == WRITTEN.replace('"2 s"', '"5 s"').replace("\n", "\r\n").encode()


def test_new_settings_are_their_owner_s_alone_in_a_folder_of_his_own(tmp_path: Path) -> None:
    file = tmp_path / "config" / "settings.toml"
    write_settings(file, replace(Settings(), sources=("local://",)), Settings())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["settings.toml"]


def test_rights_and_links_stay(home: Home, tmp_path: Path) -> None:
    home.settings_file.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(home.settings_file)
    write_settings(link, replace(load(home), period_s=9.0), load(home))
    assert link.is_symlink()
    assert load(home).period_s == 9
    assert stat.S_IMODE(home.settings_file.stat().st_mode) == 0o640


def test_an_experiment_s_file_says_what_the_settings_do_not(tmp_path: Path) -> None:
    given_ = ExperimentFile(job=JobDefaults(executable="sh", cpus=2.0))
    experiment = replace(given_, name="pi", contract="pi.contract", job=replace(given_.job, arguments=("a b", "")))
    write_experiment(tmp_path / "pi.toml", experiment, given_)
    assert (tmp_path / "pi.toml").read_text() == (
        'name = "pi"\ncontract = "pi.contract"\n\n[job]\narguments = ["a b", ""]\n'
    )


def test_an_experiment_written_anew_has_nothing_of_the_file_that_was_there(tmp_path: Path) -> None:
    file = tmp_path / "pi.toml"
    file.write_text('name = "old"\non = ["ssh://a"]\n')
    write_experiment(file, ExperimentFile(name="new"), ExperimentFile(), anew=True)
    assert file.read_text() == 'name = "new"\n'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a = \n", "is not valid TOML"),
        (b"\xff", r"is not UTF-8 text \(byte 0\)"),
        (None, "cannot be written: Is a dir"),
    ],
)
def test_what_cannot_be_written_is_said_and_stays(content: bytes | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(UsageError, match=words):
        write_settings(file, Settings(period_s=3.0), Settings())
    assert content is None or file.read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 1


def test_a_section_that_is_no_table_is_said(home: Home) -> None:
    home.settings_file.write_text("job = 5\n")
    with pytest.raises(UsageError, match="job is no table"):
        write_settings(home.settings_file, Settings(job=JobDefaults(cpus=2.0)), Settings())


def test_a_name_that_is_no_unicode_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not Unicode"):
        write_settings(tmp_path / "s.toml", Settings(identities=(Path("/\udcff"),)), Settings())
    assert list(tmp_path.iterdir()) == []
