"""Measures how often the majority of a row's unit is its own label, of rows left out of the training.

``python examples/labels.py`` prints a line for each column of labels: the class, and a column of numbers in
thirds. A label takes no part in the training, and all other columns of numbers do. Each of ten parts of the
rows is left out once, with five divisions into parts. The tables are those of scikit-learn.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.datasets import load_iris, load_wine

from kohonen import Preparation, SelfOrganizingMap
from kohonen.analysis.labels import label_units
from kohonen.engines.search import match
from kohonen.inputs.tables import Table, read_columns

PARTS, DIVISIONS = 10, 5
LABELS = [
    ("iris", load_iris, "class"),
    ("iris", load_iris, "petal width (cm)"),
    ("wine", load_wine, "class"),
    ("wine", load_wine, "alcohol"),
]
MAP: dict[str, Any] = {
    "width": 10, "height": 7, "iterations": 300, "random_state": 1,
    "initialisation": "pca", "grid": "hexagonal",
}  # fmt: skip


def main() -> None:
    """Print the shares of right majorities."""
    print(f"{'table':<8}{'label':<20}{'right':>8}{'most frequent':>16}{'unit without rows':>20}")
    for name, load, label in LABELS:
        table = labelled(load(), label)
        cells = table.labels[label]
        right, bare = np.mean(list(measured(table, np.array(cells))), axis=0)
        frequent = max(map(cells.count, set(cells))) / len(cells)
        print(f"{name:<8}{label:<20}{right:>8.1%}{frequent:>16.1%}{bare:>20.1%}")


def labelled(known: Any, label: str) -> Table:
    """Return a table of scikit-learn with a column of labels: the class, or a column in thirds."""
    columns: dict[str, Any] = dict(zip(known.feature_names, known.data.T, strict=True))
    if label == "class":
        columns[label] = [str(known.target_names[kind]) for kind in known.target]
    else:
        thirds = np.searchsorted(np.quantile(columns[label], [1 / 3, 2 / 3]), columns[label])
        columns[label] = [("low", "medium", "high")[third] for third in thirds]
    return read_columns(columns, label=label)


def measured(table: Table, labels: Any) -> Iterator[tuple[bool, bool]]:
    """Yield for each row left out whether the majority is its label, and whether its unit has no rows."""
    for division in range(DIVISIONS):
        order = np.random.default_rng(division).permutation(len(labels))
        for part in np.array_split(order, PARTS):
            rest = np.setdiff1d(order, part)
            train, left_out = (
                {name: np.asarray(values)[rows] for name, values in table.items()} for rows in (rest, part)
            )
            preparation = Preparation.fit(train)
            samples = preparation.transform(train)
            weights = SelfOrganizingMap(**MAP).fit(samples).weights_
            found = label_units(weights, labels[rest].tolist(), samples=samples)
            units = match(weights, preparation.transform(left_out)).units[:, 0]
            majority = np.array(found.about(units)[0])
            yield from zip(majority == labels[part], found.tally.rows[units] == 0, strict=True)


if __name__ == "__main__":
    main()
