"""An environment that is fair to a rival: its BLAS chooses its kernels for this processor.

This comes before NumPy, so nothing here imports it.
"""

from __future__ import annotations

import os
import sys

#: They would hold NumPy's BLAS to kernels of another processor than this one.
HOLD_BACK = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def start_fair() -> None:
    """Begin the program anew without what would hold NumPy back, if there is any."""
    if any(name in os.environ for name in HOLD_BACK):
        fair = {name: value for name, value in os.environ.items() if name not in HOLD_BACK}
        os.execve(sys.executable, [sys.executable, *sys.argv], fair)
