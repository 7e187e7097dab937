"""The far end of timed TCP exchanges: run on a machine by its master, it serves one port for some seconds, once.

It reads a token from standard input, prints its port at the address that $SSH_CONNECTION was made to, and goes on in
the background. A connection sends the token and a letter: e has each byte sent back; u is for sending here, and tells
"microseconds bytes" now and then; d sends zeros. Who does not know the token is hung up on. Python 3.6 and its standard
library are all it needs.
"""

# time, not a Clock: this runs where nothing of ours is.

import os
import socket
import sys
import time

LIFE_S = 12.0
PATIENCE_S = 2.0  # for the token, and for the next byte
MOST_GUESTS = 16
MOST_BYTES = 64 * 1024 * 1024
TELL_S = 0.0005
BLOCK = 65536
TOKEN = 32


def main() -> int:
    """Print the port and serve it; 3 where this is no ssh connection."""
    token = sys.stdin.readline().strip().encode()
    way = os.environ.get("SSH_CONNECTION", "").split()
    if len(way) != 4 or len(token) != TOKEN:
        return 3
    address = way[2].partition("%")[0]
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.bind((address, 0))
    listener.listen(4)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    if os.fork():
        return 0
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    serve(listener, token, time.monotonic() + LIFE_S)
    return 0


def serve(listener: socket.socket, token: bytes, end: float) -> None:
    """Serve one connection after another, until all three exchanges were had, or time is up."""
    left = {b"e": echo, b"u": receive, b"d": send}
    for _ in range(MOST_GUESTS):
        listener.settimeout(max(0.01, end - time.monotonic()))
        try:
            guest = listener.accept()[0]
        except OSError:
            return
        try:
            with guest:
                guest.settimeout(PATIENCE_S)
                guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                said = exactly(guest, TOKEN + 1)
                if said[:TOKEN] == token and said[TOKEN:] in left:
                    left.pop(said[TOKEN:])(guest, end)
        except OSError:
            pass  # the other end has heard enough, or is gone
        if not left or time.monotonic() >= end:
            return


def exactly(guest: socket.socket, size: int) -> bytes:
    """So many bytes; fewer where no more come."""
    said = b""
    while len(said) < size:
        piece = guest.recv(size - len(said))
        if not piece:
            break
        said += piece
    return said


def echo(guest: socket.socket, end: float) -> None:
    while time.monotonic() < end:
        byte = guest.recv(1)
        if not byte:
            return
        guest.sendall(byte)


def receive(guest: socket.socket, end: float) -> None:
    block, total, told = bytearray(BLOCK), 0, 0.0
    while total < MOST_BYTES:
        size = guest.recv_into(block)
        now = time.monotonic()
        total += size
        if not size or now >= end:
            return
        if now >= told + TELL_S:
            told = now
            guest.sendall(b"%d %d\n" % (int(now * 1e6), total))


def send(guest: socket.socket, end: float) -> None:
    block, total = bytes(BLOCK), 0
    while total < MOST_BYTES and time.monotonic() < end:
        total += guest.send(block)


if __name__ == "__main__":
    sys.exit(main())
