"""Labels of units and of clusters, from those of the rows whose best matching units they are.

The majority of a group is the label that most of its labelled rows have, and its share is that of these rows.
A tie goes to the label that comes first in alphabetical order (that of code points). Missing labels count for
nothing, and each row counts once, whatever its sample weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kohonen.engines.search import IntArray, match
from kohonen.errors import InvalidDataError
from kohonen.inputs.annotations import Annotations, TextColumn
from kohonen.inputs.arrays import Dataset, FloatArray

__all__ = ["Tally", "UnitLabels", "label_units", "labels_of", "on_units", "tally"]


@dataclass(frozen=True)
class Tally:
    """The labels of groups of rows. Only pairs of a group and a label that occur are listed.

    Attributes
    ----------
    values : tuple of str
        The different labels, in alphabetical order.
    groups, codes, counts : ndarray of shape (m,)
        A group, the position of a label in `values`, and the number of the group's rows with that label:
        sorted by group, then by label.
    size : int
        The number of groups.
    """

    values: tuple[str, ...]
    groups: IntArray
    codes: IntArray
    counts: IntArray
    size: int

    @cached_property
    def rows(self) -> IntArray:
        """The number of labelled rows of each group."""
        return np.bincount(self.groups, self.counts, self.size).astype(np.int64)

    @cached_property
    def majority(self) -> IntArray:
        """The position of each group's majority in `values`; -1 for a group without labelled rows."""
        return self._best[0]

    @cached_property
    def share(self) -> FloatArray:
        """The share of the labelled rows of each group that have its majority; NaN for none."""
        return self._best[1] / np.where(self.rows, self.rows, np.nan)

    @cached_property
    def _best(self) -> tuple[IntArray, IntArray]:
        order = np.lexsort((self.codes, -self.counts, self.groups))
        groups, firsts = np.unique(self.groups[order], return_index=True)
        majority, most = np.full(self.size, -1), np.zeros(self.size, dtype=np.int64)
        majority[groups], most[groups] = self.codes[order][firsts], self.counts[order][firsts]
        return majority, most

    def of(self, group: int) -> dict[str, int]:
        """Return the number of a group's rows by label: the most frequent first, ties alphabetically."""
        start, end = np.searchsorted(self.groups, [group, group + 1])
        order = start + np.argsort(-self.counts[start:end], kind="stable")
        pairs = zip(self.codes[order].tolist(), self.counts[order].tolist(), strict=True)
        return {self.values[code]: count for code, count in pairs}

    def grouped(self, groups: IntArray, size: int) -> "Tally":
        """Return the labels of `size` groups of these groups (n,), such as those of clusters of units."""
        return _tally(self.values, groups[self.groups], self.codes, self.counts, size)

    def frequencies(self) -> IntArray:
        """Return the number of rows with each label."""
        return np.bincount(self.codes, self.counts, len(self.values)).astype(np.int64)


def tally(labels: TextColumn, groups: IntArray, size: int) -> Tally:
    """Count the labels of rows by group.

    Parameters
    ----------
    labels : TextColumn
        The label of each row.
    groups : ndarray of shape (n,)
        The group of each row.
    size : int
        The number of groups.
    """
    known = labels.codes >= 0
    codes = labels.codes[known]
    return _tally(labels.values, groups[known], codes, np.ones_like(codes), size)


def _tally(values: tuple[str, ...], groups: IntArray, codes: IntArray, counts: IntArray, size: int) -> Tally:
    """Add the counts of equal pairs of a group and a label."""
    kinds = max(1, len(values))
    pairs, back = np.unique(groups * kinds + codes, return_inverse=True)
    sums = np.bincount(back, counts, len(pairs)).astype(np.int64)
    return Tally(values, *np.divmod(pairs, kinds), sums, size)


@dataclass(frozen=True)
class UnitLabels:
    """The labels of the units of a map.

    Attributes
    ----------
    tally : Tally
        The labels of the rows by unit, as an index in C order of ``[x, y]``.
    weights : ndarray of shape (width, height, dim)
        The map.
    """

    tally: Tally
    weights: FloatArray

    @property
    def values(self) -> tuple[str, ...]:
        """The different labels, in alphabetical order."""
        return self.tally.values

    def at(self, units: IntArray) -> tuple[IntArray, FloatArray]:
        """Return the majority of units, as a position in `values`, and its share.

        A unit without labelled rows has those of the labelled unit whose weights are nearest to its own (the
        first in C order of ``[x, y]``, of several). Where no row has a label they are -1 and NaN.
        """
        labelled = np.flatnonzero(self.tally.rows)
        different, back = np.unique(units, return_inverse=True)
        bare = self.tally.rows[different] == 0
        if len(labelled) and bare.any():
            codebook = self.weights.reshape(-1, self.weights.shape[2])
            nearest = match(codebook[labelled][:, None], codebook[different[bare]]).units[:, 0]
            different[bare] = labelled[nearest]
        sources = different[back.reshape(units.shape)]
        return self.tally.majority[sources], self.tally.share[sources]

    def about(self, units: IntArray) -> tuple[list[str | None], list[float | None]]:
        """Return the majority of units (n,) as texts, and its share; None where no row has a label."""
        majority, share = self.at(units)
        values = [*self.values, None]
        shares = [None if one != one else one for one in share.tolist()]
        return [values[code] for code in majority.tolist()], shares

    @cached_property
    def everywhere(self) -> tuple[IntArray, FloatArray]:
        """The majority of all units and its share, as in `at`, of shape (width, height)."""
        return self.at(np.arange(self.tally.size).reshape(self.weights.shape[:2]))


def label_units(
    weights: FloatArray,
    labels: TextColumn | Sequence[object],
    *,
    samples: FloatArray | None = None,
    units: IntArray | None = None,
) -> UnitLabels:
    """Return the labels of the units of a map.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map.
    labels : TextColumn or sequence
        The label of each row, with None for a missing one.
    samples : ndarray of shape (n, dim), optional
        The rows as samples.
    units : ndarray of shape (n,), optional
        Their best matching units, instead of the samples.

    Raises
    ------
    InvalidDataError
        If there are not as many labels as rows.

    Examples
    --------
    >>> weights = np.array([[[0.0]], [[5.0]], [[9.0]]])
    >>> found = label_units(weights, ["a", "b", "b", None], samples=np.array([[0.2], [8.0], [9.5], [5.0]]))
    >>> [found.values[code] for code in found.everywhere[0].ravel()]
    ['a', 'b', 'b']
    """
    if not isinstance(labels, TextColumn):
        labels = TextColumn.of([None if label is None else str(label) for label in labels])
    if units is None:
        units = match(weights, np.empty((0, weights.shape[2])) if samples is None else samples).units[:, 0]
    if len(units) != len(labels.codes):
        raise InvalidDataError(
            f"there must be {len(units):,} labels, one for each row, but are {len(labels.codes):,}"
        )
    return UnitLabels(tally(labels, units, weights.shape[0] * weights.shape[1]), weights)


def labels_of(weights: FloatArray, annotations: Annotations | None) -> dict[str, UnitLabels]:
    """Return the labels of the units of a map for each column of labels."""
    if annotations is None:
        return {}
    columns = annotations.labels.items()
    return {name: label_units(weights, labels, units=annotations.units) for name, labels in columns}


def on_units(data: Dataset, weights: FloatArray) -> Dataset:
    """Return training data whose annotations, if there are any, have the unit of each row on a map."""
    if data.annotations is None:
        return data
    units = match(weights, data.samples).units[:, 0]
    return data._replace(annotations=data.annotations.on_units(units))
