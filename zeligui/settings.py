"""The user's settings, and where the user's files are."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from zeligui.options import Place, check_urls, option, read_table, read_toml
from zeligui.secret import KEYRING
from zeligui.units import Dimension

CONTEXT = re.compile(r"key:.+|agent|proxy(:.+)?|password:[^@:\s]+@[^@\s]+")
HOME = re.compile(r"(ssh://)?([\w.+-]+@)?([\w][\w.-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
CALLER = re.compile(r"!?[0-9A-Za-z.:*?_-]+(/[0-9]{1,3})?")
CONTEXT_FORMS = "key:FILE, agent, proxy, proxy:FILE, or password:USER@HOST[:PORT]"

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class JobDefaults:
    """What to run: the `[job]` section of an experiment file and of the settings."""

    executable: str = option("", "Program", "A path on the machines, or the name of an input file.")
    arguments: tuple[str, ...] = option((), "Arguments", "Passed as they are, one by one; no shell reads them.")
    instances: int = option(1, "Instances", "On how many machines the same job runs.", low=1, high=10_000)
    cpus: float = option(
        1.0, "Processors", "What one instance takes; lowers its machine until it is measured.", low=0.0, high=1e5
    )
    memory_mb: float = option(
        0.0, "Memory", "What one instance takes.", key="memory", unit=Dimension.MEMORY, low=0.0, high=1e9
    )
    limit_s: float = option(
        0.0,
        "Time limit",
        "What a batch queue is asked for, and ends it after; 0 leaves that to the queue.",
        key="time_limit",
        unit=Dimension.TIME,
        low=0.0,
        high=366 * DAY,
    )
    environment: Mapping[str, str] = option(
        dict,
        "Environment",
        "Variables; keyring:NAME takes a secret from the keyring, where `keyring set zeligrid NAME` puts it.",
    )
    input: tuple[str, ...] = option((), "Input files", "Copied to the job's directory before it starts.")
    output: tuple[str, ...] = option((), "Output files", "Patterns; copied back when it ends.")
    checkpoint: tuple[str, ...] = option((), "Checkpoint files", "Carried to the next machine when the job is moved.")
    interactive: bool = option(False, "Takes standard input", "It reads what is sent to it while it runs.")


@dataclass(frozen=True, slots=True)
class Reconfiguration:
    """When and how an application is kept in its contract: the `[reconfiguration]` section."""

    interval_s: float = option(
        10.0,
        "Time between reconfiguration attempts",
        "How often another machine, or a better profile, is looked for.",
        key="interval",
        unit=Dimension.TIME,
        low=0.1,
        high=DAY,
    )
    host_check_s: float = option(
        5.0,
        "Time between host verifications",
        "How often it is verified that a machine in use and its job are alive.",
        key="host_check",
        unit=Dimension.TIME,
        low=0.1,
        high=DAY,
    )
    measurement_expiry_s: float = option(
        60.0,
        "Measurement expiration time",
        "An older value is unknown, and unknown is not yes.",
        key="measurement_expiry",
        unit=Dimension.TIME,
        low=0.1,
        high=30 * DAY,
    )
    tolerance_s: float = option(
        0.0,
        "Tolerance",
        "How long a constraint may be violated before the job is moved.",
        key="tolerance",
        unit=Dimension.TIME,
        low=0.0,
        high=DAY,
    )
    grace_s: float = option(
        20.0,
        "Grace",
        "How long a machine in use may be silent before it is given up.",
        key="grace",
        unit=Dimension.TIME,
        low=0.0,
        high=DAY,
    )
    restart_finished: bool = option(False, "Restart finished jobs", "A job that has ended begins anew.")
    on_hold: Literal["stop", "leave"] = option(
        "stop", "On hold", "What becomes of a job when no machine is apt: stop it, or leave it where it is."
    )
    start: Literal["all", "grow"] = option(
        "all", "Start", "All instances at once, or as many as there are machines, and more as there are more."
    )
    gang: bool = option(False, "Gang", "What happens to one instance happens to all.")


@dataclass(frozen=True, slots=True)
class HomeCalling:
    """Whether jobs may call home: the `[home_calling]` section. Without it, no key is made and no file touched."""

    enabled: bool = option(
        False,
        "Jobs may call home",
        "Each gets an ssh key that lets it fetch, report and put, until it ends.",
    )
    address: str = option("", "Address of home", "How a job's machine reaches this one by ssh: [user@]host[:port].")
    files: tuple[str, ...] = option((), "Files for jobs", "What a job may fetch besides its input files.")
    callers: tuple[str, ...] = option(
        (),
        "Callers",
        "Addresses that jobs call from; empty: that of the job's machine, where known; *: all.",
        key="from",
    )
    lasts_s: float = option(
        7 * DAY,
        "A key lasts",
        "sshd takes it no longer, whatever became of the job.",
        key="expiry",
        unit=Dimension.TIME,
        low=60.0,
        high=365 * DAY,
    )
    room_mb: float = option(
        1000.0,
        "Room for a job",
        "What it may put into its results.",
        key="room",
        unit=Dimension.MEMORY,
        low=0.0,
        high=1e6,
    )
    authorized_keys: str = option("", "Authorized keys", "The file that sshd reads; empty: ~/.ssh/authorized_keys.")


@dataclass(frozen=True, slots=True)
class Directories:
    """Which directories know machines: the `[directories]` section. An empty text is none."""

    mds: str = option(
        "",
        "MDS or GIIS directory",
        "What knows the machines; write for example ldap://giis.example.org:2135/Mds-Vo-name=site,o=grid where it is.",
    )
    nws: str = option(
        "",
        "NWS directory",
        "What knows measurements of the Network Weather Service; write for example ldap://nws.example.org/o=nws here.",
    )
    publish: str = option(
        "",
        "Publish in",
        "Where what is measured here is written for others, such as ldap://dir.example.org/Mds-Vo-name=site,o=grid.",
    )
    user: str = option(
        "", "User", "Who enters the directories, as a distinguished name; empty where everyone may read them."
    )
    password: str = option(
        "",
        "Password",
        "keyring:NAME takes it from the keyring, where `keyring set zeligrid NAME` puts it; empty: NAME is the user.",
    )
    mechanism: Literal["simple", "DIGEST-MD5"] = option(
        "simple", "Sign-in", "How the user is proved: by a simple bind, or by DIGEST-MD5, with a plain user name."
    )
    starttls: bool = option(
        False, "Require StartTLS", "A connection to ldap:// is used only once it is encrypted, and never without."
    )
    authorities: tuple[Path, ...] = option(
        (), "Authorities", "Files of certificates that are trusted to sign those of directories, besides the system's."
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's `settings.toml`."""

    sources: tuple[str, ...] = option(
        (),
        "Sources",
        "Machines and what measures them, as URLs: ssh://[user@]host[:port], local://, file:///path, slurm://.",
    )
    period_s: float = option(
        2.0,
        "Sensor period",
        "Between two measurements of a machine.",
        key="period",
        unit=Dimension.TIME,
        low=0.1,
        high=3600.0,
    )
    known_hosts: tuple[Path, ...] = option((), "Known hosts", "Further files of accepted host keys.")
    identities: tuple[Path, ...] = option((), "Identities", "Further private key files for ssh.")
    contexts: tuple[str, ...] = option(
        (),
        "Contexts",
        "What proves who you are: key:FILE, agent, proxy, proxy:FILE, password:USER@HOST of the keyring.",
    )
    only_contexts: bool = option(
        False, "Only these contexts", "No agent, default key, proxy or other credential is looked for or tried."
    )
    history: bool = option(
        True, "Keep a history", "Every measured value for a day, means of minutes for a month, of hours for a year."
    )
    history_size_mb: float = option(
        500.0,
        "Room for the history",
        "Where it is full, the oldest is thinned before its time.",
        key="history_size",
        unit=Dimension.MEMORY,
        low=20.0,
        high=1e6,
    )
    directories: Directories = field(default_factory=Directories)
    job: JobDefaults = field(default_factory=JobDefaults)
    reconfiguration: Reconfiguration = field(default_factory=Reconfiguration)
    home_calling: HomeCalling = field(default_factory=HomeCalling)
    labels: Mapping[str, Mapping[str, str]] = option(dict, "Labels", "Texts of your own for a machine, by its name.")

    @property
    def measured(self) -> tuple[str, ...]:
        """The URLs of all that measures machines: the sources, then the directories."""
        directories = (url for url in (self.directories.mds, self.directories.nws) if url)
        return tuple(dict.fromkeys((*self.sources, *directories)))

    def trusting(self, authorities: Sequence[Path]) -> Settings:
        """The same, with these files too of certificates that are trusted to sign those of directories."""
        trusted = (*authorities, *self.directories.authorities)
        return replace(self, directories=replace(self.directories, authorities=trusted))

    def proved_by(self, contexts: Sequence[str], *, only: bool = False) -> Settings:
        """The same, with these contexts before its own; with `only`, with these and no other credential."""
        if only:
            return replace(self, contexts=tuple(contexts), identities=(), only_contexts=True)
        return replace(self, contexts=(*contexts, *self.contexts))


