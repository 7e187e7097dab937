"""Logins to a real sshd: host keys, identities, and the user's ~/.ssh/config."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.links.conftest import OpenLinks
from tests.links.copying import get
from tests.servers import OpenSsh, make_key, require
from zeligui.errors import ChangedHostKey, LinkError, Refused, UnknownHostKey

OpenServer = Callable[..., OpenSsh]


def fingerprint(public: Path) -> str:
    """What ssh-keygen says of a key."""
    command = [require("ssh-keygen", "openssh-client"), "-l", "-f", str(public)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]


async def works(links: OpenLinks, server: OpenSsh, url: str | None = None, **how: list[Path]) -> bool:
    """Whether a shell is had."""
    reply = await links(server, **how).to(url or server.url).run("echo fine")
    return reply.output == b"fine\n"


async def test_an_unknown_key_is_refused_with_the_line_that_accepts_it(
    reach: OpenLinks, sshd: OpenSsh, tmp_path: Path
) -> None:
    own = tmp_path / "known_hosts"
    with pytest.raises(UnknownHostKey) as caught:
        await works(reach, sshd, known_hosts=[own])
    assert f"ssh-ed25519 {fingerprint(sshd._folder / 'host_ed25519.pub')}" in str(caught.value)
    assert str(own) in caught.value.hint
    own.write_text(caught.value.hint.splitlines()[-1] + "\n")
    assert await works(reach, sshd, known_hosts=[own])


async def test_a_changed_key_is_refused_with_both_fingerprints(reach: OpenLinks, sshd: OpenSsh) -> None:
    before = fingerprint(sshd._folder / "host_ed25519.pub")
    sshd.stop()
    sshd.change_host_key()
    sshd.start()
    with pytest.raises(ChangedHostKey) as caught:
        await works(reach, sshd)
    assert before in str(caught.value)
    assert fingerprint(sshd._folder / "host_ed25519.pub") in str(caught.value)
    assert "Accepted" not in sshd.log()


async def test_the_types_of_the_known_keys_are_asked_for_first(reach: OpenLinks, openssh: OpenServer) -> None:
    server = openssh(keys=["rsa", "ecdsa", "ed25519"])
    lines = server.known_hosts.read_text().splitlines()
    for line in lines:
        server.known_hosts.write_text(line + "\n")
        assert await works(reach, server), line


async def test_a_known_host_that_shows_another_type_of_key_has_changed(reach: OpenLinks, openssh: OpenServer) -> None:
    server = openssh(keys=["ecdsa"])
    entry = server.known_hosts.read_text().split()[0]
    key = make_key(server._folder / "other").with_suffix(".pub").read_text()
    server.known_hosts.write_text(f"{entry} {key}")
    with pytest.raises(ChangedHostKey):
        await works(reach, server)


async def test_hashed_entries_and_the_user_s_own_file_count(reach: OpenLinks, sshd: OpenSsh, dot_ssh: Path) -> None:
    own = dot_ssh / "known_hosts"
    shutil.copy(sshd.known_hosts, own)
    subprocess.run([require("ssh-keygen", "openssh-client"), "-q", "-H", "-f", str(own)], check=True)
    hashed = own.read_bytes()
    assert hashed.startswith(b"|1|")
    assert await works(reach, sshd, known_hosts=[])
    assert own.read_bytes() == hashed


async def test_a_revoked_key_is_refused(reach: OpenLinks, sshd: OpenSsh) -> None:
    known = sshd.known_hosts.read_text()
    sshd.known_hosts.write_text(f"{known}@revoked * {known.split(' ', 1)[1]}")
    with pytest.raises(Refused, match="was revoked"):
        await works(reach, sshd)


async def test_a_key_that_is_not_let_in_is_refused_by_name_only(
    reach: OpenLinks, sshd: OpenSsh, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as caught:
        await works(reach, sshd, identities=[make_key(tmp_path / "stranger"), tmp_path / "missing"])
    assert f"{getpass.getuser()}@127.0.0.1" in str(caught.value)
    assert "tried stranger;" in str(caught.value)
    assert "missing (No such file or directory)" in str(caught.value)


async def test_without_any_key_that_is_said(reach: OpenLinks, sshd: OpenSsh) -> None:
    with pytest.raises(Refused, match="there was no key to try"):
        await works(reach, sshd, identities=[])


async def test_a_server_that_takes_no_keys_is_refused(reach: OpenLinks, openssh: OpenServer) -> None:
    server = openssh(options=["PubkeyAuthentication no", "PasswordAuthentication yes"])
    with pytest.raises(Refused, match="it takes password only"):
        await works(reach, server)


async def test_a_server_that_tires_of_keys_is_refused(reach: OpenLinks, openssh: OpenServer, tmp_path: Path) -> None:
    server = openssh(options=["MaxAuthTries 1"])
    strangers = [make_key(tmp_path / f"stranger{n}") for n in range(3)]
    with pytest.raises(Refused, match=r"ended the connection.*stranger0"):
        await works(reach, server, identities=strangers)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_default_key_files_are_used(reach: OpenLinks, sshd: OpenSsh, dot_ssh: Path, kind: str) -> None:
    public = make_key(dot_ssh / f"id_{kind}", kind).with_suffix(".pub")
    shutil.copy(public, sshd._folder / "authorized_keys")
    assert await works(reach, sshd, identities=[])


async def test_an_encrypted_key_without_agent_says_what_to_do(reach: OpenLinks, sshd: OpenSsh, tmp_path: Path) -> None:
    locked = make_key(tmp_path / "locked", passphrase="secret")
    with pytest.raises(Refused, match="encrypted, and no agent holds it") as caught:
        await works(reach, sshd, identities=[locked])
    assert caught.value.hint.endswith(f"ssh-add {locked}")


@pytest.mark.usefixtures("agent")
async def test_the_agent_s_keys_are_used(reach: OpenLinks, sshd: OpenSsh) -> None:
    subprocess.run([require("ssh-add", "openssh-client"), "-q", str(sshd.identity)], check=True)
    assert await works(reach, sshd, identities=[])


@pytest.mark.usefixtures("agent")
async def test_an_encrypted_key_is_used_through_the_agent(
    reach: OpenLinks, sshd: OpenSsh, dot_ssh: Path, tmp_path: Path
) -> None:
    subprocess.run([require("ssh-add", "openssh-client"), "-q", str(sshd.identity)], check=True)
    locked = tmp_path / "locked"
    shutil.copy(sshd.identity, locked)
    shutil.copy(f"{sshd.identity}.pub", f"{locked}.pub")
    command = [require("ssh-keygen", "openssh-client"), "-q", "-p", "-N", "secret", "-f", str(locked)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (dot_ssh / "config").write_text("IdentitiesOnly yes\n")
    assert await works(reach, sshd, identities=[locked])


async def test_the_configuration_gives_name_port_user_and_key(reach: OpenLinks, sshd: OpenSsh, dot_ssh: Path) -> None:
    included = f"Host la*\n  User {getpass.getuser()}\n  IdentityFile {sshd.identity}\n"
    (dot_ssh / "more.conf").write_text(included)
    (dot_ssh / "config").write_text(
        f"Host other\n  Port 1\nInclude mo*.conf\nHost lab\n  HostName {sshd.host}\n  Port {sshd.port}\n"
    )
    assert await works(reach, sshd, "ssh://lab", identities=[])


async def test_what_the_url_says_goes_before_the_configuration(reach: OpenLinks, sshd: OpenSsh, dot_ssh: Path) -> None:
    (dot_ssh / "config").write_text(f"Host lab\n HostName {sshd.host}\n Port 1\n User nobody\n")
    assert await works(reach, sshd, f"ssh://{getpass.getuser()}@lab:{sshd.port}")


async def test_a_chain_of_jumps_is_followed(reach: OpenLinks, openssh: OpenServer, dot_ssh: Path) -> None:
    first, second, last = (openssh() for _ in range(3))
    for server in (first, second):
        with (server._folder / "authorized_keys").open("a") as file:
            file.write(Path(f"{last.identity}.pub").read_text())
    last.known_hosts.write_text("".join(server.known_hosts.read_text() for server in (first, second, last)))
    (dot_ssh / "config").write_text(
        f"Host last\n  HostName {last.host}\n  Port {last.port}\n"
        f"  ProxyJump first,{getpass.getuser()}@{second.host}:{second.port}\n"
        f"Host first\n  HostName {first.host}\n  Port {first.port}\n"
    )
    assert await works(reach, last, "ssh://last")
    for server in (first, second, last):
        assert server.log().count("Accepted publickey") == 1


async def test_a_jump_that_cannot_reach_its_end_says_so(
    reach: OpenLinks, sshd: OpenSsh, dot_ssh: Path, closed_port: int
) -> None:
    (dot_ssh / "config").write_text(
        f"Host last\n  HostName 127.0.0.1\n  Port {closed_port}\n  ProxyJump 127.0.0.1:{sshd.port}\n"
    )
    with pytest.raises(LinkError, match=f"ssh://last .*by way of ssh://127.0.0.1:{sshd.port}"):
        await works(reach, sshd, "ssh://last")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("Host lab\n ProxyJump lab\n", "in a circle"),
        ("Host lab\n ProxyJump a\nHost a\n ProxyJump lab\n", "in a circle"),
        ("Host lab\n ProxyJump -oProxyCommand=x\n", "not understood"),
        ("Host lab\n ProxyCommand nc %h %p\n", "ProxyCommand"),
        ("Host lab\n Port many\n", "cannot be understood"),
        ("Include config\nHost lab\n Port many\n", "cannot be understood"),
    ],
)
async def test_a_configuration_that_cannot_be_followed_is_said(
    reach: OpenLinks, sshd: OpenSsh, dot_ssh: Path, lines: str, words: str
) -> None:
    (dot_ssh / "config").write_text(lines)
    with pytest.raises(Refused, match=words):
        await works(reach, sshd, "ssh://lab")


NOISE = ['ForceCommand echo banner; echo banner >&2; printf half; eval "$SSH_ORIGINAL_COMMAND"', "Banner {banner}"]


async def test_banners_and_noisy_profiles_are_ignored(reach: OpenLinks, openssh: OpenServer, tmp_path: Path) -> None:
    (tmp_path / "banner").write_text("Welcome\n" * 50)
    server = openssh(options=[line.format(banner=tmp_path / "banner") for line in NOISE])
    (server.home / ".bashrc").write_text("echo profile; echo profile >&2\n")
    link = reach(server).to(server.url)
    reply = await link.run("echo out; echo err >&2")
    assert (reply.output, reply.errors) == (b"out\n", b"err\n")
    assert [line async for line in link.stream("echo line")] == [b"line"]


async def test_an_account_without_a_shell_is_refused_with_what_it_says(reach: OpenLinks, openssh: OpenServer) -> None:
    server = openssh(options=["ForceCommand echo 'This account is not available.'; exit 1"])
    with pytest.raises(Refused, match=r"does not give a shell, it says: 'This account is not available\.'"):
        await works(reach, server)


async def test_a_server_without_sftp_says_so_and_still_runs_scripts(
    reach: OpenLinks, openssh: OpenServer, tmp_path: Path
) -> None:
    server = openssh()
    config = server._folder / "sshd_config"
    config.write_text(config.read_text().replace("Subsystem", "# Subsystem"))
    server.stop()
    server.start()
    link = reach(server).to(server.url)
    with pytest.raises(Refused, match="offers no SFTP"):
        await get(link, os.fspath(tmp_path), tmp_path / "x")
    assert (await link.run("echo fine")).output == b"fine\n"
