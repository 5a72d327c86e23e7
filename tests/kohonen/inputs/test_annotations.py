import io
import json
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidTableError, Preparation, read_csv
from kohonen.inputs.annotations import Annotations, TextColumn, annotated, annotations_in

CSV = "kind,size,nr,weight,other\nb,2,r1,1.5,x\na,,r2,2,y\n,1,r3,3.5,x\nb,3,r4,4,x\n"


def annotations() -> Annotations:
    made = Annotations.of({"kind": ["b", None, "a", "b"]}, {"nr": ["1", "2", "3", "4"]})
    assert made is not None
    return made


def test_texts_are_coded_in_alphabetical_order() -> None:
    column = TextColumn.of(["b", None, "a", "b"])
    assert column.values == ("a", "b")
    assert column.codes.tolist() == [1, -1, 0, 1]
    assert column.cells() == ["b", None, "a", "b"]
    assert TextColumn.of([None]).cells() == [None]


def test_no_columns_are_no_annotations() -> None:
    assert Annotations.of({}, {}) is None
    assert annotations().first_ids() == ["1", "2", "3", "4"]
    labels_only = Annotations.of({"kind": ["a"]}, {})
    assert labels_only is not None
    assert labels_only.first_ids() is None


@pytest.mark.parametrize("units", [None, [0, 5, 3, 3]])
def test_files_are_read_again(units: list[int] | None) -> None:
    made = annotations()
    if units is not None:
        made = made.on_units(np.array(units))
    read = Annotations.decode(made.encode(), rows=4, units=6)
    assert {name: column.cells() for name, column in read.labels.items()} == {"kind": ["b", None, "a", "b"]}
    assert read.ids["nr"].cells() == ["1", "2", "3", "4"]
    assert (None if read.units is None else read.units.tolist()) == units
    assert read.encode() == made.encode()


DAMAGE: list[dict[str, Any]] = [
    {"units": [0, 1, 2, 6]},
    {"units": [0, 1, 2]},
    {"units": [0, 1, 2, True]},
    {"units": [0, 1, 2, 2**70]},
    {"units": 7},
    {"labels": [{"name": "kind", "values": ["b", "a"], "codes": [0, 0, 0, 0]}]},
    {"labels": [{"name": "kind", "values": ["a", "a"], "codes": [0, 0, 0, 0]}]},
    {"labels": [{"name": "kind", "values": ["a", 1], "codes": [0, 0, 0, 0]}]},
    {"labels": [{"name": 3, "values": ["a"], "codes": [0, 0, 0, 0]}]},
    {"labels": [{"name": "kind", "values": ["a"], "codes": [0, 0, 0, 1]}]},
    {"labels": [{"name": "kind", "values": ["a"], "codes": [0, 0, 0, -2]}]},
    {"labels": [{"name": "kind", "values": ["a"], "codes": [0, 0, 0, 0.0]}]},
    {"labels": [{"name": "kind", "values": ["a"]}]},
    {"ids": None},
]


@pytest.mark.parametrize("change", DAMAGE)
def test_other_documents_are_no_annotations(change: dict[str, Any]) -> None:
    document = {**json.loads(annotations().encode()), **change}
    with pytest.raises(ValueError, match=r"file does not hold|values of a column"):
        Annotations.decode(json.dumps(document).encode(), rows=4, units=6)


def test_other_files_are_no_annotations() -> None:
    for content in (b"", b"[]", b"{", b"[" * 100_000):
        with pytest.raises(ValueError, match=r"."):
            Annotations.decode(content, rows=4, units=6)


def test_chosen_columns_come_before_those_that_were_found() -> None:
    rows = "".join(f"{k},p{k},{k % 3},{k}.5,{k % 2}\n" for k in range(20))
    table = read_csv(io.StringIO(",who,kind,weight,size\n" + rows), id="who", label=["size", "kind"])
    assert list(table.ids) == ["who", "c1"]
    assert list(table.labels) == ["kind", "size"]
    assert list(table) == ["weight"]


def first_ids(columns: Any, preparation: Preparation) -> list[str | None] | None:
    found = annotations_in(columns, preparation.roles)
    return None if found is None else found.first_ids()


def test_other_tables_are_annotated_alike() -> None:
    table = read_csv(io.StringIO(CSV), label=["kind", "size"], id="nr")
    preparation = Preparation.fit(table)
    assert annotated(preparation.roles) == ["kind", "size", "nr"]
    others = preparation.read_rows(io.StringIO("nr;weight;other;size\nq;1;x;7\n;2;y;\n"))
    assert preparation.transform(others).shape == (2, 3)
    assert first_ids(others, preparation) == ["q", None]
    given = annotations_in(others, preparation.roles)
    assert given is not None
    assert given.labels["size"].cells() == ["7", None]
    columns: dict[str, Any] = {"weight": [1.0], "other": ["x"]}
    assert first_ids({**columns, "nr": [7]}, preparation) == ["7"]
    assert first_ids(columns, preparation) is None
    assert first_ids({**columns, "kind": ["b"]}, preparation) is None
    with pytest.raises(InvalidTableError, match="'nr' has 2 values"):
        preparation.transform({**columns, "nr": ["a", "b"]})


def test_annotations_survive_the_document_of_a_preparation() -> None:
    preparation = Preparation.fit(read_csv(io.StringIO(CSV), label=["kind", "size"], id="nr"))
    assert annotated(Preparation.from_json(preparation.to_json()).roles) == ["kind", "size", "nr"]


#: Test vectors: stores hold such fingerprints, which must never change.
FINGERPRINTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"kind": ["b", None, "a", "b"]},
        {"nr": ["1", "2", "3", "4"]},
        "51703650b368c1a45d1de3c5f0b79bdfb3f0ae71944a854a8cea6efd710a2847",
    ),
    ({"kind": ["\u00e9\ud800", '"']}, {}, "3c5c442d7beeac2ac1be2dc575ff80466e776b22bd8d4464e22747770199a435"),
    (
        {},
        {"nr": [str(k) for k in range(65_537)]},
        "9b75bd07f1a96dd9e2393a0a3299627e7b904c14d685b25c1e52d68251953b73",
    ),
]


@pytest.mark.parametrize(("labels", "ids", "expected"), FINGERPRINTS)
def test_fingerprints_last(labels: dict[str, Any], ids: dict[str, Any], expected: str) -> None:
    made = Annotations.of(labels, ids)
    assert made is not None
    assert made.fingerprint == expected
    rows = len(next(iter((labels | ids).values())))
    assert made.on_units(np.zeros(rows, dtype=np.int64)).fingerprint == expected


def test_names_and_texts_count() -> None:
    made = [
        Annotations.of({"a": ["x", "y"]}, {}),
        Annotations.of({"b": ["x", "y"]}, {}),
        Annotations.of({}, {"a": ["x", "y"]}),
        Annotations.of({"a": ["x", None]}, {}),
        Annotations.of({"a": ["y", "x"]}, {}),
    ]
    assert len({each.fingerprint for each in made if each is not None}) == 5
