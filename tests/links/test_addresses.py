"""Addresses in URLs, good and made to be mistaken."""

from __future__ import annotations

import pytest

from zeligui.errors import UsageError
from zeligui.links import open_links
from zeligui.links.addresses import Address, parse

GOOD = {
    "ssh://lab1": Address(None, "lab1", None),
    "ssh://lab1/": Address(None, "lab1", None),
    "ssh://ann@lab-1.example.org:2222": Address("ann", "lab-1.example.org", 2222),
    "ssh://[::1]:22": Address(None, "::1", 22),
    "ssh://ann@[fe80::1%25eth0]": Address("ann", "fe80::1%eth0", None),
    "ssh://a%40b@host": Address("a@b", "host", None),
    "ssh://DOM%5Cann@h%6Fst": Address("DOM\\ann", "host", None),
}

BAD = [
    "ssh://",
    "ssh://-oProxyCommand=x",
    "ssh://%2Dx",
    "ssh://a%20b",
    "ssh://a%0Ab",
    "ssh://a%00b",
    "ssh://a;b",
    "ssh://$(x)",
    "ssh://a`b",
    "ssh://h:0",
    "ssh://h:65536",
    "ssh://h:x",
    "ssh://h:%32",
    "ssh://h:1:2",
    "ssh://[::1",
    "ssh://::1",
    "ssh://@h",
    "ssh://-u@h",
    "ssh://a%0Ab@h",
    "ssh://h/path",
    "ssh://h?x",
    "ssh://a@b@c",
    "http://h",
    "lab1",
    "ssh:lab1",
    "ssh://h:٣",
    "ssh://a%2Fb",
    "ssh://%ff",
]


@pytest.mark.parametrize("url", GOOD)
def test_a_good_address_is_read_and_written_alike(url: str) -> None:
    assert parse(url) == GOOD[url]
    assert parse(parse(url).url) == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_a_bad_address_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError):
        parse(url)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse("ssh://ann:secret@host")
    assert "secret" not in str(caught.value) + caught.value.hint


async def test_one_machine_has_one_link() -> None:
    links = open_links(known_hosts=[], identities=[])
    assert links.to("ssh://lab1") is links.to("ssh://lab1/")
    assert links.to("local://") is links.to("local://")
    assert links.to("ssh://ann@lab1") is not links.to("ssh://lab1")
    assert links.to("ssh://lab1/").url == "ssh://lab1"
    with pytest.raises(UsageError, match="not understood"):
        links.to("gopher://lab1")
    await links.close()
