"""What directories publish (MDS 2, GLUE 1, GLUE 2, NWS), in the words of the contract language.

The entries come from a file (LDIF) or from a server that answers LDAP; nothing here reads or connects.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from zeligui.grid.directories import glue1, glue2, mds, nws
from zeligui.grid.directories.alike import Alike
from zeligui.grid.directories.described import Described
from zeligui.grid.directories.names import Dn, Entry

__all__ = ["CLASSES", "Alike", "Described", "Directory", "Dn", "Entry", "describe", "matters"]

CLASSES = (*mds.KINDS, *glue1.KINDS, *glue2.KINDS, "glue2service", "glue2manager", *nws.KINDS)
"""The object classes, in small letters, whose entries describe machines together."""

_GRID = re.compile("glue|mds|nordugrid|nws")
_STRUCTURE = frozenset({"o", "ou", "dc", "c", "l", "cn=subschema", ""})


@dataclass(frozen=True, slots=True)
class Directory:
    """The hosts of a directory, named uniquely, and what the user should know of the rest.

    The hosts in `alike` are none of the others.
    """

    hosts: tuple[Described, ...]
    warnings: tuple[str, ...]
    alike: tuple[Alike, ...] = ()


def describe(entries: Iterable[Entry], *, here: Collection[str] = ()) -> Directory:
    """The hosts that these entries describe together; each entry's DN comes once.

    `here` are the names of this machine in small letters: of the ways that NWS measures, those from or to it count.
    """
    of_mds: list[Entry] = []
    of_nws: list[Entry] = []
    first, second = glue1.Glue1(), glue2.Glue2()
    for entry in entries:
        kind = kind_of(entry)
        if kind in glue1.KINDS:
            first.add(kind, entry)
        elif kind in glue2.KINDS:
            second.add(kind, entry)
        elif kind in nws.KINDS:
            of_nws.append(entry)
        elif kind == "mdshost":
            of_mds.append(entry)
    machines, groups = nws.joined([*mds.hosts(of_mds), *first.hosts()], nws.hosts(of_nws, here)), second.hosts()
    warnings = _orphans("queue", first.orphans()) + _orphans("share", second.orphans())
    return _named_once([*machines, *groups], warnings)


def matters(entry: Entry) -> bool:
    """Whether the entry says something of a machine, of a queue, or of the site of either."""
    return kind_of(entry) != ""


def of_the_grid(entry: Entry) -> bool:
    """Whether the entry is of MDS, GLUE or ARC at all, or a mere branch of the tree."""
    names = [entry.dn.kind, *entry.classes, *entry.values]
    return entry.dn.kind in _STRUCTURE or any(_GRID.match(name) for name in names)


def kind_of(entry: Entry) -> str:
    """By object class; where none was asked for, by what names the entry, then by its attributes."""
    return _kind_by_class(entry.classes) or _kind_by_name(entry)


@lru_cache(maxsize=1024)
def _kind_by_class(classes: frozenset[str]) -> str:
    for kind in (*glue1.KINDS, *glue2.KINDS, *nws.KINDS):
        if kind in classes:
            return kind
    if "glue2service" in classes:
        return "glue2computingservice"
    return "glue2computingmanager" if "glue2manager" in classes else ""


def _kind_by_name(entry: Entry) -> str:
    if entry.dn.kind == "mds-host-hn":
        return "mdshost"
    own = {entry.dn.kind} if entry.classes or _GRID.match(entry.dn.kind) else entry.values.keys()
    for kind, names in glue1.KINDS.items():
        if not own.isdisjoint(names):
            return kind
    for kind, name in glue2.KINDS.items():
        if (
            not entry.classes
            and not own.isdisjoint((name, kind + "id"))
            and (kind != "glue2executionenvironment" or _is_environment(entry))
        ):
            return kind
    return "mdshost" if mds.host_of(entry) else ""


def _is_environment(entry: Entry) -> bool:
    """Storage has resources of the same name."""
    return any(name.startswith("glue2executionenvironment") for name in entry.values)


def _orphans(word: str, names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return (f"The {word} {names[0]}{more} names no machines of this directory and is left out.",)


def _named_once(hosts: Iterable[Described], warnings: tuple[str, ...]) -> Directory:
    """Two that share an ID and contradict each other are two groups: the later takes a number behind its name."""
    named: dict[str, Described] = {}
    twice: list[str] = []
    for host in hosts:
        key = host.name.casefold()
        like = named.setdefault(key, host)
        if like is host:
            continue
        if _agree(like, host):
            named[key] = replace(like, values={**host.values, **like.values})
        else:
            twice.append(host.name)
            unique = _free_name(host.name, named)
            named[unique.casefold()] = replace(host, name=unique)
    if twice:
        told = f"The ID {twice[0]} is used for several groups of machines; they are told apart by a number."
        warnings = (*warnings, told)
    return Directory(tuple(named.values()), warnings)


def _agree(first: Described, second: Described) -> bool:
    return all(second.values.get(name, value) == value for name, value in first.values.items())


def _free_name(name: str, taken: Collection[str]) -> str:
    number = 2
    while f"{name}#{number}".casefold() in taken:
        number += 1
    return f"{name}#{number}"
