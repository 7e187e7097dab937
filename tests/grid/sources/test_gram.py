"""Grid sites as sources: there while their gatekeeper takes jobs, away with words of why."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.globus import Site
from tests.islands import USER
from zeligui.errors import LinkError, Refused, UsageError
from zeligui.grid.sources import open_source
from zeligui.grid.sources.gram import GramSource
from zeligui.links import Links, open_links
from zeligui.links.gsi.proxies import make_proxy, write_proxy


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    opened = open_links()
    yield opened
    await opened.close()


def source(site: Site, links: Links, kind: str = "fork") -> GramSource:
    opened = open_source(f"gram://{site.service(kind)}", links, period_s=0.1, expiry_s=0.3)
    assert isinstance(opened, GramSource)
    return opened


async def test_a_site_is_a_host_that_jobs_go_to(site, links):
    watched = source(site, links)
    measurement = await anext(watched.watch())
    assert (measurement.host, measurement.values["site"]) == ("site.test", "site.test")
    assert watched.service("site.test") == f"gram://{site.contact}"


async def test_a_scheduler_behind_the_gatekeeper_is_another_host_than_the_gatekeeper(site, links):
    watched = source(site, links, "slurm")
    assert watched.host == "slurm.site.test"
    assert watched.service("slurm.site.test") == f"gram://{site.service('slurm')}"


async def test_a_gatekeeper_that_goes_and_comes_back(site, links):
    watched = source(site, links)
    measurements = watched.watch()
    await anext(measurements)
    site.stop_gatekeeper()
    with pytest.raises(Refused, match="Nothing listens"):
        await all_of(measurements)
    site.start_gatekeeper()
    assert (await anext(watched.watch())).host == "site.test"


async def all_of(measurements: AsyncIterator[object]) -> None:
    async for _ in measurements:
        pass


async def test_an_unknown_service_and_a_missing_proxy_are_said_in_words(site, links, monkeypatch):
    with pytest.raises(Refused, match="no such service"):
        await anext(source(site, links, "nope").watch())
    monkeypatch.setenv("X509_USER_PROXY", "/nowhere/proxy")
    with pytest.raises(LinkError, match="There is no proxy") as caught:
        await anext(source(site, links).watch())
    assert "proxy init" in caught.value.hint


async def test_a_limited_proxy_is_named_as_such_where_the_gatekeeper_says_no(site, links, monkeypatch, tmp_path):
    write_proxy(make_proxy(site.user, limited=True), tmp_path / "limited")
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "limited"))
    with pytest.raises(Refused, match="a limited one") as caught:
        await anext(source(site, links).watch())
    assert "proxy init" in caught.value.hint


async def test_an_account_that_is_not_there_is_said_to_be_the_sites_fault(site, links):
    mapfile = site.folder / "grid-mapfile"
    before = mapfile.read_text()
    mapfile.write_text(before.replace(USER, "nobody-at-all"))
    try:
        with pytest.raises(Refused) as caught:
            await anext(source(site, links).watch())
    finally:
        mapfile.write_text(before)
    assert "account that it maps you to" in caught.value.hint


def test_what_is_no_contact_is_refused_at_once(links):
    with pytest.raises(UsageError):
        open_source("gram://me@site/jobmanager", links)
