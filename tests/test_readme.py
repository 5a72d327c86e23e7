"""What the README says of settings and defaults is what the code says."""

import re
from pathlib import Path

import pytest

from app.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text()
ROWS = {
    name: cells[0].strip().strip("`")
    for name, *cells in (
        line.strip("|").split("|") for line in README.splitlines() if line.startswith("| `SOM_")
    )
    for name in re.findall(r"SOM_\w+", name)
}
SPOKEN = {"trainings": "one a core", "allowed_origins": "none", "max_answer_bytes": "none"}


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - {"host", "port"}))
def test_every_setting_is_in_the_tables(name: str) -> None:
    default = SPOKEN.get(name) or f"{Settings.model_fields[name].default:}".removesuffix(".0")
    assert ROWS[f"SOM_{name.upper()}"] == default


def test_no_setting_is_made_up() -> None:
    assert set(ROWS) == {f"SOM_{name.upper()}" for name in Settings.model_fields} - {"SOM_HOST", "SOM_PORT"}


def test_pictures_are_there() -> None:
    for path in re.findall(r"!\[[^]]+\]\(([^)]+)\)", README):
        assert (Path(__file__).parents[1] / path).stat().st_size > 1000
