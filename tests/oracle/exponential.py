"""The exponential function to far more digits than a double has (`decimal`, 60 of them)."""

from __future__ import annotations

from decimal import Decimal, localcontext


def exp(x: float) -> tuple[float, float]:
    """e^x as the nearest double and the nearest double to what is left: some 106 bits together."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(x).exp()
        nearest = float(exact)
        return nearest, float(exact - Decimal(nearest))
