"""How long `zeligrid --help` takes, beside the least a Python program can take: `python3 -c pass`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROUNDS = 20
TARGET = 6.0


def main() -> None:
    """Whole processes of the same interpreter, one after the other in turn, medians."""
    bare, ours = compare([sys.executable, "-c", "pass"], [str(Path(sys.executable).with_name("zeligrid")), "--help"])
    print(f"zeligrid --help: {ours * 1e3:.0f} ms, {ours / bare:.1f} times python3 -c pass, at most {TARGET:.0f}")


def compare(one: list[str], other: list[str]) -> tuple[float, float]:
    """The median times of two commands in seconds, run in the order one, other, one, other, …"""
    seconds(one), seconds(other)  # fill the caches, write the bytecode
    pairs = [(seconds(one), seconds(other)) for _ in range(ROUNDS)]
    return median(first for first, _ in pairs), median(second for _, second in pairs)


def seconds(command: list[str]) -> float:
    """The time of one whole process."""
    # A user's Python keeps its bytecode.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
