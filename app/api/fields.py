"""Fields of requests that are parameters of a training: as the library defines them."""

from typing import Any

from pydantic import Field

from kohonen.parameters import DEFINITIONS

__all__ = ["LARGEST_INTEGER", "parameter"]

#: Integers that a JSON number holds in every language; larger ones overflow in arithmetic with floats.
LARGEST_INTEGER = 2**53 - 1


def parameter(name: str, description: str | None = None, **options: Any) -> Any:
    """Return the field of a training's parameter: bounds, default and help are the library's.

    Parameters
    ----------
    name : str
        The name of the parameter.
    description : str, optional
        Instead of the help, where it means something else.
    **options
        ``default``, where it is another.
    """
    about = DEFINITIONS[name]
    most = LARGEST_INTEGER if about.kind is int else about.most
    default = options.get("default", about.default)
    return Field(default, ge=about.least, gt=about.above, le=most, description=description or about.help)
