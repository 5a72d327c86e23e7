import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from kohonen.analysis import predictions
from kohonen.analysis.labels import UnitLabels, label_units
from kohonen.analysis.predictions import Answers
from kohonen.engines.search import match

WEIGHTS = np.random.default_rng(0).random((4, 3, 2))
SAMPLES = np.random.default_rng(1).random((50, 2))
CLUSTERS = np.arange(12).reshape(4, 3) % 5
IDS = {"id": [None if k % 7 == 0 else f'r"{k},é' for k in range(50)]}


def labels() -> dict[str, UnitLabels]:
    units = match(WEIGHTS, SAMPLES).units[:, 0]
    kinds = [None if k % 5 == 0 else f"k{k % 3}" for k in range(50)]
    return {
        "kind": label_units(WEIGHTS, kinds, units=units),
        "none": label_units(WEIGHTS, [None] * 50, units=units),
    }


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "BLOCK", 17)


def as_rows(answers: Answers, leading: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(b"".join(answers.as_json(SAMPLES, leading)))["results"]
    return found


@pytest.mark.parametrize("clusters", [None, CLUSTERS])
@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("leading", [None, {}, IDS])
def test_json_and_csv_hold_the_same(clusters: Any, labelled: bool, leading: Any) -> None:
    answers = Answers(WEIGHTS, clusters, labels() if labelled else None)
    rows = as_rows(answers, leading)
    matches = match(WEIGHTS, SAMPLES)
    assert [one["bmu_x"] * 3 + one["bmu_y"] for one in rows] == matches.units[:, 0].tolist()
    assert [one["distance"] for one in rows] == matches.distances[:, 0].tolist()
    if clusters is not None:
        assert [one["cluster"] for one in rows] == clusters.ravel()[matches.units[:, 0]].tolist()
    if leading:
        assert [one["id"] for one in rows] == IDS["id"]
    text = b"".join(answers.as_csv(SAMPLES, leading)).decode()
    for row, one in zip(csv.DictReader(io.StringIO(text, newline="")), rows, strict=True):
        for name, about in one.pop("labels", {}).items():
            one |= {f"{name}_majority": about["majority"], f"{name}_share": about["share"]}
        assert row == {name: "" if value is None else str(value) for name, value in one.items()}
        assert list(row) == [*(["id"] if leading else []), *answers.names]


def test_labels_are_those_of_the_unit() -> None:
    found = labels()["kind"]
    units = match(WEIGHTS, SAMPLES).units[:, 0]
    rows = as_rows(Answers(WEIGHTS, None, labels()), None)
    for row, majority, share in zip(rows, *found.about(units), strict=True):
        assert row["labels"] == {
            "kind": {"majority": majority, "share": share},
            "none": {"majority": None, "share": None},
        }


def test_whole_rows_may_stand_before_the_answers() -> None:
    rows = as_rows(Answers(WEIGHTS), {"row": [{"a": str(k)} for k in range(50)]})
    assert rows[20]["row"] == {"a": "20"}


def test_the_dialect_and_the_names_of_the_rows_are_kept() -> None:
    leading = {"distance": ["1,5"] * 50, "distance_2": ["a;b"] * 50}
    lines = (
        b"".join(Answers(WEIGHTS).as_csv(SAMPLES, leading, delimiter=";", decimal=",")).decode().splitlines()
    )
    assert lines[0] == "distance;distance_2;bmu_x;bmu_y;distance_2_2"
    assert lines[1].startswith('1,5;"a;b";')
    assert "." not in lines[1]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("leading", [None, IDS])
def test_an_estimate_of_the_bytes_is_no_smaller(as_json: bool, leading: Any) -> None:
    answers = Answers(WEIGHTS, CLUSTERS, labels())
    written = b"".join((answers.as_json if as_json else answers.as_csv)(SAMPLES, leading))
    assert len(written) <= 50 * answers.most_bytes(as_json=as_json, leading=leading) + 100
