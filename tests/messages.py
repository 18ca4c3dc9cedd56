"""Calls that are refused, and what the errors say, as rows of a table."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hopfield.errors import HopfieldError

Row = tuple[str, Callable[[], object], type[HopfieldError], str]


def ids(rows: list[Row]) -> list[str]:
    return [row[0] for row in rows]


def said(call: Callable[[], object]) -> tuple[type[HopfieldError], str]:
    """The exception that a call raises, and its message."""
    with pytest.raises(HopfieldError) as caught:
        call()
    return type(caught.value), str(caught.value)
