"""Files that packages ship are read as a table of expected roles says, written before the code."""

import importlib.util
from pathlib import Path

import pytest

from kohonen import InvalidTableError
from kohonen.inputs.tables import look_csv

LINES = [
    line.strip().split(" | ", 1)
    for line in Path(__file__).with_name("real_files.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def find(name: str) -> Path | None:
    """Return a file of an installed package."""
    found = importlib.util.find_spec(name.partition("/")[0])
    path = None if found is None or found.origin is None else Path(found.origin).parents[1] / name
    return path if path is not None and path.exists() else None


@pytest.mark.parametrize(("name", "outcome"), LINES, ids=[name for name, _ in LINES])
def test_every_column_has_the_role_that_its_owner_gives_it(name: str, outcome: str) -> None:
    path = find(name)
    if path is None:
        pytest.skip("the package is not installed")
    if outcome.startswith("refused: "):
        with pytest.raises(InvalidTableError) as error:
            look_csv(path)
        for word in outcome.removeprefix("refused: ").split(", "):
            assert word in str(error.value)
        return
    expected = {
        column: role
        for part in outcome.split("; ")
        for role, names in [part.split(": ", 1)]
        for column in names.split(", ")
    }
    rest = expected.pop("*", "left out")
    columns = look_csv(path).columns
    assert expected.keys() <= {column.name for column in columns}
    for column in columns:
        assert column.role in expected.get(column.name, rest).split("/"), column
