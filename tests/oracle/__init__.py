"""The executable specification: plain, exact, independent Python.

It imports nothing of the package it judges and no numerical library; sums are
``math.fsum``, rationals ``fractions.Fraction``, binary networks exact integers.
Nobody may optimise it: when it and the fast code disagree, one reads this.

It does not validate more than it needs, keeps no state between calls and knows
nothing of dtypes: numbers come in as the binary floats they are.
"""
