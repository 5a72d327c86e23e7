"""Fields of requests for the parameters of a training, from the definitions of the library."""

from typing import Annotated, Any, TypeAlias

from pydantic import Field, WithJsonSchema, WrapValidator

from kohonen.engines.sizes import WANTED
from kohonen.parameters import AUTO, DEFINITIONS

__all__ = ["LARGEST_INTEGER", "Count", "parameter", "wanted_parameter"]

#: Largest integer that JSON numbers represent exactly in every language.
LARGEST_INTEGER = 2**53 - 1

#: A number of at least 1, or "auto".
Count: TypeAlias = Annotated[
    int,
    Field(ge=1, le=LARGEST_INTEGER),
    WrapValidator(lambda value, integer: value if value == AUTO else integer(value)),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": LARGEST_INTEGER},
                {"type": "string", "const": AUTO},
            ]
        }
    ),
]


def wanted_parameter(name: str) -> Any:
    """Return the field of a parameter that may be "auto", with the default and help of the library."""
    return Field(WANTED[name].default, description=WANTED[name].help)


def parameter(name: str, description: str | None = None, **options: Any) -> Any:
    """Return the field of a training parameter, with the bounds, default and help of the library.

    `description` replaces the help, and the option ``default`` the default.
    """
    about = DEFINITIONS[name]
    most = LARGEST_INTEGER if about.kind is int else about.most
    default = options.get("default", about.default)
    return Field(default, ge=about.least, gt=about.above, le=most, description=description or about.help)
