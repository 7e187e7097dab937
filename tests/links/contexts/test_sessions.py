"""What a session may try: all that is found, or nothing but what it was given; agents, certificates, passwords."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import paramiko
import pytest

from tests.keyrings import Ring
from tests.links.contexts.signing import certify
from tests.servers import OpenSsh, make_key, require
from zeligui.errors import Refused, UsageError
from zeligui.links import Contexts, open_links
from zeligui.links.addresses import parse
from zeligui.links.connection import Connection
from zeligui.links.contexts import Standing, agent
from zeligui.links.contexts.acceptance import offered
from zeligui.links.contexts.finding import found

SECRET = "correct horse"


def log_in(server: OpenSsh, contexts: Contexts) -> str:
    """By what a server lets a session in."""
    with closing(Connection(parse(server.url), [server.known_hosts], contexts, threading.Semaphore(1))) as connection:
        connection.open(time.monotonic() + 20)
        return connection.proved_by


def hold(key: Path) -> None:
    subprocess.run([require("ssh-add", "openssh-client"), "-q", str(key)], check=True)


def locked_copy(key: Path, folder: Path) -> Path:
    """The same key, with a pass phrase."""
    locked = folder / "locked"
    shutil.copy(key, locked)
    shutil.copy(f"{key}.pub", f"{locked}.pub")
    keygen = [require("ssh-keygen", "openssh-client"), "-q", "-p", "-N", SECRET, "-f", str(locked)]
    subprocess.run(keygen, check=True, stdout=subprocess.DEVNULL)
    return locked


@pytest.mark.usefixtures("agent")
def test_an_explicit_session_tries_nothing_else(sshd: OpenSsh, dot_ssh: Path, tmp_path: Path) -> None:
    hold(sshd.identity)
    shutil.copy(sshd.identity, dot_ssh / "id_ed25519")
    (dot_ssh / "config").write_text(f"IdentityFile {sshd.identity}\n")
    assert log_in(sshd, Contexts())
    stranger = make_key(tmp_path / "stranger")
    with pytest.raises(Refused, match=r"tried stranger\."):
        log_in(sshd, Contexts.explicit(f"key:{stranger}"))
    with pytest.raises(Refused, match="there was no key to try"):
        log_in(sshd, Contexts.explicit())
    assert log_in(sshd, Contexts.explicit("agent")).endswith("(agent)")
    assert log_in(sshd, Contexts.explicit(f"key:{sshd.identity}")) == "identity"


@pytest.mark.usefixtures("agent")
def test_an_explicit_session_does_not_open_a_locked_key_by_an_agent_that_it_was_not_given(
    sshd: OpenSsh, tmp_path: Path
) -> None:
    hold(sshd.identity)
    locked = locked_copy(sshd.identity, tmp_path)
    with pytest.raises(Refused, match="no agent holds it"):
        log_in(sshd, Contexts.explicit(f"key:{locked}"))
    assert log_in(sshd, Contexts.explicit(f"key:{locked}", "agent")) == "locked (agent)"


def test_an_explicit_session_has_no_proxy_but_the_one_it_was_given(tmp_path: Path) -> None:
    assert Contexts.explicit().proxy_file() is None
    assert Contexts.explicit(f"proxy:{tmp_path}/mine").proxy_file() == tmp_path / "mine"
    assert Contexts.explicit("proxy").proxy_file() == Contexts().proxy_file()
    (proxy,) = found(Contexts.explicit())
    assert (proxy.standing, proxy.mend) == (Standing.ABSENT, "Give it one: --context proxy")
    assert open_links(contexts=Contexts.explicit()).contexts.only


@pytest.mark.parametrize("text", ["", "key:", "agent:x", "password:lab1", "password:me:secret@lab1", "keyring:x"])
def test_what_is_no_context_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is no context"):
        Contexts.of([text])


def test_a_key_that_others_can_read_is_not_offered(sshd: OpenSsh) -> None:
    sshd.identity.chmod(0o644)
    with pytest.raises(Refused, match=r"no key to try; not usable: .*identity \(it can be read by other users"):
        log_in(sshd, Contexts.explicit(f"key:{sshd.identity}"))
    assert "Accepted" not in sshd.log()


def test_a_certificate_opens_what_trusts_its_authority(openssh: Callable[..., OpenSsh], tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    certify(key, tmp_path / "authority")
    server = openssh(options=[f"TrustedUserCAKeys {tmp_path}/authority.pub"])
    assert log_in(server, Contexts.explicit(f"key:{key}")) == "key (certificate)"
    certify(key, tmp_path / "authority", "-V", "-2h:-1h")
    with pytest.raises(Refused, match="ended on"):
        log_in(server, Contexts.explicit(f"key:{key}"))


@pytest.mark.usefixtures("agent")
def test_a_certificate_in_the_agent_opens_what_trusts_its_authority(
    openssh: Callable[..., OpenSsh], tmp_path: Path
) -> None:
    key = make_key(tmp_path / "key")
    certify(key, tmp_path / "authority")
    hold(key)
    key.unlink()
    server = openssh(options=[f"TrustedUserCAKeys {tmp_path}/authority.pub"])
    assert log_in(server, Contexts.explicit("agent")).endswith("(agent)")


def test_a_key_is_tried_without_its_certificate_too(sshd: OpenSsh, tmp_path: Path) -> None:
    certify(sshd.identity, tmp_path / "authority")
    assert log_in(sshd, Contexts.explicit(f"key:{sshd.identity}")) == "identity"


@pytest.mark.usefixtures("agent")
def test_what_a_machine_accepts_is_asked_of_each_alone(sshd: OpenSsh, dot_ssh: Path, tmp_path: Path) -> None:
    stranger = make_key(dot_ssh / "id_ed25519")
    hold(stranger)
    locked = make_key(tmp_path / "locked", passphrase=SECRET)
    contexts = Contexts(keys=(sshd.identity, locked))
    said = {one.text: verdict for one, verdict in offered(parse(sshd.url), [sshd.known_hosts], contexts)}
    assert said == {
        f"key:{sshd.identity}": "accepted",
        f"key:{locked}": "",
        f"key:{stranger}": "refused",
        "agent": "refused",
    }


@pytest.mark.usefixtures("agent")
def test_a_locked_key_is_offered_through_the_agent(sshd: OpenSsh, tmp_path: Path) -> None:
    hold(sshd.identity)
    locked = locked_copy(sshd.identity, tmp_path)
    contexts = Contexts.explicit(f"key:{locked}", "agent")
    said = {one.text: verdict for one, verdict in offered(parse(sshd.url), [sshd.known_hosts], contexts)}
    assert said == {f"key:{locked}": "accepted", "agent": "accepted"}


@pytest.mark.usefixtures("agent")
def test_the_agent_says_what_it_holds(tmp_path: Path) -> None:
    assert agent.look(agent.answer()).standing is Standing.ABSENT
    hold(make_key(tmp_path / "one"))
    hold(make_key(tmp_path / "two", "rsa"))
    assert agent.look(agent.answer()).usable
    assert "(ssh-ed25519)" in agent.look(agent.answer()).says
    assert "(ssh-rsa)" in agent.look(agent.answer()).says


@pytest.fixture
def odd_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """An agent that answers with bytes of the test's, or with none."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "odd"))
    listener.listen()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "odd"))
    guests: list[socket.socket] = []

    def answer(said: bytes) -> None:
        def serve() -> None:
            guests.append(listener.accept()[0])
            guests[-1].sendall(said)

        threading.Thread(target=serve, daemon=True, name="server").start()

    yield answer
    for one in (listener, *guests):
        one.close()


