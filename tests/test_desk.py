"""A program's desk: who may ask, what comes back, and who cannot disturb it."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from zeligui import desk as desks
from zeligui.desk import Desk, Message, NobodyThere, Occupied, address, ask
from zeligui.errors import Unreachable, UsageError


@pytest.fixture
def where(tmp_path: Path) -> bytes:
    return address("test", tmp_path)


@contextmanager
def attended(where: bytes, obey: Callable[[Message], Message]) -> Iterator[Desk]:
    """A desk whose program takes requests as they come; the test fails when taking one raises."""
    stop, stopped = socket.socketpair()

    def attend() -> None:
        while stopped not in select.select([desk, stopped], [], [])[0]:
            desk.answer(obey)

    with closing(Desk(where)) as desk, stop, stopped:
        thread = threading.Thread(target=attend)
        thread.start()
        try:
            yield desk
        finally:
            stop.send(b".")
            thread.join()


def echo(request: Message) -> Message:
    return {"heard": request}


def raw(where: bytes, *pieces: bytes) -> bytes:
    """What a desk says to somebody who speaks as no `ask` does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(10)
        link.connect(where)
        for piece in pieces:
            link.sendall(piece)
        link.shutdown(socket.SHUT_WR)
        return link.recv(1000)


def test_an_answer_comes_back(where):
    with attended(where, echo):
        assert ask(where, {"do": "open", "files": ["ä\n\x00"] * 10_000})["heard"]["files"][-1] == "ä\n\x00"


def test_where_nobody_is_that_is_said_at_once(where):
    with pytest.raises(NobodyThere):
        ask(where, {})
    Desk(where).close()
    with pytest.raises(NobodyThere):
        ask(where, {})


def test_a_program_that_does_not_answer_in_time_is_there_all_the_same(where):
    with closing(Desk(where)), pytest.raises(Unreachable, match="timed out") as refused:
        ask(where, {}, limit_s=0.05)
    assert not isinstance(refused.value, NobodyThere)


def test_a_program_that_drops_the_request_is_there_all_the_same(where):
    with closing(Desk(where)) as desk:
        asking = subprocess.Popen([sys.executable, "-c", ASKS, where.hex()], stdout=subprocess.PIPE, text=True)
        select.select([desk], [], [], 10)
        desk.close()
        assert asking.communicate(timeout=10)[0] == "Unreachable\n"


ASKS = """
import sys
from zeligui.desk import ask
from zeligui.errors import ZeliGridError
try:
    print(ask(bytes.fromhex(sys.argv[1]), {}))
except ZeliGridError as error:
    print(type(error).__name__)
"""


def test_a_desk_is_the_only_one_of_its_kind_and_folder(where, tmp_path):
    with closing(Desk(where)):
        with pytest.raises(Occupied):
            Desk(where)
        Desk(address("other", tmp_path)).close()
        Desk(address("test", tmp_path.parent)).close()
    Desk(where).close()


def test_a_folder_is_the_same_by_every_way_to_it(where, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert address("test", tmp_path / "link") == address("test", Path()) == where


def test_the_desk_of_a_killed_program_is_free(where):
    takes = f"from zeligui.desk import Desk; desk = Desk({where!r}); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", takes], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout
        program.stdout.readline()
        with pytest.raises(Occupied):
            Desk(where)
        program.kill()
    Desk(where).close()


def test_a_refusal_is_an_answer_with_a_hint(where):
    def refuse(request: Message) -> Message:
        raise UsageError("There is no such node.", hint="Try node1.grid.")

    with attended(where, refuse):
        assert ask(where, {}) == {"error": "There is no such node.", "hint": "Try node1.grid."}


def test_a_request_that_is_not_understood_is_refused(where):
    with attended(where, lambda request: {"file": Path(request["file"]).read_text()}):
        assert ask(where, {}) == {"error": "It cannot do that (KeyError: 'file').", "hint": ""}
        assert "cannot do that (TypeError" in ask(where, {"file": 7})["error"]
        assert "/nowhere" in ask(where, {"file": "/nowhere"})["error"]


@pytest.mark.parametrize(
    "said", [b"", b"nonsense", b"[]", b"\xff", b"[" * 1_000_000, b'{"do": "op'], ids=lambda s: s[:9]
)
def test_who_speaks_nonsense_gets_no_answer_and_the_next_one_does(where, said):
    with attended(where, echo):
        assert raw(where, said) == b""
        assert ask(where, {"do": "open"}) == {"heard": {"do": "open"}}


def test_who_says_nothing_or_little_by_little_is_left_after_a_while(where, monkeypatch):
    monkeypatch.setattr(desks, "TAKEN_S", 0.2)
    with attended(where, echo), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as slow:
        slow.connect(where)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip(slow)
        assert ask(where, {}) == {"heard": {}}


def drip(link: socket.socket) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        link.send(b" ")
        select.select([link], [], [], 0.05)


def test_who_goes_away_before_the_answer_disturbs_nobody(where):
    with attended(where, lambda _: {"much": "x" * 5_000_000}):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.connect(where)
            link.sendall(json.dumps({}).encode())
        assert len(ask(where, {})["much"]) == 5_000_000


def test_to_answer_when_nobody_asks_is_nothing(where):
    with closing(Desk(where)) as desk:
        desk.answer(echo)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to ask as another user")
def test_another_user_is_not_heard(where):
    heard: list[Message] = []
    with attended(where, lambda request: heard.append(request) or {}):
        asking = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER, where.hex()], capture_output=True, text=True, timeout=30, check=False
        )
        assert asking.stdout == "'it belongs to another user'\n"
        assert ask(where, {"do": "open"}) == {}
    assert heard == [{"do": "open"}]


AS_ANOTHER = """
import os, socket, sys
from zeligui import desk
where = bytes.fromhex(sys.argv[1])
os.setuid(65534)
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:  # one that does not look who it is
    link.connect(where)
    try:
        link.sendall(b'{"do": "steal"}')
        link.shutdown(socket.SHUT_WR)
        assert link.recv(100) == b""
    except OSError:
        pass
try:
    desk.ask(where, {"do": "steal"})
except desk.Unreachable as error:
    print(repr(str(error.__cause__)))
"""
