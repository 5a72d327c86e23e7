"""Plans of trainings: what would be trained on, what it would cost, and the command that says it all."""

import shlex
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from kohonen.engines import default_engine
from kohonen.inputs.looks import Look
from kohonen.inputs.roles import Role
from kohonen.parameters import Parameters

__all__ = ["plan"]

#: The look at data that are not a table.
_EMPTY: dict[str, Any] = {"rows": 0, "columns": [], "notes": [], "dialect": {}}
#: The option that chooses a role.
_OPTIONS: Mapping[Role, str] = {
    "number": "only",
    "category": "categorical",
    "label": "label",
    "id": "id",
    "date": "ignore",
    "weight": "sample_weight",
    "left out": "ignore",
}


def plan(
    look: Look | tuple[int, int],
    parameters: Parameters,
    *,
    options: Mapping[str, Any] | None = None,
    file: str = "FILE",
    refused: Collection[str] = (),
) -> dict[str, Any]:
    """Return what a training on a table would do, as a JSON document; nothing is trained.

    Parameters
    ----------
    look : Look or (int, int)
        The look at the table; or, of other data, the number of samples and their dimension.
    parameters : Parameters
        The parameters of the training.
    options : mapping, optional
        Further options: ``normalisation`` and ``missing``.
    file : str
        The path of the table in the command.
    refused : collection of str
        Why the training would be refused.

    Returns
    -------
    dict
        ``rows``, ``columns``, ``notes`` and ``dialect`` of the look; ``dimension`` of the samples; the
        ``parameters``; estimated ``seconds``; ``bytes`` of the weights; ``refused``; and a ``command`` and a
        ``call`` of the service that leave nothing to be found.
    """
    columns = look.columns if isinstance(look, Look) else ()
    rows, dimension = (
        look if isinstance(look, tuple) else (look.rows, sum(each.components for each in columns))
    )
    engine = default_engine(parameters.algorithm)
    chosen = {name: value for name, value in asdict(parameters).items() if value is not None}
    table = _table(look, options or {}) if isinstance(look, Look) else []
    told = [*table, *((name, str(value)) for name, value in chosen.items())]
    flags = [text for name, value in told for text in (f"--{name.replace('_', '-')}", value)]
    return {
        **(look.to_json() if isinstance(look, Look) else _EMPTY | {"rows": rows}),
        "dimension": dimension,
        "parameters": chosen,
        "seconds": engine.cost.seconds(parameters, samples=rows, dimension=dimension),
        "bytes": 8 * parameters.units * dimension,
        "refused": list(refused),
        "command": shlex.join(["kohonen", "train", "--csv", file, *flags]),
        "call": f"POST /train?{urlencode(told)}",
    }


def _table(look: Look, options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the roles of the columns and the dialect of the file as options, with nothing left to find."""
    said: list[tuple[str, str]] = []
    for column, reading in zip(look.columns, look.readings, strict=True):
        option = _OPTIONS[column.role]
        said.append(("date" if option == "only" and reading.form else option, column.name))
    for name, value in look.dialect.to_json().items():
        values = value if isinstance(value, list) else [str(value).lower() if name == "header" else value]
        said += [(name, each) for each in values]
    for name, value in options.items():
        if isinstance(value, Mapping):
            said += [(name, f"{column}:{kind}") for column, kind in value.items()]
        else:
            said.append((name, str(value)))
    return said
