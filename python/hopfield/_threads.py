"""How many threads a call may use."""

from . import _arrays, _core

__all__ = ["get_num_threads", "set_num_threads"]


def set_num_threads(n_threads: int | None) -> None:
    """Set how many threads calls use that do not say so themselves.

    No result depends on it. Until it is set, the environment variable ``HOPFIELD_NUM_THREADS`` counts if it holds a
    positive number, else every processor that this process may use. Threads are kept between calls, apart from those
    of other libraries, and made anew in a forked process.

    Parameters
    ----------
    n_threads : int or None
        At least 1; None goes back to the default.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.set_num_threads(2)
    >>> hf.get_num_threads()
    2
    >>> hf.set_num_threads(None)
    """
    _core.set_num_threads(0 if n_threads is None else _arrays.count("n_threads", n_threads))


def get_num_threads() -> int:
    """Return how many threads calls use that do not say so themselves.

    Examples
    --------
    >>> import hopfield as hf
    >>> hf.get_num_threads() >= 1
    True
    """
    return _core.get_num_threads()
