"""Gaps are filled better by the map than by the mean of the column."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from kohonen import SelfOrganizingMap
from kohonen.analysis.gaps import fill_gaps


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_a_tenth_of_the_values(load: Callable[[], Any]) -> None:
    table = load().data
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    hidden = np.random.default_rng(0).random(table.shape) < 0.1
    rows = np.where(hidden, np.nan, table)
    som = SelfOrganizingMap(10, 7, iterations=100, random_state=1, missing="mask").fit(rows)
    filled = fill_gaps(som.weights_, rows)
    assert (filled[~hidden] == table[~hidden]).all()
    means = np.broadcast_to(np.nanmean(rows, axis=0), rows.shape)
    error, of_means = (np.sqrt(((values - table)[hidden] ** 2).mean()) for values in (filled, means))
    assert error < 0.85 * of_means
