from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen import InvalidDataError
from kohonen.analysis.labels import label_units, labels_of, on_units, tally
from kohonen.engines.search import match
from kohonen.inputs.annotations import Annotations, TextColumn
from kohonen.inputs.arrays import Dataset

WEIGHTS = np.array([[[0.0], [10.0]], [[20.0], [31.0]], [[40.0], [50.0]]])


def test_majorities_and_shares_are_those_of_a_count_by_hand() -> None:
    samples = np.array([[0.0], [1.0], [2.0], [21.0], [19.0], [39.0]])
    found = label_units(WEIGHTS, ["b", "b", "a", "b", "a", None], samples=samples)
    assert found.values == ("a", "b")
    assert found.tally.rows.tolist() == [3, 0, 2, 0, 0, 0]
    majority, share = found.about(np.arange(6))
    # Unit 1 is as near to 0 as to 2: the first is taken; units 3 to 5 are nearest to 2, where there is a tie.
    assert majority == ["b", "b", "a", "a", "a", "a"]
    assert share == [2 / 3, 2 / 3, 0.5, 0.5, 0.5, 0.5]
    assert found.tally.of(0) == {"b": 2, "a": 1}
    assert found.tally.of(2) == {"a": 1, "b": 1}
    assert found.tally.of(4) == {}
    assert found.tally.majority.tolist() == [1, -1, 0, -1, -1, -1]
    assert found.tally.frequencies().tolist() == [2, 3]


def test_units_may_be_given() -> None:
    found = label_units(WEIGHTS, TextColumn.of(["a", "b"]), units=np.array([5, 5]))
    assert found.about(np.array([5, 0, 5])) == (["a", "a", "a"], [0.5, 0.5, 0.5])
    assert found.everywhere[0].shape == (3, 2)


def test_without_any_label_there_is_no_majority() -> None:
    found = label_units(WEIGHTS, [None, None], units=np.array([0, 1]))
    assert found.values == ()
    assert found.about(np.array([0, 4])) == ([None, None], [None, None])
    assert found.tally.frequencies().tolist() == []


def test_there_is_a_label_for_each_row() -> None:
    with pytest.raises(InvalidDataError, match="there must be 2 labels, one for each row, but are 1"):
        label_units(WEIGHTS, ["a"], units=np.array([0, 1]))
    with pytest.raises(InvalidDataError, match="there must be 0 labels"):
        label_units(WEIGHTS, ["a"])


def test_clusters_add_up_their_units() -> None:
    found = label_units(WEIGHTS, ["b", "b", "a", "b", "c"], units=np.array([0, 1, 1, 3, 3]))
    clusters = found.tally.grouped(np.array([0, 0, 0, 1, 1, 2]), 3)
    assert [clusters.of(number) for number in range(3)] == [{"b": 2, "a": 1}, {"b": 1, "c": 1}, {}]
    assert clusters.majority.tolist() == [1, 1, -1]
    assert clusters.share[:2].tolist() == [2 / 3, 0.5]
    assert np.isnan(clusters.share[2])


def test_annotations_get_the_units_of_their_rows() -> None:
    samples = np.array([[0.0], [52.0]])
    assert on_units(Dataset(samples), WEIGHTS).annotations is None
    data = on_units(Dataset(samples, None, Annotations.of({"kind": ["a", "b"]}, {})), WEIGHTS)
    assert data.annotations is not None
    assert data.annotations.units is not None
    assert data.annotations.units.tolist() == [0, 5]
    assert list(labels_of(WEIGHTS, data.annotations)) == ["kind"]
    assert labels_of(WEIGHTS, None) == {}


rows = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", "c", None])), min_size=1, max_size=40)


@given(rows)
def test_a_tally_is_a_count(pairs: list[tuple[int, str | None]]) -> None:
    units = np.array([unit for unit, _ in pairs])
    found = tally(TextColumn.of([label for _, label in pairs]), units, 6)
    for unit in range(6):
        expected = Counter(label for one, label in pairs if one == unit and label is not None)
        ranked = sorted(expected.items(), key=lambda item: (-item[1], item[0]))
        assert list(found.of(unit).items()) == ranked
        assert found.rows[unit] == sum(expected.values())
        if ranked:
            assert found.values[found.majority[unit]] == ranked[0][0]
            assert found.share[unit] == ranked[0][1] / sum(expected.values())


@given(rows, st.integers(0, 2**32 - 1))
def test_a_bare_unit_has_the_label_of_the_nearest(pairs: list[tuple[int, str | None]], seed: int) -> None:
    weights = np.random.default_rng(seed).random((3, 2, 4))
    found = label_units(weights, [label for _, label in pairs], units=np.array([unit for unit, _ in pairs]))
    labelled = sorted({unit for unit, label in pairs if label is not None})
    codebook = weights.reshape(6, 4)
    for unit in range(6):
        if labelled:
            nearest = labelled[match(codebook[labelled][:, None], codebook[unit][None]).units[0, 0]]
            assert found.about(np.array([unit])) == found.about(np.array([nearest]))
