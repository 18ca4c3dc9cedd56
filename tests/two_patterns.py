"""A small classical network to be called with all kinds of things."""

import numpy as np

PATTERNS = np.array([[1, 1, -1, -1, 1, -1], [1, -1, 1, -1, -1, -1]], np.int8)
CUES = np.array([[1, 1, -1, -1, 1, 1], [-1, -1, 1, -1, -1, -1], [1, 1, 1, 1, 1, 1]], np.int8)
