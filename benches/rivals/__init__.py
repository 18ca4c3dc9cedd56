"""Libraries side by side, each in a process of its own: what the programs of this folder's parent are made of.

`shapes` says what is computed, `libraries` how each library does it, `worker` runs one of them in its process,
`processes` talks to such workers, `contest` compares answers and times, `accuracy` and `memory` compare what their
names say, and `report` prints.
"""
