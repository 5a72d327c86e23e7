"""What can go wrong in the library.

The tree::

    KohonenError
    ├── InvalidParameterError     a parameter of the map or of its training (also a ValueError)
    ├── InvalidDataError          samples or weights that cannot be used (also a ValueError)
    │   ├── InvalidColourError    one colour of many; ``index`` says which
    │   └── InvalidTableError     a table; ``column`` and ``row`` say where
    ├── NotFittedError            a result was asked of a map that has not been trained
    ├── InvalidExperimentError    a file or a setting that says what to train, and cannot be understood
    └── RunError                  a run's folder that cannot be used as is asked for
"""

__all__ = [
    "InvalidColourError",
    "InvalidDataError",
    "InvalidExperimentError",
    "InvalidParameterError",
    "InvalidTableError",
    "KohonenError",
    "NotFittedError",
    "RunError",
]


class KohonenError(Exception):
    """Base of every error that the library raises on purpose."""


class InvalidParameterError(KohonenError, ValueError):
    """A parameter is of the wrong type or outside its range.

    Attributes
    ----------
    parameter : str
        Name of the parameter, as the caller spells it.
    """

    def __init__(self, message: str, *, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class InvalidDataError(KohonenError, ValueError):
    """Samples or weights are of the wrong shape, type or range."""


class InvalidColourError(InvalidDataError):
    """A colour that cannot be understood.

    Attributes
    ----------
    index : int
        Position of the colour in the sequence that was given, from 0.
    """

    def __init__(self, message: str, *, index: int) -> None:
        super().__init__(message)
        self.index = index


class InvalidTableError(InvalidDataError):
    """A table that cannot be read, or that does not suit what it is for.

    Attributes
    ----------
    column : str or None
        The name of the column that is wrong, where one is.
    row : int or None
        Which of its values, from 0.
    """

    def __init__(self, message: str, *, column: str | None = None, row: int | None = None) -> None:
        super().__init__(message)
        self.column = column
        self.row = row


class NotFittedError(KohonenError):
    """A result was asked of a map that has not been trained."""


class InvalidExperimentError(KohonenError, ValueError):
    """What says which map to train, a file or a setting, cannot be understood."""


class RunError(KohonenError):
    """A run's folder cannot be used as is asked for."""
