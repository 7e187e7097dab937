"""What the example jobs share: a state that is saved when the job is asked to end, and read when it begins again."""

import json
import os
import signal
from pathlib import Path

FILE = Path("state.json")


class Checkpoint:
    """The job's state, a dictionary; `ending` once SIGTERM has come."""

    def __init__(self, **first):
        self.state = json.loads(FILE.read_text()) if FILE.exists() else first
        self.ending = False
        signal.signal(signal.SIGTERM, self._end)
        restart = int(os.environ.get("ZELIGRID_RESTART", "0"))
        begun = f"restart {restart}" if restart else "start"
        print(f"{begun}, from {json.dumps(self.state)}", flush=True)

    def _end(self, *_):
        self.ending = True

    def save(self):
        """Write the state: the whole file or none of it."""
        new = FILE.with_suffix(".new")
        new.write_text(json.dumps(self.state))
        new.replace(FILE)

    def leave(self):
        """Save, and end as a process that SIGTERM ended."""
        self.save()
        print(f"ended, at {json.dumps(self.state)}", flush=True)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
