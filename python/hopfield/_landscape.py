"""``hopfield landscape``: placeholder."""