@pytest.mark.parametrize("said", [b"\0\0\0\1\5", b"\xff\xff\xff\xff", b"\0\0\0\5\x0c\0\0\0\7", b"\0\0\0\0"])
def test_an_agent_that_answers_nonsense_is_said(odd_agent: Callable[[bytes], None], said: bytes) -> None:
    odd_agent(said)
    one = agent.look(agent.answer())
    assert (one.standing, one.mend) == (Standing.UNUSABLE, "eval $(ssh-agent)")


def test_an_agent_that_says_nothing_holds_up_no_login(
    odd_agent: Callable[[bytes], None], sshd: OpenSsh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "ANSWER_S", 0.1)
    odd_agent(b"")
    with pytest.raises(Refused, match=r"the agent .*does not answer"):
        log_in(sshd, Contexts())


class Porter(paramiko.ServerInterface):
    """Lets in who has the password."""

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL if (username, password) == ("me", SECRET) else paramiko.AUTH_FAILED


@pytest.fixture
def porter(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a server that takes passwords alone, and the file with its key."""
    key = paramiko.Ed25519Key.from_private_key_file(str(make_key(tmp_path / "host")))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        while True:
            try:
                transports.append(paramiko.Transport(listener.accept()[0]))
            except OSError:
                return
            transports[-1].add_server_key(key)
            transports[-1].start_server(threading.Event(), Porter())

    thread = threading.Thread(target=serve, daemon=True, name="server")
    thread.start()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
    yield port, known
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for one in transports:
        one.close()
        one.join(5)


def enter(porter: tuple[int, Path], contexts: Contexts, user: str = "me") -> str:
    port, known = porter
    address = parse(f"ssh://{user}@127.0.0.1:{port}")
    with closing(Connection(address, [known], contexts, threading.Semaphore(1))) as connection:
        connection.open(time.monotonic() + 20)
        return connection.proved_by


def test_a_password_is_taken_from_the_keyring_for_the_host_it_was_given_for(
    porter: tuple[int, Path], ring: Ring, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    given = f"me@127.0.0.1:{porter[0]}"
    ring.set_password("zeligrid", given, SECRET)
    assert enter(porter, Contexts.explicit(f"password:{given}")) == "the password"
    with pytest.raises(Refused, match="there was no key to try"):
        enter(porter, Contexts())
    with pytest.raises(Refused, match="there was no key to try"):
        enter(porter, Contexts.explicit(f"password:{given}"), user="you")
    assert SECRET not in caplog.text


def test_a_password_that_is_wrong_or_not_there_is_said_without_it(porter: tuple[int, Path], ring: Ring) -> None:
    with pytest.raises(Refused, match=r"The keyring has no secret me@127.0.0.1") as caught:
        enter(porter, Contexts.explicit("password:me@127.0.0.1"))
    assert caught.value.hint == "Store it with: keyring set zeligrid me@127.0.0.1"
    ring.set_password("zeligrid", "me@127.0.0.1", "wrong horse")
    with pytest.raises(Refused, match="tried the password") as caught:
        enter(porter, Contexts.explicit("password:me@127.0.0.1"))
    assert "wrong horse" not in f"{caught.value}{caught.value.hint}"
