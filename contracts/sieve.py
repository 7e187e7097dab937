"""Counts the primes below LIMIT with a sieve held in memory, one byte a number. Usage: sieve.py LIMIT"""

import sys
import time
from math import isqrt
from pathlib import Path

from checkpoint import Checkpoint

BLOCK = 500_000
REST_S = 0.1
"""Between blocks: the job is to hold memory, not a processor."""


def sieve(limit, checkpoint):
    """A byte a number, 1 where it is prime."""
    prime = bytearray([1]) * limit
    prime[:2] = bytes(min(2, limit))
    for number in range(2, isqrt(max(limit - 1, 0)) + 1):
        if checkpoint.ending:
            checkpoint.leave()
        if prime[number]:
            prime[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return prime


def main():
    limit = int(sys.argv[1])
    checkpoint = Checkpoint(counted=0, primes=0)
    state = checkpoint.state
    prime = sieve(limit, checkpoint)
    while state["counted"] < limit:
        end = min(state["counted"] + BLOCK, limit)
        state["primes"] += sum(prime[state["counted"] : end])
        state["counted"] = end
        if checkpoint.ending:
            checkpoint.leave()
        time.sleep(REST_S)
    Path("primes.txt").write_text(f"{state['primes']}\n")
    print(f"{state['primes']} primes below {limit}")


main()
