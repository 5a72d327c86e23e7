"""Mistakes in the environment variables of the service, and the errors that name them."""

import os
from collections.abc import Set as AbstractSet

__all__ = ["check_environment", "described"]


def check_environment(known: AbstractSet[str]) -> None:
    """Refuse variables that would have no effect, where that is likely a mistake.

    Raises
    ------
    ValueError
        When SOM_API_KEY is empty, or a name is one edit away from a setting's.
    """
    for variable, value in os.environ.items():
        name = variable.upper()
        if name == "SOM_API_KEY" and not value:
            raise ValueError("SOM_API_KEY is empty: unset it to let everybody call, or set it to a key")
        if name.startswith("SOM_") and name not in known:
            for near in known:
                if _one_edit_apart(name, near):
                    raise ValueError(f"{variable} is not a setting: did you mean {near}?")


def described(location: tuple[int | str, ...], message: str) -> str:
    """Return an error of the settings with the name of the variable."""
    message = message.removeprefix("Value error, ")
    if not location:  # it names the variable itself
        return message
    name = str(location[0])
    return f"{name if name.isupper() else f'SOM_{name.upper()}'}: {message}"


def _one_edit_apart(one: str, other: str) -> bool:
    """Return whether texts differ by a character that is added, replaced or swapped with the next."""
    same = 0
    while one[same : same + 1] == other[same : same + 1] != "":
        same += 1
    one, other = one[same:], other[same:]
    swapped = one[:2] == other[1::-1] and one[2:] == other[2:]
    return swapped or one[1:] in (other, other[1:]) or one == other[1:]
