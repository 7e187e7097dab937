"""`python -m benchmarks [NAME…]`: measure ZeliGrid against its peers, each pair in one run, and print the ratios."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import traceback
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

NAMES = (
    "match",
    "forecast",
    "history",
    "start",
    "submit",
    "slurm",
    "instances",
    "relocation",
    "window",
    "sensor",
    "fleet",
    "directory",
    "gram",
    "files",
)
"""The modules of this folder that measure; the `main()` of each prints lines `name: figure, ratio to peer, target`."""


def main() -> int:
    """Run the benchmarks asked for, all without a name; 1 where one could not be run."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("names", metavar="NAME", nargs="*", help=f"one of {', '.join(NAMES)}; all without")
    names = options.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        options.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    # Servers live where a user's path does not lead, or below .venv/system (see scripts/system-packages.txt).
    os.environ["PATH"] += f":/usr/sbin:/sbin:{ROOT / '.venv/system/bin'}"
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    done = [measured(name) for name in names]
    return int(not all(done))


def measured(name: str) -> bool:
    """Run one benchmark; what it lacks, or how it failed, is printed, and the others go on."""
    print(f"\n{name}", flush=True)
    try:
        importlib.import_module(f"benchmarks.{name}").main()
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        print(f"left out: {missing}")
        return False
    except Exception:
        traceback.print_exc(file=sys.stdout)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
