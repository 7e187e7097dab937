"""What a session may prove its user by: all that is found, or nothing but what it was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from zeligui.errors import UsageError
from zeligui.settings import CONTEXT, CONTEXT_FORMS, Settings


@dataclass(frozen=True, slots=True)
class Contexts:
    """`keys`, a `proxy`, an `agent` and `passwords` (USER@HOST[:PORT]) that were given; with `only`, nothing else.

    Else they come before what is found: the keys of ~/.ssh/config, the agent's, the default files, the user's proxy.
    A password is never found: it is tried only where it was given.
    """

    keys: tuple[Path, ...] = ()
    agent: bool = False
    proxy: Path | None = None
    passwords: tuple[str, ...] = ()
    only: bool = False

    @classmethod
    def of(cls, texts: Iterable[str], *, keys: Iterable[Path] = (), only: bool = False) -> Contexts:
        """Those of texts such as `key:~/.ssh/lab`, `agent`, `proxy:FILE`, `password:me@lab1`, after the `keys`.

        UsageError for a text that is none.
        """
        from zeligui.links.gsi.places import user_proxy

        given: dict[str, list[str]] = {"key": [], "agent": [], "proxy": [], "password": []}
        for text in texts:
            if not CONTEXT.fullmatch(text):
                raise UsageError(f"{text[:200]!a} is no context.", hint=f"Write {CONTEXT_FORMS}.")
            kind, _, name = text.partition(":")
            given[kind].append(name)
        named = dict.fromkeys((*keys, *(Path(name).expanduser() for name in given["key"])))
        proxy = next((Path(name).expanduser() if name else user_proxy() for name in given["proxy"]), None)
        return cls(tuple(named), bool(given["agent"]), proxy, tuple(given["password"]), only=only)

    @classmethod
    def of_settings(cls, settings: Settings, *, keys: Iterable[Path] = ()) -> Contexts:
        """Those of the settings, after further `keys`. UsageError for what is no context."""
        return cls.of(settings.contexts, keys=(*keys, *settings.identities), only=settings.only_contexts)

    @classmethod
    def explicit(cls, *texts: str) -> Contexts:
        """A session of these alone: no agent, no default key, no proxy is ever tried but those named."""
        return cls.of(texts, only=True)

    @property
    def asks_agent(self) -> bool:
        """Whether the ssh agent is asked."""
        return self.agent or not self.only

    def proxy_file(self) -> Path | None:
        """Where the grid proxy of this session is; None where it was given none, and may look for none."""
        from zeligui.links.gsi.places import user_proxy

        return self.proxy or (None if self.only else user_proxy())

    def password_for(self, user: str, hosts: Iterable[str], port: int) -> str | None:
        """The name of the secret for a user of a host, by whichever of its names; None where none was given."""
        places = {place for host in hosts for place in (host.casefold(), f"{host.casefold()}:{port}")}
        for given in self.passwords:
            own, _, place = given.rpartition("@")
            if own == user and place.casefold() in places:
                return given
        return None
