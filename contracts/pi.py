"""Pi in pieces: the middle sums of 4 / (1 + x^2) over 0..1. Usage: pi.py SLICES; $SEED names the result's file."""

import os
import sys
from pathlib import Path

from checkpoint import Checkpoint

PIECE = 100_000


def piece(start, end, width):
    """The sum of the slices from `start` up to `end`."""
    return sum(4.0 / (1.0 + ((slice_ + 0.5) * width) ** 2) for slice_ in range(start, end)) * width


def main():
    slices = int(sys.argv[1])
    checkpoint = Checkpoint(done=0, sum=0.0)
    state = checkpoint.state
    while state["done"] < slices:
        end = min(state["done"] + PIECE, slices)
        state["sum"] += piece(state["done"], end, 1.0 / slices)
        state["done"] = end
        if end % (100 * PIECE) == 0:
            print(f"{end / slices:.0%}", flush=True)
            checkpoint.save()
        if checkpoint.ending:
            checkpoint.leave()
    Path(f"pi-{os.environ.get('SEED', '0')}.txt").write_text(f"{state['sum']:.15f}\n")
    print(f"pi is {state['sum']:.12f}")


main()
