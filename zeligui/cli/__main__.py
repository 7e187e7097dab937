"""`python -m zeligui.cli`: the same as the console script."""

import sys

from zeligui.cli import main

if __name__ == "__main__":
    sys.exit(main())
