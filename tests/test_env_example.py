"""The file .env.example lists every variable with its default."""

import re
from pathlib import Path

import pytest

from app.settings import Settings
from kohonen.experiments.settings import VARIABLES

ROOT = Path(__file__).parents[1]
WRITTEN = dict(
    re.findall(r"^#([A-Z][A-Z_0-9]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
)
#: What MLflow reads for itself.
MLFLOW = {"MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"}
SERVICE = {
    str(field.validation_alias or f"SOM_{name.upper()}"): field
    for name, field in Settings.model_fields.items()
}


def test_every_variable_is_listed_and_none_is_made_up() -> None:
    assert set(WRITTEN) == set(VARIABLES) | set(SERVICE) | MLFLOW
    assert not set(VARIABLES) & set(SERVICE)


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_defaults_of_the_command_line(name: str) -> None:
    assert WRITTEN[name] == _written(VARIABLES[name].definition.default)


@pytest.mark.parametrize("name", sorted(SERVICE))
def test_defaults_of_the_service(name: str) -> None:
    drawn = SERVICE[name].default_factory is not None  # from the machine
    assert WRITTEN[name] == ("" if drawn else _written(SERVICE[name].default))


def test_nothing_is_set_by_it() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


def _written(default: object) -> str:
    if default is None or default == ():
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default).removesuffix(".0")
