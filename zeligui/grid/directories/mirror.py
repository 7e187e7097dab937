"""A directory kept entry by entry: after a change, only the hosts that it touches are made anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from itertools import chain, count

from zeligui.grid.directories import Described, Directory, Entry, describe, kind_of
from zeligui.grid.directories.alike import Keyed
from zeligui.grid.directories.ties import EVERYWHERE, HOST, Tie, bare, passes_on, ties


class Mirror:
    """The entries of a directory, by what the server calls them, and the hosts that they describe.

    `here` are the names of this machine in small letters. Entries may be `packed`: not read yet, each the only one that
    speaks of its host. `unpack` reads one once something touches that.
    """

    def __init__(self, here: Collection[str] = (), unpack: Callable[[bytes], Entry | None] = lambda _: None) -> None:
        self._here = here
        self._unpack = unpack
        self._packed: dict[str, Keyed] = {}
        """By the host's name without a number behind it."""
        self._packed_names: dict[Hashable, str] = {}
        self._entries: dict[Hashable, Entry] = {}
        self._hosts: dict[str, dict[str, Described]] = {}
        """By the name without a number behind it, then by the whole name."""
        self._warnings: dict[Tie | None, tuple[str, ...]] = {}
        self._tied: dict[Tie, set[Hashable]] = {}
        """The keys of the entries of each tie."""
        self._is_tied = False
        self._places: dict[Hashable, int] = {}
        self._number = count()

    @property
    def hosts(self) -> list[Described]:
        """All hosts, but for those of packed entries."""
        return [host for alike in self._hosts.values() for host in alike.values()]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of the rest."""
        return tuple(dict.fromkeys(chain.from_iterable(self._warnings.values())))

    @property
    def packed(self) -> dict[Hashable, bytes]:
        """The contents of the entries that are packed."""
        return dict(self._packed.values())

    def fill(
        self,
        entries: Mapping[Hashable, Entry],
        packed: Mapping[str, Keyed] | None = None,
        order: Iterable[Hashable] | None = None,
    ) -> None:
        """Have these entries, and no others; those that are packed by the bare names of their hosts.

        `order` is that of the keys of both: of several entries that say something, the place decides.
        """
        self._packed = dict(packed or {})
        self._packed_names = {key: name for name, (key, _) in self._packed.items()}
        self._places = {key: place for place, key in enumerate(entries if order is None else order)}
        self._number = count(len(self._places))
        directory = describe(entries.values(), here=self._here)
        self._entries, self._is_tied = dict(entries), False
        self._hosts = {}
        for host in directory.hosts:
            self._hosts.setdefault(bare(host.name), {})[host.name] = host
        self._warnings = {None: directory.warnings}

    def entry(self, key: Hashable) -> Entry | None:
        """The entry of that key, None where there is none."""
        self.unpack(key)
        return self._entries.get(key)

    def unpack(self, key: Hashable) -> None:
        """Read an entry, if it is packed."""
        if name := self._packed_names.get(key):
            self._unpack_host(name)

    def _unpack_host(self, name: str) -> None:
        self.prepare()
        key, content = self._packed.pop(name)
        del self._packed_names[key]
        if (entry := self._unpack(content)) is None:
            return
        self._entries[key] = entry
        self._tie(key, entry)
        for host in describe([entry], here=self._here).hosts:
            self._hosts.setdefault(bare(host.name), {})[host.name] = host

    def prepare(self) -> None:
        """Find out what belongs together, which `change` needs."""
        if not self._is_tied:
            self._tied, self._is_tied = {}, True
            for key, entry in self._entries.items():
                self._tie(key, entry)

    def change(self, changes: Mapping[Hashable, Entry | None]) -> tuple[list[Described], list[str]]:
        """Take over entries that came or changed, and leave out those that are None.

        The hosts that are different or new come back, and the names of those that are there no more.
        """
        self.prepare()
        touched: set[Tie] = set()
        for key, entry in changes.items():
            self.unpack(key)
            touched.update(self._untie(key))
            if entry is not None:
                self._entries[key] = entry
                touched.update(self._touched_by(entry, self._tie(key, entry)))
            else:
                self._entries.pop(key, None)
                self._places.pop(key, None)
        before: dict[str, Mapping[str, Described]] = {}
        while touched:
            for name, alike in self._made_anew(touched).items():
                before.setdefault(name, self._hosts.pop(name, {}))
                if alike:
                    self._hosts[name] = alike
        return self._differences(before)

    def _differences(self, before: Mapping[str, Mapping[str, Described]]) -> tuple[list[Described], list[str]]:
        changed: list[Described] = []
        gone: list[str] = []
        for name, were in before.items():
            are = self._hosts.get(name, {})
            changed += [host for key, host in are.items() if were.get(key) != host]
            gone += [key for key in were if key not in are]
        return changed, gone

    def _made_anew(self, touched: set[Tie]) -> dict[str, dict[str, Described]]:
        """The hosts of one of the ties and of all that it is tied to, as they are now."""
        together, keys = self._together(touched.pop())
        touched -= together
        directory = self._described(keys)
        made: dict[str, dict[str, Described]] = {name: {} for word, name in together if word == HOST}
        for host in directory.hosts:
            if (alike := made.get(bare(host.name))) is not None:  # the other end of a way is described elsewhere
                alike[host.name] = host
        self._warn(together, directory.warnings)
        return made

    def _described(self, keys: Collection[Hashable]) -> Directory:
        everywhere = (key for kind in EVERYWHERE for key in self._tied.get((kind, ""), ()))
        in_order = sorted({*keys, *everywhere} if keys else (), key=self._places.__getitem__)
        return describe([self._entries[key] for key in in_order], here=self._here)

    def _together(self, tie: Tie) -> tuple[set[Tie], set[Hashable]]:
        """All ties and keys that are connected with one."""
        reached, keys, waiting = {tie}, set[Hashable](), [tie]
        while waiting:
            for key in self._tied_to(waiting.pop()):
                if key in keys:
                    continue
                keys.add(key)
                entry = self._entries[key]
                if passes_on(entry):
                    more = ties(entry, self._here) - reached
                    reached |= more
                    waiting.extend(more)
        return reached, keys

    def _tied_to(self, tie: Tie) -> Collection[Hashable]:
        if tie[0] == HOST and tie[1] in self._packed:
            self._unpack_host(tie[1])
        return self._tied.get(tie, ())

    def _warn(self, together: Collection[Tie], warnings: tuple[str, ...]) -> None:
        if any(word != HOST for word, _ in together):
            self._warnings.pop(None, None)  # of all, at the beginning: it may not be so any more
        for tie in together:
            self._warnings.pop(tie, None)
        if warnings:
            self._warnings[min(together)] = warnings

    def _tie(self, key: Hashable, entry: Entry) -> Collection[Tie]:
        found = self._ties(entry)
        for tie in found:
            self._tied_to(tie)  # what was there before has its place before this
        if key not in self._places:
            self._places[key] = next(self._number)
        for tie in found:
            self._tied.setdefault(tie, set()).add(key)
        return found

    def _untie(self, key: Hashable) -> Collection[Tie]:
        entry = self._entries.get(key)
        if entry is None:
            return ()
        found = self._ties(entry)
        for tie in found:
            keys = self._tied[tie]
            keys.remove(key)
            if not keys:
                del self._tied[tie]
        return self._touched_by(entry, found)

    def _ties(self, entry: Entry) -> Collection[Tie]:
        kind = kind_of(entry)
        return [(kind, "")] if kind in EVERYWHERE else ties(entry, self._here)

    def _touched_by(self, entry: Entry, found: Collection[Tie]) -> Collection[Tie]:
        """What an entry is tied to; a site or a domain touches all of its schema."""
        kind = kind_of(entry)
        if kind not in EVERYWHERE:
            return found
        words = {"cluster", "subcluster", HOST} if kind == "gluesite" else {"service", "manager", HOST}
        return [tie for tie in self._tied if tie[0] in words]
