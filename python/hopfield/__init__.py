"""Hopfield networks, classical and modern: associative memories that are exact, deterministic and fast.

`ClassicalHopfield` stores ±1 patterns by Hebb's rule or another of `rules`, `DenseAssociativeMemory` many more of them
by sharper energies; `ModernHopfield` stores real-valued ones and retrieves them by softmax, which is `attention`. All
results are the same, bit for bit, for any number of threads, any batch and any memory layout.
"""

from . import capacity, corrupt, errors, layers, rules, separation
from ._attention import attention
from ._bidirectional import BidirectionalMemory, BidirectionalRecall
from ._calibration import suggest_beta
from ._config import show_config
from ._core import __version__
from ._sequence import SequenceMemory, SequenceReplay
from ._spins import spins
from ._summaries import DiagnosisSummary, ModernRetrievalSummary
from ._theory import ErrorBound, FixedPoints
from ._threads import get_num_threads, set_num_threads
from .classical import ClassicalHopfield
from .dense import DenseAssociativeMemory
from .errors import HopfieldError, HopfieldWarning
from .modern import ModernHopfield
from .results import BinaryRetrieval, Diagnosis, Retrieval, RetrievalSummary
from .sparse import SparseHopfield

__all__ = [
    "BidirectionalMemory",
    "BidirectionalRecall",
    "BinaryRetrieval",
    "ClassicalHopfield",
    "DenseAssociativeMemory",
    "Diagnosis",
    "DiagnosisSummary",
    "ErrorBound",
    "FixedPoints",
    "HopfieldError",
    "HopfieldWarning",
    "ModernHopfield",
    "ModernRetrievalSummary",
    "Retrieval",
    "RetrievalSummary",
    "SequenceMemory",
    "SequenceReplay",
    "SparseHopfield",
    "__version__",
    "attention",
    "capacity",
    "corrupt",
    "errors",
    "get_num_threads",
    "layers",
    "rules",
    "separation",
    "set_num_threads",
    "show_config",
    "spins",
    "suggest_beta",
]
