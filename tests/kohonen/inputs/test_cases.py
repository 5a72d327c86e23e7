"""The cases of tests/tables, in the library and by ``kohonen look``."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidTableError, Preparation, read_csv, read_excel
from kohonen.cli.main import run
from kohonen.inputs.tables import look_csv
from tests.cases import CASES, FOLDER, applies, check, check_error, name_of


def cases(door: str) -> pytest.MarkDecorator:
    chosen = [case for case in CASES if applies(case, door)]
    return pytest.mark.parametrize("case", chosen, ids=map(name_of, chosen))


@cases("read_csv")
def test_in_the_library(case: dict[str, Any]) -> None:
    path, options = FOLDER / case["file"], case["options"]
    if case["expect"] == "error":
        with pytest.raises(InvalidTableError) as error:
            read_csv(path, **options)
        check_error(case, str(error.value))
        return
    table = read_csv(str(path), **options)
    columns = [asdict(column) for column in table.look.columns]
    check(case, columns, list(table.look.notes), table.look.rows)
    assert list(table) == [one["name"] for one in columns if one["role"] in ("number", "category")]
    assert {len(values) for values in table.values()} == {len(table.rows)} == {case["rows"]}
    preparation = Preparation.fit(table)
    samples = preparation.transform(table)
    rows = preparation.read_rows(path)
    kept = {name: [values[row] for row in table.rows] for name, values in rows.items()}
    np.testing.assert_array_equal(preparation.transform(kept), samples)
    with path.open("rb") as file:
        if path.suffix != ".gz":
            assert list(read_csv(file, **options)) == list(table)
    document = preparation.to_json()
    check(case, document["columns"], document["notes"], len(samples))
    assert Preparation.from_json(json.loads(json.dumps(document))) == preparation
    assert look_csv(path, **options).to_json() == table.look.to_json()


@pytest.mark.parametrize(
    "case", [case for case in CASES if "read_excel" in case.get("doors", ())], ids=name_of
)
def test_a_workbook(case: dict[str, Any]) -> None:
    pytest.importorskip("python_calamine")
    table = read_excel(FOLDER / case["file"], **case["options"])
    check(case, [asdict(column) for column in table.look.columns], list(table.look.notes), table.look.rows)
    assert table.look.kept.to_json() == {}


@cases("look")
def test_at_the_terminal(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    flags = [
        text
        for name, value in case["options"].items()
        for one in (value if isinstance(value, list) else [value])
        for text in (f"--{name}", one)
    ]
    code = run(["look", str(FOLDER / case["file"]), "--json", *flags])
    out, err = capsys.readouterr()
    if case["expect"] == "error":
        assert code != 0
        assert out == ""
        assert "Traceback" not in err
        check_error(case, err)
    else:
        assert (code, err) == (0, "")
        document = json.loads(out)
        check(case, document["columns"], document["notes"], document["rows"])
