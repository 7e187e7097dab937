"""100 MB over sftp beside `scp`, and over gsiftp beside `globus-url-copy`, there and back, taken in turn in one run."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.files.gridftp import GridFtpServer, Realm
from tests.servers import OpenSsh
from zeligui.files import open_files
from zeligui.files.copying import Copying
from zeligui.files.machines import here
from zeligui.files.moving import Mover
from zeligui.files.planning import Place, planned
from zeligui.links import open_links
from zeligui.links.link import Links

SIZE = 100_000_000
ROUNDS = 5
OFFERED = ("", "-verify-checksum -checksum-alg sha256")


def main() -> None:
    """Print the medians and their ratios."""
    with tempfile.TemporaryDirectory(prefix="zeligrid-bench-") as name:
        folder = Path(name)
        (folder / "file").write_bytes(os.urandom(SIZE))
        over_ssh(folder)
        over_gridftp(folder)


def over_ssh(folder: Path) -> None:
    """Staging has a kept link, so that stands; contents get a connection of their own for each copy, as scp's do.

    Ours also verifies what arrived by its digest.
    """
    (folder / "sshd").mkdir()
    server = OpenSsh(folder / "sshd")
    far = f"sftp://{server.host}:{server.port}"
    scp = ["scp", "-q", "-F", "none", "-i", str(server.identity), "-P", str(server.port)]
    scp += [f"-oUserKnownHostsFile={server.known_hosts}", "-oStrictHostKeyChecking=yes", "-oBatchMode=yes"]
    file = folder / "file"
    try:
        for way, ends, words in (
            ("there", ("file://", far), [str(file), f"{server.host}:{folder}/there"]),
            ("back", (far, "file://"), [f"{server.host}:{file}", f"{folder}/here"]),
        ):
            ours, theirs = [], []
            for _ in range(ROUNDS):
                links = open_links(known_hosts=[server.known_hosts], identities=[server.identity])
                ours.append(asyncio.run(taken(links, ends, file, folder / "goal")))
                theirs.append(ran([*scp, *words]))
            told(f"sftp, 100 MB {way}", median(ours), ("scp", median(theirs)), target="at most 1.5")
    finally:
        server.stop()


def over_gridftp(folder: Path) -> None:
    """Ours verifies what arrived by its digest; `globus-url-copy` does so where it is told to."""
    realm_folder, site_folder = folder / "realm", folder / "site"
    realm_folder.mkdir()
    site_folder.mkdir()
    realm = Realm(realm_folder)
    os.environ |= {"X509_USER_PROXY": str(realm.proxy), "X509_CERT_DIR": str(realm.authorities)}
    os.environ["GLOBUS_HOSTNAME"] = "localhost"
    server = GridFtpServer(realm, site_folder)
    file = folder / "file"
    try:
        for way, ends, words in (
            ("there", ("file://", server.url), [f"file://{file}", f"{server.url}{folder}/there"]),
            ("back", (server.url, "file://"), [f"{server.url}{file}", f"file://{folder}/here"]),
        ):
            ours: list[float] = []
            theirs: dict[str, list[float]] = {how: [] for how in OFFERED}
            for _ in range(ROUNDS):
                ours.append(asyncio.run(taken(open_links(), ends, file, folder / "goal")))
                for how, times in theirs.items():
                    times.append(ran(["globus-url-copy", *how.split(), *words]))
            peers = [(f"globus-url-copy {how}".strip(), median(times)) for how, times in theirs.items()]
            told(f"gsiftp, 100 MB {way}", median(ours), *peers, target="at most 1.1")
    finally:
        server.stop()


async def taken(links: Links, ends: tuple[str, str], file: Path, goal: Path) -> float:
    """Seconds of one copy, to verified and named."""
    for root in ends:
        if root.startswith("sftp"):
            await links.to("ssh" + root.removeprefix("sftp")).run(":")
    begun = time.perf_counter()
    source, target = (open_files(root, links) for root in ends)
    try:
        items = await planned(Place(source, str(file)), Place(target, str(goal)))
        await Copying(Mover(here(links)), items).run()
        return time.perf_counter() - begun
    finally:
        await source.close()
        await target.close()
        await links.close()
        goal.unlink(missing_ok=True)


def ran(words: list[str]) -> float:
    """Seconds of a command."""
    begun = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - begun


def told(what: str, ours: float, *peers: tuple[str, float], target: str) -> None:
    """Print a figure and its ratio to each peer."""
    print(f"{what}, verified: {ours:.2f} s, median of {ROUNDS}")
    for name, seconds in peers:
        print(f"  {name}: {seconds:.2f} s, ratio {ours / seconds:.2f}, target {target}")
