"""Prints the tables of docs/guide.md: ``python -m benchmarks.guide``, or some of them by name.

Each row is the mean of five trainings with different seeds, equal on all machines. It needs scikit-learn for
its data sets. ``make bench`` measures times.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_digits, load_wine
from sklearn.metrics import adjusted_rand_score

from kohonen import Preparation, SelfOrganizingMap, assess
from kohonen.analysis.clusters import cluster_units
from kohonen.inputs.arrays import FloatArray

__all__ = ["main"]

SEEDS = range(5)
Row = dict[str, str]


@dataclass(frozen=True)
class Table:
    """Samples, with their classes if known."""

    samples: FloatArray
    kinds: Any = None


def wine(normalisation: Any = "z-score") -> Table:
    """Return 178 wines with 13 measurements, from three growers."""
    found = load_wine()
    columns = dict(zip(found.feature_names, found.data.T, strict=True))
    return Table(Preparation.fit(columns, normalisation=normalisation).transform(columns), found.target)


def digits() -> Table:
    """Return 1,797 handwritten digits of 8 by 8 pixels, from 0 to 1."""
    found = load_digits()
    return Table(found.data / 16, found.target)


def colours(count: int) -> Table:
    """Return random colours."""
    return Table(np.random.default_rng([0, 1]).random((count, 3)))


def measured(table: Table, width: int, height: int, *, clusters: int = 0, **parameters: Any) -> Row:
    """Train maps with all seeds, and return their mean quality as a row."""
    figures = []
    for seed in SEEDS:
        som = SelfOrganizingMap(width, height, random_state=seed, **parameters).fit(table.samples)
        quality = assess(som.weights_, table.samples, som.parameters.geometry)
        agreement = 0.0
        if clusters:
            x, y = som.predict(table.samples).T
            agreement = adjusted_rand_score(table.kinds, cluster_units(som.weights_, clusters).labels[x, y])
        figures.append(
            (quality.quantization_error, quality.topographic_error, quality.unused_units, agreement)
        )
    error, folds, unused, agreement = np.mean(figures, axis=0)
    row = {
        "quantization error": f"{error:.3f}",
        "topographic error": f"{folds:.3f}",
        "unused units": f"{unused:.0%}",
    }
    return {**row, "agreement": f"{agreement:.2f}"} if clusters else row


def size() -> Iterator[Row]:
    """Vary the size of the map: wines on maps from 6 units to 1,200."""
    table = wine()
    for width, height in ((3, 2), (6, 4), (10, 7), (14, 10), (20, 14), (40, 30)):
        row = {"map": f"{width}x{height}", "units": f"{width * height:,}"}
        yield {**row, **measured(table, width, height, clusters=3, initialisation="pca", iterations=300)}


def iterations() -> Iterator[Row]:
    """Vary the number of iterations: digits on 15x14 units, random and from principal components."""
    table = digits()
    for count in (1, 3, 10, 30, 100, 300):
        for start in ("random", "pca"):
            row = {"iterations": f"{count:,}", "initialisation": start}
            yield {**row, **measured(table, 15, 14, iterations=count, initialisation=start)}


def radius() -> Iterator[Row]:
    """Vary the initial radius: wines on 10x7 units from random weights."""
    table = wine()
    for sigma in (0.5, 1.0, 2.0, 3.5, 5.0, 10.0, 20.0):
        row = {"sigma": f"{sigma:g}" + (" (default)" if sigma == 5.0 else "")}
        yield {**row, **measured(table, 10, 7, sigma=sigma, iterations=300)}


def rate() -> Iterator[Row]:
    """Vary the initial learning rate: wines on 10x7 units from random weights."""
    table = wine()
    for learning_rate in (0.01, 0.03, 0.1, 0.3, 0.9):
        row = {"learning rate": f"{learning_rate:g}" + (" (default)" if learning_rate == 0.1 else "")}
        yield {**row, **measured(table, 10, 7, learning_rate=learning_rate, iterations=300)}


def algorithm() -> Iterator[Row]:
    """Compare online with batch training: few samples on many units, and many on few."""
    cases = {
        "20 colours, 40x40": (colours(20), 40, 40, 1000),
        "178 wines, 10x7": (wine(), 10, 7, 300),
        "1,797 digits, 15x14": (digits(), 15, 14, 50),
        "100,000 colours, 20x20": (colours(100_000), 20, 20, 20),
    }
    for name, (table, width, height, count) in cases.items():
        for kind in ("online", "batch"):
            row = {"data, map": name, "iterations": f"{count:,}", "algorithm": kind}
            yield {**row, **measured(table, width, height, algorithm=kind, iterations=count)}


def initialisation() -> Iterator[Row]:
    """Vary the initialisation: wines, as z-scores, on 10x7 units."""
    table = wine()
    for count in (3, 30, 300):
        for start in ("random", "sample", "pca"):
            row = {"iterations": f"{count:,}", "initialisation": start}
            yield {**row, **measured(table, 10, 7, initialisation=start, iterations=count)}


def normalisation() -> Iterator[Row]:
    """Vary the normalisation: wines on 10x7 units, and the agreement of three clusters with the growers."""
    for kind in ("none", "min-max", "robust", "z-score"):
        row = measured(wine(kind), 10, 7, clusters=3, initialisation="pca", iterations=300)
        # Quantization errors in different units are not comparable.
        yield {"normalisation": kind, **{key: row[key] for key in ("topographic error", "agreement")}}


SUBJECTS: dict[str, Callable[[], Iterator[Row]]] = {
    subject.__name__: subject
    for subject in (size, iterations, radius, rate, algorithm, initialisation, normalisation)
}


def main(names: list[str]) -> None:
    """Print the tables of some subjects, or of all."""
    for name in names or SUBJECTS:
        subject = SUBJECTS[name]
        print(f"\n{subject.__doc__}\n")
        for number, row in enumerate(subject()):
            if number == 0:
                print("| " + " | ".join(row) + " |")
                print("| " + " | ".join("---" for _ in row) + " |")
            print("| " + " | ".join(row.values()) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
