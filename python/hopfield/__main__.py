"""``python -m hopfield`` is the command ``hopfield``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
