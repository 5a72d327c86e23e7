"""Answers about samples: unit, distance, cluster and labels, written as JSON or CSV in bounded memory."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kohonen.analysis.labels import UnitLabels
from kohonen.engines.search import IntArray, match
from kohonen.inputs.arrays import FloatArray

__all__ = ["Answers", "Found"]

#: Samples of a block.
BLOCK = 20_000
#: Characters of a result: two coordinates and a distance with all digits and, in JSON, their names; of a
#: cluster, and of a share.
_JSON_BYTES, _CSV_BYTES, _CLUSTER_BYTES, _SHARE_BYTES = 80, 40, 20, 60


class Found(NamedTuple):
    """The answers about some samples.

    Attributes
    ----------
    start : int
        The position of the first of them.
    units : list of int
        The best matching unit of each, as an index in C order of ``[x, y]``.
    distances : list of float
        The distance of each to it.
    about : dict of int to tuple
        What there is to say of each of these units: x, y, its cluster if there are clusters, and for each
        label the majority and its share.
    """

    start: int
    units: list[int]
    distances: list[float]
    about: dict[int, tuple[Any, ...]]


class Answers:
    """The answers of a map about samples.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map.
    clusters : ndarray of shape (width, height), optional
        The cluster of each unit.
    labels : mapping of str to UnitLabels, optional
        The labels of the units, by the name of their column.
    """

    def __init__(
        self,
        weights: FloatArray,
        clusters: IntArray | None = None,
        labels: Mapping[str, UnitLabels] | None = None,
    ) -> None:
        self._weights = weights
        self._clusters = clusters
        self._labels = labels or {}

    @property
    def names(self) -> list[str]:
        """The names of the columns of the answers in CSV."""
        cluster = [] if self._clusters is None else ["cluster"]
        labels = [f"{name}_{what}" for name in self._labels for what in ("majority", "share")]
        return ["bmu_x", "bmu_y", "distance", *cluster, *labels]

    def find(self, samples: FloatArray) -> Iterator[Found]:
        """Yield the answers about samples (n, dim) in blocks."""
        for start in range(0, len(samples), BLOCK):
            matches = match(self._weights, samples[start : start + BLOCK])
            units, distances = matches.units[:, 0], matches.distances[:, 0]
            yield Found(start, units.tolist(), distances.tolist(), self._about(np.unique(units)))

    def _about(self, units: IntArray) -> dict[int, tuple[Any, ...]]:
        columns: list[Sequence[Any]] = [each.tolist() for each in np.divmod(units, self._weights.shape[1])]
        if self._clusters is not None:
            columns.append(self._clusters.reshape(-1)[units].tolist())
        for labels in self._labels.values():
            columns += labels.about(units)
        return dict(zip(units.tolist(), zip(*columns, strict=True), strict=True))

    def labels_in(self, about: Sequence[Any]) -> dict[str, dict[str, Any]]:
        """Return the labels in what there is to say of a unit, by the name of their column."""
        pairs = iter(about[-2 * len(self._labels) :] if self._labels else ())
        return {name: {"majority": next(pairs), "share": next(pairs)} for name in self._labels}

    def as_json(
        self, samples: FloatArray, leading: Mapping[str, Sequence[Any]] | None = None
    ) -> Iterator[bytes]:
        """Write the answers as ``{"results": [{"bmu_x": 1, "bmu_y": 2, "distance": 0.5}, ...]}``.

        Parameters
        ----------
        samples : ndarray of shape (n, dim)
            The samples.
        leading : mapping of str to sequence, optional
            Columns of texts, or of whole rows, that stand before the answers, such as the ids of the rows.
        """
        names = [f"{json.dumps(name)}: " for name in leading or {}]
        opening = '{"results": ['
        for found in self.find(samples):
            parts = {unit: self._parts(about) for unit, about in found.about.items()}
            lines = [
                f"{parts[unit][0]}{distance!r}{parts[unit][1]}"
                for unit, distance in zip(found.units, found.distances, strict=True)
            ]
            if leading:
                before = [
                    "".join(f"{name}{json.dumps(cell)}, " for name, cell in zip(names, cells, strict=True))
                    for cells in _rows(leading, found)
                ]
                lines = [f"{{{each}{line[1:]}" for each, line in zip(before, lines, strict=True)]
            yield (opening + ", ".join(lines)).encode()
            opening = ", "
        yield b"]}"

    def _parts(self, about: Sequence[Any]) -> tuple[str, str]:
        """Return the JSON of what there is to say of a unit, before and after the distance."""
        cluster = "" if self._clusters is None else f', "cluster": {about[2]}'
        labels = f', "labels": {json.dumps(self.labels_in(about))}' if self._labels else ""
        return f'{{"bmu_x": {about[0]}, "bmu_y": {about[1]}, "distance": ', f"{cluster}{labels}}}"

    def as_csv(
        self,
        samples: FloatArray,
        leading: Mapping[str, Sequence[str | None]] | None = None,
        *,
        delimiter: str = ",",
        decimal: str = ".",
    ) -> Iterator[bytes]:
        """Write the answers as CSV with a header; the parameters are those of `as_json`, and the dialect.

        A name of the answers that a leading column has already is followed by ``_2``.
        """
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        header = list(leading or {})
        for name in self.names:
            while name in header:
                name += "_2"
            header.append(name)
        writer.writerow(header)
        for found in self.find(samples):
            about = [found.about[unit] for unit in found.units]
            rows = [(*one[:2], far, *one[2:]) for one, far in zip(about, found.distances, strict=True)]
            if decimal != ".":
                rows = [tuple(_with_decimal(cell, decimal) for cell in row) for row in rows]
            if leading:
                rows = [(*cells, *row) for cells, row in zip(_rows(leading, found), rows, strict=True)]
            writer.writerows(rows)
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()

    def most_bytes(self, *, as_json: bool, leading: Mapping[str, Sequence[str | None]] | None = None) -> int:
        """Return an upper estimate of the bytes of the answer about a sample."""
        cluster = 0 if self._clusters is None else _CLUSTER_BYTES
        labels = sum(
            _longest([name]) + _longest(each.values) + _SHARE_BYTES for name, each in self._labels.items()
        )
        before = sum(_longest([name]) + _longest(cells) for name, cells in (leading or {}).items())
        return (_JSON_BYTES if as_json else _CSV_BYTES) + cluster + labels + before


def _rows(columns: Mapping[str, Sequence[Any]], found: Found) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of columns that belong to a block."""
    part = slice(found.start, found.start + len(found.units))
    return zip(*(cells[part] for cells in columns.values()), strict=True)


def _with_decimal(cell: Any, decimal: str) -> Any:
    return repr(cell).replace(".", decimal) if isinstance(cell, float) else cell


def _longest(texts: Sequence[str | None]) -> int:
    """Return the most bytes of a text in JSON, which are no fewer than in CSV, and of what separates it."""
    return max((len(json.dumps(text)) for text in texts), default=0) + 4
