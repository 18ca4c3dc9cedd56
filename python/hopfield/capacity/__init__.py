"""How much a network holds: bounds and mean-field curves by name, and scans that measure it.

Theory, by the names of those who found it:

- binary networks of pairwise weights: `mceliece`, `stable_probability`, `one_step_error`, `load_at_error`,
  `first_step_overlap`, `storkey`, `pseudo_inverse`, `gardner`;
- Hebbian networks in mean field: `mean_field`, `critical_load`, `globally_stable_load`;
- dense binary networks: `krotov_hopfield`, `krotov_hopfield_load`, `krotov_hopfield_error`,
  `krotov_hopfield_error_free`, `demircigil`, `demircigil_rate`;
- modern networks: `ramsauer`, `lucibello_mezard`.

Experiment, for any memory: `scan` over sizes and loads, `basin` over the corruption of cues; both give a
`CapacityScan`.

Of the theory, numbers in, numbers out; arrays go element by element, with NumPy's broadcasting. A load is `k / n`,
patterns over neurons. A number of patterns beyond the range of float64 is infinity.

Examples
--------
>>> import hopfield as hf
>>> round(hf.capacity.critical_load(), 10)
0.1379055665
>>> hf.capacity.mean_field([0.05, 0.1, 0.15]).overlap.round(4).tolist()
[1.0, 0.998, 0.0]
"""

from __future__ import annotations

from ._dense import (
    demircigil,
    demircigil_rate,
    krotov_hopfield,
    krotov_hopfield_error,
    krotov_hopfield_error_free,
    krotov_hopfield_load,
)
from ._mean_field import MeanField, critical_load, globally_stable_load, mean_field
from ._modern import (
    RamsauerBound,
    lucibello_mezard,
    ramsauer,
)
from ._pairwise import (
    first_step_overlap,
    gardner,
    load_at_error,
    mceliece,
    one_step_error,
    pseudo_inverse,
    stable_probability,
    storkey,
)
from ._results import CapacityScan
from ._scan import basin, scan

__all__ = [
    "CapacityScan",
    "MeanField",
    "RamsauerBound",
    "basin",
    "critical_load",
    "demircigil",
    "demircigil_rate",
    "first_step_overlap",
    "gardner",
    "globally_stable_load",
    "krotov_hopfield",
    "krotov_hopfield_error",
    "krotov_hopfield_error_free",
    "krotov_hopfield_load",
    "load_at_error",
    "lucibello_mezard",
    "mceliece",
    "mean_field",
    "one_step_error",
    "pseudo_inverse",
    "ramsauer",
    "scan",
    "stable_probability",
    "storkey",
]
