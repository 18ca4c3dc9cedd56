"""What hopfield raises and warns with.

Every exception is a `HopfieldError` and also the builtin that a caller would expect for the same mistake, so both
``except HopfieldError`` and ``except ValueError`` work. A message names the argument, says the rule, what came, and
where it helps the likely fix. Exceptions are raised before anything is changed.
"""

__all__ = [
    "HopfieldError",
    "HopfieldWarning",
    "InputTypeError",
    "InternalError",
    "InvalidInputError",
    "MissingExtraError",
    "OutOfMemoryError",
]


class HopfieldError(Exception):
    """The base of all exceptions of this package.

    Examples
    --------
    >>> import hopfield as hf
    >>> try:
    ...     hf.ModernHopfield([[1.0, 2.0]], beta=-1.0).step([[0.0, 1.0]])
    ... except hf.errors.HopfieldError as error:
    ...     print(error)
    `beta` must be positive and finite; got -1
    """


class InvalidInputError(HopfieldError, ValueError):
    """An argument has a value, shape or name that the rule in the message excludes.

    Examples
    --------
    >>> import hopfield as hf
    >>> issubclass(hf.errors.InvalidInputError, ValueError)
    True
    """


class InputTypeError(HopfieldError, TypeError):
    """An argument has a type or dtype that cannot be used, such as a masked, complex or object array.

    Examples
    --------
    >>> import hopfield as hf
    >>> issubclass(hf.errors.InputTypeError, TypeError)
    True
    """


class OutOfMemoryError(HopfieldError, MemoryError):
    """There is no memory for the result or the workspace.

    Examples
    --------
    >>> import hopfield as hf
    >>> issubclass(hf.errors.OutOfMemoryError, MemoryError)
    True
    """


class MissingExtraError(HopfieldError, ImportError):
    """A package that only some functions need is not installed; the message names the extra that brings it.

    Examples
    --------
    >>> import hopfield as hf
    >>> issubclass(hf.errors.MissingExtraError, ImportError)
    True
    """


class InternalError(HopfieldError, RuntimeError):
    """A defect of this package, with nothing lost but the call; please report it.

    Examples
    --------
    >>> import hopfield as hf
    >>> issubclass(hf.errors.InternalError, RuntimeError)
    True
    """


class HopfieldWarning(UserWarning):
    """The call goes on, but part of what was wanted cannot be had; the message says what and how to cure it.

    Examples
    --------
    >>> import hopfield as hf
    >>> issubclass(hf.errors.HopfieldWarning, UserWarning)
    True
    """
