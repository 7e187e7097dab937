"""Which entries of a directory describe a host together: by the names that they share.

What is made of one entry depends on the entries that share a tie with it, and on theirs, and on no others, but for the
sites and domains that all entries of a schema may refer to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from zeligui.grid.directories import glue1, glue2, kind_of, mds, nws
from zeligui.grid.directories.names import Entry

Tie = tuple[str, str]
"""A kind of name, and a name in small letters."""

EVERYWHERE = frozenset({"gluesite", "glue2admindomain"})
"""Kinds of entries to which all others may refer."""

HOST = "host"


def ties(entry: Entry, here: Collection[str]) -> frozenset[Tie]:
    """The names by which an entry belongs together with others; empty for one that describes no machine."""
    kind = kind_of(entry)
    if kind in nws.KINDS:
        found = _of_nws(entry, here)
    elif kind in glue1.KINDS:
        found = _of_glue1(kind, entry)
    elif kind in glue2.KINDS:
        found = _of_glue2(kind, entry)
    else:
        found = [(HOST, mds.host_of(entry) or "")] if kind else []
    return frozenset(
        (word, bare(name) if word == HOST else name.strip().casefold()) for word, name in found if name.strip()
    )


def bare(name: str) -> str:
    """A host's name in small letters, without the number that tells several apart which have it."""
    return name.strip().casefold().partition("#")[0]


def passes_on(entry: Entry) -> bool:
    """Whether the entry ties those together that it is tied to: a way between two machines does not."""
    return kind_of(entry) != "nwsseries"


def _of_nws(entry: Entry, here: Collection[str]) -> list[Tie]:
    host, target = nws.ends(entry)
    return [(HOST, host), (HOST, target)] if host.casefold() in here else [(HOST, host)]


def _of_glue1(kind: str, entry: Entry) -> list[Tie]:
    own = glue1.own_id(entry, kind)
    found = [("cluster", entry.keyed("glueclusteruniqueid") or ""), *_parts(entry, "cluster", "glueclusteruniqueid")]
    if kind == "gluecluster":
        found.append(("cluster", own))
    elif kind == "gluesubcluster":
        found += [(HOST, own), ("subcluster", own)]
    elif kind == "gluehost":
        named = next(iter(entry.values.get("gluehostname", ())), "") or entry.dn.value("gluehostname") or ""
        found += [(HOST, own), (HOST, named), *_parts(entry, "subcluster", "gluesubclusteruniqueid")]
    elif kind == "gluece":
        found += [("queue", own), ("cluster", glue1.cluster_of_queue(entry))]
    elif kind == "gluevoview":
        found += [("queue", entry.keyed("glueceuniqueid") or ""), *_parts(entry, "queue", "glueceuniqueid")]
    return found


def _of_glue2(kind: str, entry: Entry) -> list[Tie]:
    own = glue2.own_id(entry, kind)
    found = [
        ("service", name) for name in (entry.dn.value("glue2serviceid"), *glue2.named(entry, glue2.SERVICES)) if name
    ]
    if kind == "glue2computingservice":
        found.append(("service", own))
    elif kind == "glue2computingmanager":
        found.append(("manager", own))
    elif kind == "glue2executionenvironment":
        found += [(HOST, own), ("manager", entry.dn.value("glue2managerid") or "")]
        found += [("manager", name) for name in glue2.named(entry, glue2.MANAGERS)]
    elif kind == "glue2computingshare":
        found += [(HOST, name) for name in glue2.named(entry, glue2.ENVIRONMENTS)]
    return found


def _parts(entry: Entry, word: str, attribute: str) -> Iterable[Tie]:
    return [(word, name) for name in entry.dn.every(attribute)]