@dataclass(frozen=True, slots=True)
class Home:
    """Where this user's files are. Nothing is made here: who writes, makes the folder."""

    folder: Path
    settings_file: Path
    journal_file: Path
    history_file: Path
    known_hosts_file: Path
    testbed_folder: Path
    log_file: Path
    leases_folder: Path

    @classmethod
    def find(cls, folder: Path | None = None) -> Home:
        """The home in `folder`, else in $ZELIGRID_HOME, else the user's own."""
        given = os.environ.get("ZELIGRID_HOME")
        return cls.of(folder or (Path(given).expanduser() if given else None))

    @classmethod
    def of(cls, folder: Path | None = None) -> Home:
        """All under `folder`; without one, the configuration and data folders of the XDG base directories."""
        config = folder.absolute() if folder else _xdg("XDG_CONFIG_HOME", ".config")
        data = folder.absolute() if folder else _xdg("XDG_DATA_HOME", ".local/share")
        return cls(
            folder=data,
            settings_file=config / "settings.toml",
            journal_file=data / "journal.sqlite",
            history_file=data / "history.sqlite",
            known_hosts_file=config / "known_hosts",
            testbed_folder=data / "testbed",
            log_file=data / "zeligrid.log",
            leases_folder=data / "leases",
        )


def load(home: Home) -> Settings:
    """The settings of this home, the defaults where there is no file. UsageError names file, key and expectation."""
    if not _there(home.settings_file):
        return Settings()
    place = Place(home.settings_file)
    settings = read_table(read_toml(home.settings_file), Settings(), place)
    check(settings, place)
    return settings


