"""What this installation is and runs on, for reports of faults and of speed."""

from __future__ import annotations

import platform

import numpy as np

from . import _core

__all__ = ["show_config"]


def facts() -> dict[str, str]:
    """Each fact by its name, in the order in which they are shown."""
    return {
        "hopfield": _core.__version__,
        "instruction set": f"{_core.instruction_set()} (available: {', '.join(_core.instruction_sets())})",
        "threads": str(_core.get_num_threads()),
        "NumPy": np.__version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
    }


def show_config() -> None:
    """Print the version, the instruction set in use and those available, the threads, NumPy, Python and the platform.

    ``hopfield info`` prints the same.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.show_config()  # doctest: +ELLIPSIS
    hopfield         ...
    instruction set  ...
    threads          ...
    NumPy            ...
    Python           ...
    platform         ...
    """
    listed = facts()
    width = max(map(len, listed))
    print("\n".join(f"{name:<{width}}  {fact}" for name, fact in listed.items()))
