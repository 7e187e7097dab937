"""Where a site takes jobs, as a `gram://` URL or a contact of Globus's tools gives it, and where one job is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, unquote

from zeligui.errors import UsageError
from zeligui.links.addresses import Address, parse

SCHEME = "gram"
PORT = 2119
"""The gatekeeper's, registered for it."""
FILES_PORT = 2811
"""GridFTP's."""
SERVICE = "jobmanager"

LIMITS = ("queue", "project", "max_wall_time", "max_memory")
"""What a URL may ask of the site's scheduler besides, by the names of RSL: minutes and MB."""
FILES = "gridftp"
"""The parameter of a URL that says where the site's files are reached, where that is not the same host."""

_HINT = "Write gram://host[:port]/jobmanager-NAME, as gram://site.example.org/jobmanager-slurm?queue=long."
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,127}")
_JOB = re.compile(
    r"https://(?P<host>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):(?P<port>\d{1,5})(?P<path>(?:/[A-Za-z0-9]+)+/?)"
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A service of a gatekeeper. `subject` is the name its certificate must bear where it is not the host's.

    `limits` goes into the RSL of each job; `files` is the host and port of the site's GridFTP server.
    """

    host: str
    port: int = PORT
    service: str = SERVICE
    subject: str = ""
    limits: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    files: tuple[str, int] | None = None

    @property
    def url(self) -> str:
        """The contact as a URL, always written the same way."""
        subject = f":{quote(self.subject, safe='/=@.:,+')}" if self.subject else ""
        asked = [f"{name}={quote(value, safe='@:+')}" for name, value in self.limits.items()]
        asked += [f"{FILES}={authority(*self.files)}"] if self.files else []
        query = f"?{'&'.join(asked)}" if asked else ""
        return f"{SCHEME}://{authority(self.host, self.port)}/{self.service}{subject}{query}"

    @property
    def where(self) -> str:
        """The gatekeeper, for words."""
        return authority(self.host, self.port)

    @property
    def gridftp(self) -> tuple[str, int]:
        """Host and port of the site's files."""
        return self.files or (self.host, FILES_PORT)


@dataclass(frozen=True, slots=True)
class JobContact:
    """Where one job is asked about: a job manager's host and port, and the job's path there."""

    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        return f"https://{authority(self.host, self.port)}{self.path}"

    @property
    def where(self) -> str:
        return f"the job manager at {authority(self.host, self.port)}"


def contact(text: str) -> Contact:
    """The contact in a `gram://` URL, or in one as Globus's tools take: `host[:port][/service][:subject]`.

    UsageError for everything else, and for names that are made to be taken for something else.
    """
    rest = text.removeprefix(f"{SCHEME}://")
    rest, _, query = rest.partition("?") if rest != text else (rest, "", "")
    place, slash, path = rest.partition("/")
    if not slash or (place.count(":") > 1 and not place.startswith("[")):
        place, path = _without_service(rest)
    service, _, subject = path.partition(":")
    service, subject = unquote(service) or SERVICE, unquote(subject)
    if not _SERVICE.fullmatch(service) or not subject.isprintable() or (subject and not subject.startswith("/")):
        raise UsageError(f"{text[:200]!a} names no service of a gatekeeper.", hint=_HINT)
    address = _address(place.removesuffix(":"), text)
    limits = _limits(query, text)
    files = limits.pop(FILES, "")
    return Contact(
        address.host.casefold(), address.port or PORT, service, subject, MappingProxyType(limits), _files(files, text)
    )


def _without_service(rest: str) -> tuple[str, str]:
    """`host:port:/O=Grid/...`, a contact that names no service."""
    found = re.fullmatch(r"(\[[^\]]*\](?::\d+)?|[^:/]*(?::\d+)?)(?::(/.*))?/?", rest)
    return (found[1], f":{found[2]}" if found[2] else "") if found else (rest, "")


def _address(place: str, text: str) -> Address:
    try:
        address = parse(f"ssh://{place}")
    except UsageError as error:
        raise UsageError(f"{text[:200]!a} is not an address of a gatekeeper.", hint=_HINT) from error
    if address.user is not None:
        raise UsageError("A gatekeeper knows its users by their certificates: leave out what is before the @.")
    return address


def _limits(query: str, text: str) -> dict[str, str]:
    limits = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
    for name, value in limits.items():
        if name not in (*LIMITS, FILES):
            raise UsageError(
                f"{name[:50]!a} cannot be asked of a site in {text[:200]!a}.",
                hint=f"Known are {', '.join((*LIMITS, FILES))}.",
            )
        if not _VALUE.fullmatch(value) or (name.startswith("max_") and not value.isdecimal()):
            raise UsageError(f"{value[:50]!a} is no value for {name}.", hint="Times are minutes, memory is MB.")
    return limits


def _files(place: str, text: str) -> tuple[str, int] | None:
    if not place:
        return None
    address = _address(place, text)
    return address.host.casefold(), address.port or FILES_PORT


def job_contact(text: str) -> JobContact:
    """The contact of a job as a gatekeeper gives it: `https://host:port/ID/ID/`. UsageError for everything else."""
    found = _JOB.fullmatch(text)
    if not found or not 0 < int(found["port"]) < 65536 or len(text) > 300:
        raise UsageError(f"{text[:200]!a} is not the contact of a job.", hint="It begins with https://host:port/.")
    return JobContact(found["host"].strip("[]"), int(found["port"]), found["path"])


def authority(host: str, port: int) -> str:
    """Host and port as URLs write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
