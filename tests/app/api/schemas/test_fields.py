"""Fields of requests have the bounds, defaults and help of the library's parameters."""

import ast
import inspect
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel

from app.api.schemas import continue_training, health, training
from app.api.schemas.fields import LARGEST_INTEGER
from kohonen import Parameters
from kohonen.engines.sizes import WANTED
from kohonen.parameters import DEFINITIONS

MODELS = [training.TrainingBody, continue_training.FitBody, health.DemoQuery]


@pytest.mark.parametrize("model", MODELS)
def test_bounds_are_those_of_the_library(model: type[BaseModel]) -> None:
    properties = model.model_json_schema()["properties"]
    for name in set(properties) & set(DEFINITIONS):
        about, told = DEFINITIONS[name], properties[name]
        kinds = [kind for kind in told.get("anyOf", [told]) if kind.get("type") != "null"]
        kind = kinds[0]
        assert kinds[1:] == [{"type": "string", "const": "auto"}] * (kind is not told and len(kinds) > 1)
        assert (len(kinds) > 1) == (
            WANTED[name].auto and model is training.TrainingBody and about.kind is int
        )
        assert kind.get("minimum") == about.least
        assert kind.get("exclusiveMinimum") == about.above
        assert kind.get("maximum") == (LARGEST_INTEGER if about.kind is int else about.most)
        assert tuple(one for one in kind.get("enum", ()) if one != "auto") == about.choices


def test_a_training_has_all_parameters_with_their_defaults_and_help() -> None:
    fields = training.TrainingBody.model_fields
    hints = get_type_hints(Parameters)
    for name, about in WANTED.items():
        assert (fields[name].default, fields[name].description) == (about.default, about.help)
        assert set(get_args(fields[name].annotation)) - {"auto"} == set(get_args(hints[name]))


@pytest.mark.parametrize("module", [training, continue_training, health])
def test_no_schema_spells_one_out(module: Any) -> None:
    tree = ast.parse(Path(inspect.getfile(module)).read_text())
    spelt = [
        ast.unparse(node.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and ast.unparse(node.target) in DEFINITIONS
        and node.value is not None
        and not ast.unparse(node.value).startswith(("parameter(", "wanted_parameter("))
    ]
    assert spelt == []
