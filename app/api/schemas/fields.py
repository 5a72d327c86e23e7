"""Fields of requests for the parameters of a training, from the definitions of the library."""

from typing import Any

from pydantic import Field

from kohonen.parameters import DEFINITIONS

__all__ = ["LARGEST_INTEGER", "parameter"]

#: Largest integer that JSON numbers represent exactly in every language.
LARGEST_INTEGER = 2**53 - 1


def parameter(name: str, description: str | None = None, **options: Any) -> Any:
    """Return the field of a training parameter, with the bounds, default and help of the library.

    `description` replaces the help, and the option ``default`` the default.
    """
    about = DEFINITIONS[name]
    most = LARGEST_INTEGER if about.kind is int else about.most
    default = options.get("default", about.default)
    return Field(default, ge=about.least, gt=about.above, le=most, description=description or about.help)
