"""IP addresses by which a machine can be told from others."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache


def in_name(name: str) -> tuple[str, ...]:
    """The address that a host is named by; none where its name is no address."""
    return usable([name]) if name[:1].isdigit() or ":" in name else ()


def usable(addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of these texts that are addresses of one machine in its network, each in one writing and once.

    Loopback, link-local and multicast addresses are not: every machine has them.
    """
    found = tuple(filter(None, map(_usable, addresses)))
    return found if len(found) < 2 else tuple(dict.fromkeys(found))


def _usable(text: str) -> str:
    try:
        first, second, *_ = socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):  # a NUL is a ValueError
        return _usable_other(text)
    return "" if first in (0, 127) or 224 <= first < 240 or (first, second) == (169, 254) else text


@lru_cache(maxsize=2**12)
def _usable_other(text: str) -> str:
    """What is no plain IPv4 address; `ipaddress` takes 20 times as long."""
    try:
        address = ipaddress.ip_address(text.strip().strip("[]"))
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    everywhere = address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local
    return "" if everywhere else str(address)
