"""The section of a report about labels: two views and a table of the clusters for each column of labels."""

from collections.abc import Iterator
from html import escape
from itertools import islice

from kohonen.analysis.clusters import Clusters
from kohonen.analysis.labels import Tally, UnitLabels, labels_of
from kohonen.geometry import Geometry
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.labels import draw_labels, draw_pies, kinds_of
from kohonen.report.views import figure

__all__ = ["label_section"]

#: Characters of a label, and labels of a cluster that are listed.
LONGEST, LISTED = 40, 4
#: Columns of labels that are drawn.
MOST_COLUMNS = 8
_PALE = "Units without labelled rows have the pale colour of the nearest unit's label. "
_PIES = "The labels of each unit's rows; a pie is larger for more rows, and grey units have none."


def label_section(
    weights: FloatArray, annotations: Annotations | None, clusters: Clusters, geometry: Geometry
) -> Iterator[str]:
    """Yield the section as HTML; nothing if the rows have no labels."""
    labels = labels_of(weights, annotations)
    if labels:
        yield "<h2>Labels</h2><p>Labels took no part in the training.</p>"
    if len(labels) > MOST_COLUMNS:
        yield f"<p>The first {MOST_COLUMNS} of {len(labels):,} columns are drawn.</p>"
    for number, (name, found) in enumerate(islice(labels.items(), MOST_COLUMNS)):
        title = escape(name)
        majority, pies = draw_labels(found, geometry=geometry), draw_pies(found, geometry=geometry)
        yield f'<h3>{title}</h3><div class="views">'
        yield figure(f"labels-{number}", None, f"Majority: {name}", majority, f"{_PALE}{_legend(found)}")
        yield figure(f"pies-{number}", None, f"Pies: {name}", pies, _PIES)
        yield "</div>"
        yield _clusters(found.tally.grouped(clusters.labels.ravel(), clusters.count))


def _legend(labels: UnitLabels) -> str:
    kinds = kinds_of(labels)
    return " ".join(
        f'<span class="swatch" style="background:#{bytes(colour.tolist()).hex()}"></span>{_shortened(name)}'
        for name, colour in zip(kinds.names, kinds.colours, strict=False)
    )


def _clusters(found: Tally) -> str:
    rows = []
    for cluster in range(found.size):
        counts = list(found.of(cluster).items())
        more = f", and {len(counts) - LISTED:,} more" * (len(counts) > LISTED)
        listed = ", ".join(f"{_shortened(name)} ({count:,})" for name, count in counts[:LISTED])
        share = f"{found.share[cluster]:.0%}" if counts else "-"
        cells = f'<td class="n">{cluster}</td><td class="n">{share}</td><td>{listed or "none"}{more}</td>'
        rows.append(f"<tr>{cells}</tr>")
    return f"<table><tr><th>Cluster</th><th>Majority</th><th>Labels (rows)</th></tr>{''.join(rows)}</table>"


def _shortened(text: str) -> str:
    return escape(text if len(text) <= LONGEST else text[: LONGEST - 1] + "\u2026")
