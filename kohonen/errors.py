"""Exceptions of the library.

The tree::

    KohonenError
    ├── InvalidParameterError     a parameter of the map or of its training (also a ValueError)
    ├── InvalidDataError          samples or weights that cannot be used (also a ValueError)
    │   ├── InvalidColourError    a colour in a sequence; ``index`` is its position
    │   ├── InvalidPictureError   a picture that cannot be read
    │   └── InvalidTableError     a table; ``column`` and ``row`` locate the error
    ├── NotFittedError            the map has not been trained yet
    ├── InvalidExperimentError    an experiment's file or setting (also a ValueError)
    └── RunError                  the folder of a run
"""

__all__ = [
    "InvalidColourError",
    "InvalidDataError",
    "InvalidExperimentError",
    "InvalidParameterError",
    "InvalidPictureError",
    "InvalidTableError",
    "KohonenError",
    "NotFittedError",
    "RunError",
]


class KohonenError(Exception):
    """Base class of all errors that the library raises deliberately."""


class InvalidParameterError(KohonenError, ValueError):
    """A parameter is of the wrong type or outside its range.

    Attributes
    ----------
    parameter : str
        Name of the parameter, as in the call.
    """

    def __init__(self, message: str, *, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class InvalidDataError(KohonenError, ValueError):
    """Samples or weights have the wrong shape, type or range."""


class InvalidColourError(InvalidDataError):
    """A colour cannot be parsed.

    Attributes
    ----------
    index : int
        Position of the colour in the sequence, from 0.
    """

    def __init__(self, message: str, *, index: int) -> None:
        super().__init__(message)
        self.index = index


class InvalidPictureError(InvalidDataError):
    """A picture is not one, or is damaged, too large or empty."""


class InvalidTableError(InvalidDataError):
    """A table cannot be read or does not match its preparation.

    Attributes
    ----------
    column : str or None
        Name of the offending column, if known.
    row : int or None
        Index of the offending row, from 0, if known.
    """

    def __init__(self, message: str, *, column: str | None = None, row: int | None = None) -> None:
        super().__init__(message)
        self.column = column
        self.row = row


class NotFittedError(KohonenError):
    """A method needs a trained map, and the map has not been trained."""


class InvalidExperimentError(KohonenError, ValueError):
    """The file of an experiment, or one of its settings, is invalid."""


class RunError(KohonenError):
    """The folder of a run cannot be used as requested."""
