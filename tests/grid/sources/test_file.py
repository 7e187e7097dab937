"""A file of hosts as a source."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import cast

import pytest

from zeligui.errors import Unreachable, UsageError
from zeligui.grid.hosts import Measurement
from zeligui.grid.sources import open_source
from zeligui.links import open_links


def write(file: Path, *names: str, when: int) -> None:
    """Replace the file at once, as publishers do, so that no half of it is read."""
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps([{"hostName": name, "cpuSpeed": when} for name in names]))
    os.utime(fresh, (when, when))
    fresh.rename(file)


def watch(file: Path) -> AsyncGenerator[Measurement]:
    source = open_source(file.as_uri(), open_links(), period_s=0.01)
    return cast(AsyncGenerator[Measurement], source.watch())


async def test_every_host_of_the_file_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "a file.json"
    write(file, "a", "b", when=1)
    async with aclosing(watch(file)) as measurements:
        first, second = await anext(measurements), await anext(measurements)
    assert (first.host, second.host) == ("a", "b")
    assert first.values == {"cpuSpeed": 1.0}
    assert first.source == file.as_uri()
    assert "%20" in first.source


async def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "hosts.json"
    write(file, "a", when=1)
    async with aclosing(watch(file)) as measurements:
        assert (await anext(measurements)).values == {"cpuSpeed": 1.0}
        write(file, "a", when=2)
        assert (await anext(measurements)).values == {"cpuSpeed": 2.0}


async def test_a_publishers_own_time_is_the_stamp(tmp_path: Path) -> None:
    file = tmp_path / "grid.ldif"
    file.write_text("dn: Mds-Host-hn=h,o=grid\nMds-validfrom: 20040503202836Z\n")
    async with aclosing(watch(file)) as measurements:
        assert (await anext(measurements)).stamp == 1083616116.0


async def test_a_file_that_is_missing_wrong_or_empty_is_unreachable(tmp_path: Path) -> None:
    file = tmp_path / "hosts.json"
    with pytest.raises(Unreachable, match=r"hosts\.json"):
        await anext(watch(file))
    file.write_text('[{"hostName": "a"}, {}]')
    with pytest.raises(Unreachable, match="entry 2"):
        await anext(watch(file))
    file.write_text("[]")
    with pytest.raises(Unreachable, match="names no machines"):
        await anext(watch(file))


@pytest.mark.parametrize("url", ["file://hosts.json", "file://other/srv/hosts.json", "file:///a%00b"])
def test_a_url_names_a_file_of_this_machine(url: str) -> None:
    with pytest.raises(UsageError, match="names no file"):
        open_source(url, open_links())
