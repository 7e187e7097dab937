"""Approaches pi in as many steps as the first argument says; stopped, it saves where it stands and goes on from there.

Its checkpoint is state.json, its result result.txt, both in the folder where it runs.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

CHECKPOINT = Path("state.json")
TERMS = 100_000  # of Leibniz's series, a step
REST_S = 0.25  # between steps: a demonstration needs no more of the machine


def load():
    """The step and the sum so far: the checkpoint's where there is one."""
    try:
        state = json.loads(CHECKPOINT.read_text())
    except FileNotFoundError:
        return 0, 0.0
    return state["step"], state["sum"]


def save(step, total):
    """Write the checkpoint whole or not at all."""
    new = Path("state.json.new")
    new.write_text(json.dumps({"step": step, "sum": total}))
    new.replace(CHECKPOINT)


def term(k):
    return 4.0 / (2 * k + 1) * (-1) ** k


def main():
    wanted = int(sys.argv[1])
    step, total = load()
    restart = os.environ.get("ZELIGRID_RESTART", "0")
    print(f"start {restart}: at step {step} of {wanted}", flush=True)
    ended = []
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    while step < wanted and not ended:
        total += sum(term(k) for k in range(step * TERMS, (step + 1) * TERMS))
        step += 1
        if step % 20 == 0:
            print(f"step {step}: {total:.9f}", flush=True)
        time.sleep(REST_S)
    save(step, total)
    if step < wanted:
        print(f"asked to end at step {step}: saved", flush=True)
        sys.exit(143)
    Path("result.txt").write_text(f"{total:.12f}\n")
    print(f"pi is about {total:.9f}", flush=True)


main()