def check(settings: Settings, place: Place) -> None:
    """UsageError where a value that can be read is not right."""
    check_urls(settings.sources, place.at("sources"), "the URL of a source")
    for context in settings.contexts:
        if not CONTEXT.fullmatch(context):
            raise place.at("contexts").wrong(context, CONTEXT_FORMS)
    check_home_calling(settings.home_calling, place.at("home_calling"))
    directories, place = settings.directories, place.at("directories")
    for name in ("mds", "nws", "publish"):
        check_directory(getattr(directories, name), place.at(name))
    if directories.password and not directories.password.removeprefix(KEYRING).strip():
        raise place.at("password").wrong(directories.password, "the name of a secret after keyring:")
    if directories.password and not directories.password.startswith(KEYRING):
        raise place.at("password").wrong("…", "keyring:NAME, for a password is kept in the keyring alone,")


def check_home_calling(wanted: HomeCalling, place: Place) -> None:
    """UsageError where jobs are to call home, and cannot be told where that is."""
    if wanted.enabled and not HOME.fullmatch(wanted.address):
        raise place.at("address").wrong(wanted.address, "how jobs reach this machine, such as me@home.example.org,")
    for caller in wanted.callers:
        if not CALLER.fullmatch(caller):
            raise place.at("from").wrong(caller, "an address, a network such as 10.0.0.0/8, or a pattern of names,")


def _there(file: Path) -> bool:
    """Whether there is such a file, also one that may not be looked at."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _xdg(variable: str, default: str) -> Path:
    # The specification has a relative path ignored.
    given = Path(os.environ.get(variable, ""))
    return (given if given.is_absolute() else Path.home() / default) / "zeligrid"


def check_directory(url: str, place: Place) -> None:
    """UsageError where it is neither empty nor the address of a directory."""
    scheme, _, rest = url.partition("://")
    if "@" in rest.partition("/")[0]:
        raise place.wrong("…@…", "an ldap:// or ldaps:// URL without a user, who is named by `user`,")
    if url and (scheme not in {"ldap", "ldaps"} or rest[:1] in {"", "/"}):
        raise place.wrong(url, "an ldap:// or ldaps:// URL, such as ldap://giis.example.org:2135/o=grid,")
