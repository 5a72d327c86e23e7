"""What the README says of settings and defaults is what the code says."""

import re
from pathlib import Path

import pytest

from app.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text()
ROWS = {
    name: cells[0].strip().strip("`")
    for name, *cells in (line.strip("|").split("|") for line in README.splitlines() if line.startswith("| `"))
    for name in re.findall(r"`([A-Z][A-Z_0-9]+)`", name)
}
#: The variable of each setting.
VARIABLES = {
    str(field.validation_alias or f"SOM_{name.upper()}"): field
    for name, field in Settings.model_fields.items()
}
#: Defaults that the README tells in words, and those that share a row.
SPOKEN = {"SOM_TRAININGS": "one a core", "SOM_WORKERS": "one a core", "SOM_ALLOWED_ORIGINS": "none"}
SHARED = {"HOST", "PORT"}


@pytest.mark.parametrize("variable", sorted(set(VARIABLES) - SHARED))
def test_every_setting_is_in_the_tables(variable: str) -> None:
    default = VARIABLES[variable].default
    spoken = (
        "none" if default is None else str(default).lower() if isinstance(default, bool) else f"{default}"
    )
    assert ROWS[variable] == (SPOKEN.get(variable) or spoken.removesuffix(".0"))


def test_no_setting_is_made_up() -> None:
    assert set(ROWS) == set(VARIABLES)


def test_the_speed_that_is_claimed_was_measured() -> None:
    claimed = re.search(r"in a (\d+)(?:st|nd|rd|th)\s+of\s+the\s+time", README)
    table = (Path(__file__).parents[1] / "docs" / "benchmarks.md").read_text()
    # Seconds, and in bold how many times faster than the simple loop, of the native engine on workload A.
    measured = re.search(r"^\| A \| [\d.]+ \(\*\*([\d.]+)\*\*\)", table, re.MULTILINE)
    assert claimed
    assert measured
    assert int(claimed[1]) == round(float(measured[1])), "write docs/benchmarks.md's figure into README.md"


def test_pictures_are_there() -> None:
    for path in re.findall(r"!\[[^]]+\]\(([^)]+)\)", README):
        assert (Path(__file__).parents[1] / path).stat().st_size > 1000
