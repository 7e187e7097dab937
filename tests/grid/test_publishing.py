"""What is measured here, written into a real directory and read back from it, by others and elsewhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.directories import BASE, CORE, MASTER, PASSWORD, SHIPPED, OpenLdap
from tests.keyrings import Ring
from zeligui.cli import main
from zeligui.clock import SystemClock
from zeligui.contract.attributes import ATTRIBUTES
from zeligui.errors import Refused, UsageError, ZeliGridError
from zeligui.grid.directories import Described, Dn
from zeligui.grid.hosts import Measurement
from zeligui.grid.machines import Machines
from zeligui.grid.publishing import Publication, Publisher, init, write_schema
from zeligui.grid.publishing.entries import Measured, host_entry
from zeligui.grid.publishing.tree import statements
from zeligui.grid.sources.directory import read
from zeligui.links.ldap import Place, parse
from zeligui.links.ldap.writing import AT_ONCE, Entry, Writer, escaped
from zeligui.settings import Directories
from zeligui.shipped import shipped

SITE = f"Mds-Vo-name=lab,{BASE}"
LANGUAGE = {
    "osName": "Linux",
    "osRelease": "12",
    "arch": "x86_64",
    "cpuCount": 4.0,
    "cpuSpeed": 2596.1,
    "cpuFree": 3.25,
    "cpuAvail": 0.8125,
    "load1": 0.25,
    "totalMemory": 25276.5,
    "freeMemory": 24108.4,
    "freeDisk": 83441.9,
}


@pytest.fixture
def server(openldap: Callable[..., OpenLdap], ring: Ring) -> OpenLdap:
    ring.set_password("zeligrid", "grid", PASSWORD)
    return openldap(schemas=SHIPPED)


@pytest.fixture
def place(server: OpenLdap) -> Place:
    return parse(f"{server.address}/{SITE}", Directories(user=MASTER, password="keyring:grid"))


class Scripted:
    """A source that says what a test gives it."""

    def __init__(self, url: str = "ssh://lab1") -> None:
        self.url = url
        self.news: asyncio.Queue[Measurement] = asyncio.Queue()

    async def watch(self) -> AsyncIterator[Measurement]:
        while True:
            yield await self.news.get()


def known(place: Place) -> tuple[Described, ...]:
    """What everyone may read there."""
    directory, broken = read(parse(place.url))
    assert broken is None
    return (*directory.hosts, *(host for some in directory.alike for host in some.each()))


def measured(host: str, url: str = "ssh://lab1", **values: float | str) -> Measurement:
    return Measurement(host, url, {**LANGUAGE, **values}, addresses=("192.0.2.7",))


class Master:
    """Machines that are watched, and what publishes them."""

    def __init__(self, place: Place, *sources: Scripted) -> None:
        self.told: list[ZeliGridError] = []
        clock = SystemClock()
        self.machines = Machines(sources, clock=clock)
        self.publisher = Publisher(
            place, self.machines, clock=clock, period_s=0.05, expiry_s=60, report=self.told.append
        )
        self.machines.start()
        self._task = asyncio.ensure_future(self.publisher.run())

    async def has_published(self, count: int) -> None:
        async with asyncio.timeout(15):
            while self.publisher.published < count:
                await asyncio.sleep(0.02)

    async def is_in_trouble(self) -> ZeliGridError:
        async with asyncio.timeout(15):
            while not self.told:
                await asyncio.sleep(0.02)
        return self.told[-1]

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.machines.close()


async def test_one_directory_serves_another_master(place: Place) -> None:
    init(place)
    source = Scripted()
    master = Master(place, source)
    source.news.put_nowait(measured("lab1.example.org", latency=1.5, bandWidth=94.1))
    await master.has_published(1)
    await master.close()
    assert not master.told
    [host] = known(place)
    assert host.name == "lab1.example.org"
    assert {name: host.values[name] for name in LANGUAGE} == LANGUAGE
    assert (host.values["latency"], host.values["bandWidth"]) == (1.5, 94.1)
    assert host.values["Mds-Cpu-Total-Free-1minX100"] == 325
    assert "192.0.2.7" in host.addresses
    assert host.stamp is not None
    assert host.expires == pytest.approx(host.stamp + 60, abs=0.01)


async def test_what_changes_is_written_again_and_what_others_say_is_not(place: Place) -> None:
    init(place)
    source, directory = Scripted(), Scripted("ldap://elsewhere/o=grid")
    master = Master(place, source, directory)
    directory.news.put_nowait(measured("lab2", "ldap://elsewhere/o=grid"))
    source.news.put_nowait(measured("lab1"))
    await master.has_published(1)
    source.news.put_nowait(measured("lab1", cpuAvail=0.25))
    await master.has_published(2)
    await master.close()
    assert {host.name: host.values["cpuAvail"] for host in known(place)} == {"lab1": 0.25}


async def test_a_directory_killed_in_the_middle_is_written_to_again(server: OpenLdap, place: Place) -> None:
    init(place)
    source = Scripted()
    master = Master(place, source)
    source.news.put_nowait(measured("lab1"))
    await master.has_published(1)
    server.stop()
    source.news.put_nowait(measured("lab1", cpuAvail=0.5))
    assert (await master.is_in_trouble()).status in {"refused", "unreachable"}  # type: ignore[attr-defined]
    server.start()
    await master.has_published(2)
    await master.close()
    assert len(master.told) <= 2
    assert known(place)[0].values["cpuAvail"] == 0.5


async def test_names_are_never_taken_for_something_else(place: Place) -> None:
    init(place)
    names = {"lab,1", "a=b+c", 'quo"te', "#one", "back\\slash", "süd"}
    source = Scripted()
    master = Master(place, source)
    for name in names:
        source.news.put_nowait(measured(name))
    await master.has_published(len(names))
    await master.close()
    assert {host.name for host in known(place)} >= names


async def test_one_that_is_refused_does_not_keep_others_from_being_written(place: Place) -> None:
    init(place)
    source = Scripted()
    master = Master(place, source)
    for name in ("a" * 70000, "lab1"):
        source.news.put_nowait(measured(name))
    await master.has_published(1)
    await master.close()
    assert "lab1" in {host.name for host in known(place)}


def test_many_entries_are_written_together(place: Place) -> None:
    init(place)
    hosts = [f"lab{number}" for number in range(2 * AT_ONCE + 1)]
    writer = Writer(place)
    try:
        for free in (1024.0, 2048.0):
            entries = [_entry(place, name, free) for name in hosts]
            assert writer.put(entries) == {}
            assert {host.name: host.values["freeMemory"] for host in known(place)} == dict.fromkeys(hosts, free)
        wrong = replace(entries[0], dn=f"Mds-Host-hn=lab0,ou=nowhere,{place.base}")
        refused = writer.put([_entry(place, "lab1", 4096.0), wrong])
        assert list(refused) == [wrong.dn]
        assert "zeligrid directory init" in refused[wrong.dn].hint
        found = {host.name: host.values["freeMemory"] for host in known(place)}
        assert (found["lab0"], found["lab1"]) == (2048.0, 4096.0)
    finally:
        writer.close()


def _entry(place: Place, name: str, free: float) -> Entry:
    now = time.time()
    [entry] = host_entry(Measured(name, {"freeMemory": (free, now)}), place.base, expiry_s=60.0)
    return entry


async def test_who_may_not_write_is_told_what_to_do(server: OpenLdap, place: Place) -> None:
    init(place)
    source = Scripted()
    master = Master(parse(place.url), source)
    source.news.put_nowait(measured("lab1"))
    trouble = await master.is_in_trouble()
    await master.close()
    assert "does not let everyone write" in str(trouble)
    assert "`user`" in trouble.hint


async def test_where_the_tree_or_the_schema_is_missing_the_command_is_named(
    openldap: Callable[..., OpenLdap], server: OpenLdap, ring: Ring
) -> None:
    entered = Directories(user=MASTER, password="keyring:grid")
    for other, words in ((server, "nothing to put"), (openldap(), "does not know what")):
        source = Scripted()
        master = Master(parse(f"{other.address}/{SITE if other is server else BASE}", entered), source)
        source.news.put_nowait(measured("lab1"))
        trouble = await master.is_in_trouble()
        await master.close()
        assert words in str(trouble)
        assert "zeligrid directory init" in trouble.hint


async def test_what_publishers_have_left_is_removed_in_the_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    init(place)
    source = Scripted()
    monkeypatch.setattr("zeligui.grid.publishing.entries.KEPT_S", -120.0)
    for name in ("gone", "also,gone"):
        source.news.put_nowait(measured(name))
    master = Master(place, source)
    await master.has_published(2)
    await master.close()
    monkeypatch.undo()
    source = Scripted()
    master = Master(place, source)
    source.news.put_nowait(measured("lab1"))
    await master.has_published(1)
    await master.close()
    assert [host.name for host in known(place)] == ["lab1"]


async def test_publication_follows_the_settings(place: Place, server: OpenLdap) -> None:
    init(place)
    source, told = Scripted(), []
    machines = Machines([source], clock=SystemClock())
    publication = Publication(machines, clock=SystemClock(), report=told.append)
    entered = Directories(user=MASTER, password="keyring:grid", publish=place.url)
    machines.start()
    await publication.follow(Directories(publish="ldap://h/o=grid?cn"), period_s=0.05, expiry_s=60)
    assert isinstance(told.pop(), UsageError)
    await publication.follow(entered, period_s=0.05, expiry_s=60)
    source.news.put_nowait(measured("lab1"))
    async with asyncio.timeout(15):
        while not any(host.name == "lab1" for host in known(place)):
            await asyncio.sleep(0.05)
    await publication.follow(Directories(), period_s=0.05, expiry_s=60)
    await machines.close()
    assert not told


def test_init_can_be_repeated_and_says_what_it_made(place: Place) -> None:
    made = init(place)
    assert made.entries == (BASE, SITE, f"ou=nws,{SITE}")
    assert init(place).entries == ()


@pytest.mark.parametrize(
    ("base", "kind", "words"),
    [
        ("o=elsewhere", Refused, "keeps no tree with this base; it keeps o=grid"),
        ("", UsageError, "names no base"),
        ("nonsense", UsageError, "is no distinguished name"),
        ("serialNumber=1,o=grid", UsageError, "Nothing is known of how to make"),
    ],
)
def test_a_base_that_cannot_be_made_is_refused(
    server: OpenLdap, place: Place, base: str, kind: type[ZeliGridError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        init(parse(f"{server.address}/{base}", Directories(user=MASTER, password="keyring:grid")))


def test_a_directory_without_the_schema_says_how_to_load_it(openldap: Callable[..., OpenLdap], ring: Ring) -> None:
    ring.set_password("zeligrid", "grid", PASSWORD)
    url = openldap(schemas=[CORE]).url
    with pytest.raises(Refused, match="lacks the schema") as caught:
        init(parse(url, Directories(user=MASTER, password="keyring:grid")))
    assert "include " in caught.value.hint
    assert "ldapadd" in caught.value.hint


def test_the_command_makes_a_directory_ready(
    server: OpenLdap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{server.address}/{SITE}????bindname={MASTER.replace(',', '%2C')}"
    home = ["--home", str(tmp_path / "home")]
    assert main([*home, "directory", "init", url, "--password", "keyring:grid", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"][0] == BASE
    assert main([*home, "directory", "init", url]) == 3
    assert "The keyring has no secret" in capsys.readouterr().err
    assert main([*home, "directory", "init"]) == 2


def test_the_sensor_publishes_this_machine(
    server: OpenLdap, place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init(place)
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "settings.toml").write_text(f'[directories]\nuser = "{MASTER}"\npassword = "keyring:grid"\n')
    assert main(["--home", str(folder), "sensor", "--publish", place.url, "--period", "0.2", "--count", "2"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["--home", str(tmp_path / "other"), "hosts", "--source", place.url, "--json"]) == 0
    [host] = json.loads(capsys.readouterr().out)
    assert host["status"] == "up"
    assert {"cpuAvail", "freeMemory", "osName", "cpuCount"} <= host.keys()


def test_the_schema_knows_every_attribute_of_the_language() -> None:
    text = (shipped("resources") / "ldap" / "zeligrid.schema").read_text("utf-8")
    [allowed] = [rest for keyword, rest in statements(text) if keyword == "objectclass"]
    assert set(allowed.partition("MAY (")[2].replace("$", " ").replace(")", " ").split()) == {*ATTRIBUTES} - {
        "hostName"
    }


def test_the_schema_is_written_in_both_forms(tmp_path: Path) -> None:
    files = write_schema(tmp_path / "schema")
    assert {file.suffix for file in files} == {".schema", ".ldif"}
    ldif = (tmp_path / "schema" / "mds.ldif").read_text("utf-8")
    assert ldif.startswith("dn: cn=mds,cn=schema,cn=config\n")
    assert "olcObjectClasses: ( mdsClass:" in ldif


def odd_names() -> Iterator[str]:
    yield from (" a", "a ", " ", "#", "\\", ",,", "a\0b", "  ")


@given(st.text(min_size=1, max_size=30) | st.sampled_from([*odd_names()]))
def test_an_escaped_value_is_one_value(value: str) -> None:
    parts = Dn.of(f"Mds-Host-hn={escaped(value)},o=grid").parts
    assert len(parts) == 2
    assert parts[1] == ("o", "grid")


def test_a_host_of_which_only_ways_are_known_has_no_entry_of_mds() -> None:
    one = Measured("lab1", {"latency": (1.0, 5.0)})
    assert not list(host_entry(one, BASE, expiry_s=60))
