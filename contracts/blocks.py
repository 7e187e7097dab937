"""Makes a large result, block by block, that is copied back when it is whole. Usage: blocks.py BLOCKS"""

import hashlib
import random
import sys
import time
from pathlib import Path

from checkpoint import Checkpoint

BLOCK = 2**20
RESULT = Path("blocks.bin")
REST_S = 0.5


def block(number):
    """Bytes that no compression makes smaller, the same ones for the same number on every machine."""
    return random.Random(number).randbytes(BLOCK)  # noqa: S311 - nothing is kept secret


def main():
    blocks = int(sys.argv[1])
    checkpoint = Checkpoint(written=0)
    state = checkpoint.state
    # The checkpoint is moved without the result: what was written elsewhere is made again.
    with RESULT.open("wb") as result:
        for number in range(blocks):
            result.write(block(number))
            if number < state["written"]:
                continue
            state["written"] = number + 1
            print(f"block {number + 1} of {blocks}", flush=True)
            time.sleep(REST_S)
            if checkpoint.ending:
                checkpoint.leave()
    Path("blocks.sha256").write_text(hashlib.sha256(RESULT.read_bytes()).hexdigest() + "\n")
    print(f"{blocks} blocks, {RESULT.stat().st_size} bytes")


main()
