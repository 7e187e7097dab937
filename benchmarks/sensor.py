"""What a sensor takes of the machine that it watches: processor time, spins included, and memory, at two periods."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zeligui.grid.sources.sending import PROGRAM, sensor

SECONDS = 60.0
"""The first minutes have the most spins."""


def main() -> None:
    """Run two at a time, and print what they took."""
    running = {period: started(period) for period in (2, 5)}
    begun = time.monotonic()
    time.sleep(SECONDS)
    for period, process in running.items():
        share = processor_s(process.pid) / (time.monotonic() - begun)
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory_mb = int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
        process.kill()
        process.communicate()
        print(f"period {period} s: {share:.2%} of a processor, target 0.5 %; {memory_mb:.1f} MB, target 12 MB")


def started(period: float) -> subprocess.Popen[bytes]:
    """The sensor as it is sent to a machine."""
    with tempfile.TemporaryFile("w+") as program:
        program.write(sensor())
        program.seek(0)
        command = [sys.executable, "-I", "-S", "-OO", "-u", "-c", PROGRAM, str(period)]
        return subprocess.Popen(command, stdin=program, stdout=subprocess.PIPE)


def processor_s(pid: int) -> float:
    """What a process and its children that ended have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
