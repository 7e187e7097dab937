"""Where a Slurm cluster is: `slurm://[/PARTITION]` here, `slurm+ssh://[user@]host[:port][/PARTITION]` elsewhere."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from zeligui.errors import LinkError, Refused, Unreachable, UsageError
from zeligui.links.addresses import parse as parse_ssh

HERE, BEHIND = "slurm", "slurm+ssh"
FOLDERS = (
    "/etc/slurm",
    "/etc/slurm-llnl",
    "/usr/local/etc",
    "/usr/local/etc/slurm",
    "/opt/slurm/etc",
    "/run/slurm/conf",
)
"""Where slurm.conf is looked for, here and in the scripts."""

COMMANDS = f"""
# configured: whether there is a configuration. Without one, every command of Slurm asks the network's name service.
configured() {{
    if [ -n "${{SLURM_CONF:-}}" ]; then [ -r "$SLURM_CONF" ]; return; fi
    for path in {" ".join(FOLDERS)}; do
        [ ! -r "$path/slurm.conf" ] || return 0
    done
    false
}}

# slurm COMMAND...: one that gets no answer does not hold up this shell for long.
slurm() {{ if command -v timeout >/dev/null; then timeout -k 1 8 "$@"; else "$@"; fi; }}

# ready_or COMMAND...: false where the commands cannot be used; it is called with why, in a word and what it is about.
ready_or() {{
    command -v sbatch >/dev/null || {{ "$@" missing "$PATH"; return 1; }}
    configured || {{ "$@" unconfigured "${{SLURM_CONF:-}}"; return 1; }}
}}
out() {{ echo "$@"; }}

# up: whether a controller answers; that is known at once, while all else asks for long.
up() {{
    said=$(slurm scontrol ping 2>&1)
    case $said in *' UP'*) return ;; esac
    said=$(printf '%s\\n' "$said" | head -n 1)
    false
}}
"""
"""Functions that stand before whatever is asked of Slurm on a machine."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")
_HINT = "Write slurm:///PARTITION, or slurm+ssh://[user@]host[:port]/PARTITION; without a partition, the default one."

_AWAY = re.compile(
    r"unable to contact|timed out|connect(ion)? fail|connection refused|communication| is down", re.IGNORECASE
)
_MARK = re.compile(r"^(?:\w+: )?(?:error: |fatal: )?")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, by the link to a machine that has its commands, and perhaps one of its partitions."""

    link: str
    partition: str = ""

    @property
    def here(self) -> bool:
        """Whether its commands are on this machine."""
        return self.link == "local://"

    def url(self, partition: str = "") -> str:
        """The URL of the cluster, or of one of its partitions."""
        base = "slurm://" if self.here else f"slurm+{self.link}"
        return f"{base}/{partition}" if partition else base

    @property
    def login(self) -> str:
        """The machine whose commands are used, in words."""
        return "this machine" if self.here else self.link.removeprefix("ssh://")


def parse(url: str) -> Cluster:
    """The cluster that a URL names. UsageError for everything else."""
    scheme, _, rest = url.partition("://")
    authority, _, partition = rest.partition("/")
    partition = unquote(partition.removesuffix("/"))
    if scheme not in {HERE, BEHIND} or (scheme == HERE and authority) or (partition and not is_name(partition)):
        raise UsageError(f"{url[:200]!a} names no Slurm cluster.", hint=_HINT)
    return Cluster("local://" if scheme == HERE else parse_ssh(f"ssh://{authority}").url, partition)


def is_name(text: str) -> bool:
    """Whether a partition or a cluster may have this name."""
    return _NAME.fullmatch(text) is not None


def whole(text: str) -> int | None:
    """A number as Slurm prints it; None where it is none, or longer than any."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 13 else None


def moment(text: str) -> float | None:
    """A time as Slurm prints it where it is asked for seconds since 1970; None where there is none."""
    number = whole(text)
    return None if number is None else float(number)


def is_here() -> bool:
    """Whether this machine has Slurm's commands, and they a configuration."""
    named = os.environ.get("SLURM_CONF")
    paths = [Path(named)] if named else [Path(folder, "slurm.conf") for folder in FOLDERS]
    return shutil.which("sbatch") is not None and any(path.exists() for path in paths)


def missing(url: str, output: str) -> LinkError | None:
    """Why Slurm's commands cannot be used on a machine at all, where `ready_or out` has printed why; else None."""
    what, _, detail = output.partition("\n")[0].partition(" ")
    if what not in {"missing", "unconfigured"}:
        return None
    if what == "missing":
        return Refused(f"{url} has no sbatch.", hint="Install Slurm's commands there (slurm-client), or correct PATH.")
    if detail:
        return Refused(f"{url}: SLURM_CONF names {detail!r}, which cannot be read.", hint="Correct SLURM_CONF there.")
    return Refused(
        f"{url} has no slurm.conf, so its commands would look for a cluster in the network.",
        hint="Put the cluster's slurm.conf into /etc/slurm there, or name it by SLURM_CONF in the login's environment.",
    )


def away(url: str, said: str) -> Unreachable:
    """The controller of the cluster does not answer."""
    words = sentence(said)
    return Unreachable(
        f"Slurm's controller does not answer {url}{f' ({words})' if words else ''}.",
        hint="`scontrol ping` there says whether slurmctld is up; its jobs go on meanwhile.",
    )


def complaint(url: str, said: str) -> LinkError:
    """What a command of Slurm that asked for something said instead of answering."""
    if not said.strip() or _AWAY.search(said):
        return away(url, said)
    return Refused(f"Slurm does not answer {url} as it should: {sentence(said)}.")


def sentence(said: str) -> str:
    """The last thing that a command of Slurm said, without its marks, for a message."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = _MARK.sub("", lines[-1]) if lines else ""
    return "".join(sign if sign.isprintable() else "?" for sign in last)[:300].rstrip(".")
