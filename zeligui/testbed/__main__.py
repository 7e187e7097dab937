"""`python -m zeligui.testbed FOLDER NODES ISOLATION`: a grid for the program that starts it, while that lives.

The first line of the standard output is what `zeligrid testbed up --json` prints, or `{"error", "hint"}`; the end of
the standard input ends the grid.
"""

import json
import sys
from pathlib import Path

from zeligui.errors import ZeliGridError
from zeligui.testbed.supervisor import run


def main() -> int:
    """Run until the standard input ends."""
    _, folder, nodes, isolation = sys.argv
    try:
        run(
            Path(folder),
            int(nodes),
            wanted=isolation,
            announce=lambda summary: print(json.dumps(summary.as_json()), flush=True),
            until=sys.stdin.fileno(),
        )
    except ZeliGridError as error:
        print(json.dumps({"error": str(error), "hint": error.hint}), flush=True)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
