import re

import numpy as np

from kohonen.analysis.clusters import cluster_units
from kohonen.geometry import PLANAR
from kohonen.inputs.annotations import Annotations
from kohonen.report.labels import MOST_COLUMNS, label_section

WEIGHTS = np.random.default_rng(0).random((6, 4, 2))
UNITS = np.random.default_rng(1).integers(0, 24, 40)


def section(labels: dict[str, list[str | None]]) -> str:
    made = Annotations.of(labels, {})
    annotations = None if made is None else made.on_units(UNITS)
    return "".join(label_section(WEIGHTS, annotations, cluster_units(WEIGHTS, 3), PLANAR))


def test_without_labels_there_is_no_section() -> None:
    assert section({}) == ""
    ids = Annotations.of({}, {"name": ["a"] * 40})
    assert "".join(label_section(WEIGHTS, ids, cluster_units(WEIGHTS, 3), PLANAR)) == ""


def test_each_column_has_views_and_a_table() -> None:
    page = section({"a<b": [f"<i>{k % 6}" * 20 for k in range(40)], "none": [None] * 40})
    assert page.count("<figure") == 4
    assert page.count("<table>") == 2
    assert "a&lt;b" in page
    assert "<i>" not in page
    assert ", and 2 more</td>" in page
    assert re.search(r'<td class="n">-</td><td>none</td>', page)


def test_many_columns_are_not_all_drawn() -> None:
    page = section({f"c{k}": ["x"] * 40 for k in range(MOST_COLUMNS + 2)})
    assert page.count("<figure") == 2 * MOST_COLUMNS
    assert "The first 8 of 10 columns are drawn." in page
