"""The report on a model: a self-contained HTML page without scripts."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from kohonen.analysis.clusters import Clusters, cluster_units
from kohonen.analysis.profiles import Profile, cluster_samples, profiles
from kohonen.card import component_names, geometry_of, preparation_of
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.palettes import colours_of_groups
from kohonen.report.advice import advice
from kohonen.report.labels import label_section
from kohonen.report.style import STYLE
from kohonen.report.views import views

__all__ = ["report"]

#: The components of a profile, farthest from the mean first, that may be described.
MOST_COMPONENTS = 12


def report(
    card: Mapping[str, Any],
    weights: FloatArray,
    samples: FloatArray | None,
    annotations: Annotations | None = None,
) -> str:
    """Return the report on a model as HTML.

    Parameters
    ----------
    card : mapping
        Its card, as :func:`kohonen.card.make_card` writes it.
    weights : ndarray of shape (width, height, dim)
        Its weights.
    samples : ndarray of shape (n, dim) or None
        The samples that it was trained on; without them, the page leaves out views of samples and says so.
    annotations : Annotations, optional
        The labels and ids of their rows.
    """
    model_id = card["id"] or "without an id, since its training was stopped early"
    made = datetime.datetime.fromisoformat(card["created_at"])
    title = f"Self-organizing map {(card['id'] or '')[:8]}".rstrip()
    clusters = cluster_units(weights)
    body = "".join(
        [
            f"<h1>{escape(title)}</h1>",
            f'<p class="soft">Model <code>{escape(model_id)}</code>, trained {made:%Y-%m-%d %H:%M} UTC</p>',
            _introduction(card),
            _advice(card, samples),
            "<h2>Quality</h2>",
            _table(_quality(card)),
            _history(card),
            "<h2>Views</h2>",
            *views(card, weights, samples, clusters.labels),
            "<h2>Clusters</h2>",
            _clusters(card, weights, samples, clusters),
            *label_section(weights, annotations, clusters, geometry_of(card)),
            "<h2>Parameters</h2>",
            _table(_parameters(card)),
            _columns(card, weights),
        ]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _introduction(card: Mapping[str, Any]) -> str:
    """Introduce the map to a reader who does not know self-organizing maps."""
    width, height, dimension = card["weights"]["shape"]
    shape = {"hexagonal": "hexagons"}.get(card["parameters"]["grid"], "squares")
    joined = ", whose opposite edges are joined" * (card["parameters"]["boundary"] == "toroidal")
    return (
        "<p>A self-organizing map is a grid of units. Each unit has weights, a vector like a sample: "
        "training moves them towards the samples, and those of neighbouring units with them. Similar samples "
        "therefore lie close together on the map, and the map shows how the data are grouped.</p>"
        f"<p>This map has {width:,} by {height:,} units, drawn as {shape}{joined}. It was trained on "
        f"{card['data']['samples']:,} samples of {dimension:,} value{'s' * (dimension > 1)} each.</p>"
    )


def _advice(card: Mapping[str, Any], samples: FloatArray | None) -> str:
    found = advice(card, samples)
    if not found:
        return '<ul class="well"><li>No problems were found with this map.</li></ul>'
    return '<ul class="advice">' + "".join(f"<li>{escape(text)}</li>" for text in found) + "</ul>"


def _quality(card: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    quality = card["quality"]
    yield (
        "Quantization error",
        f"{quality['quantization_error']:.4g}",
        "mean distance of a sample to its best matching unit, in the data's units; smaller is better",
    )
    yield (
        "Topographic error",
        f"{quality['topographic_error']:.1%}",
        "of the samples have two nearest units that are not neighbours; smaller is better",
    )
    if quality["explained_variance"] is not None:
        yield (
            "Explained variance",
            f"{quality['explained_variance']:.1%}",
            "of the data's variance is kept when each sample is replaced by its best matching unit",
        )
    yield "Unused units", f"{quality['unused_units']:.1%}", "are no sample's best matching unit"


def _parameters(card: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, value in card["parameters"].items():
        yield name.replace("_", " "), f"{value:g}" if isinstance(value, float) else str(value), ""
    yield "samples", f"{card['data']['samples']:,} of dimension {card['data']['dimension']}", ""
    yield (
        "engine",
        f"{card['engine']['name']} {card['engine']['version']}, {card['engine']['seconds']:.3g} s",
        "",
    )


def _table(rows: Iterator[tuple[str, str, str]]) -> str:
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="n">{escape(value)}</td>'
        f"<td>{escape(meaning)}</td></tr>"
        for name, value, meaning in rows
    )
    return f"<table>{cells}</table>"


def _history(card: Mapping[str, Any]) -> str:
    """Draw the quantization error by iteration as a line."""
    points = [] if card["quality"]["history"] is None else card["quality"]["history"]["points"]
    if len(points) < 2:
        return ""
    first, last = points[0]["iteration"], points[-1]["iteration"]
    most = max(point["quantization_error"] for point in points) or 1.0
    line = " ".join(
        f"{60 + 520 * (point['iteration'] - first) / max(1, last - first):.1f},"
        f"{170 - 150 * point['quantization_error'] / most:.1f}"
        for point in points
    )
    return (
        '<figure class="course"><svg viewBox="0 0 600 200" role="img" '
        'aria-label="Quantization error by iteration">'
        '<path d="M60 15V170H585" fill="none" stroke="#999"/>'
        f'<polyline points="{line}" fill="none" stroke="#0072b2" stroke-width="2"/>'
        f'<text x="52" y="26" text-anchor="end" font-size="12">{most:.3g}</text>'
        '<text x="52" y="174" text-anchor="end" font-size="12">0</text>'
        f'<text x="60" y="190" font-size="12">iteration {first}</text>'
        f'<text x="580" y="190" text-anchor="end" font-size="12">{last}</text></svg>'
        "<figcaption>The quantization error during the training. It may rise at first, when all units "
        "gather in the middle of the data before they spread out.</figcaption></figure>"
    )


def _columns(card: Mapping[str, Any], weights: FloatArray) -> str:
    """Describe the columns of the table: their normalisation, and the range of the map in their units."""
    table = preparation_of(card)
    if table is None:
        return ""
    planes = table.inverse(weights).reshape(-1, weights.shape[2]).T
    ranges = {
        name: f"from {plane.min():.4g} to {plane.max():.4g} on the map"
        for name, plane in zip(table.components, planes, strict=True)
    }
    rows = [
        (column.name, column.normalisation, ranges[column.name])
        if column.categories is None
        else (column.name, "categories", ", ".join(column.categories))
        for column in table.columns
    ]
    missing = f"<p>Missing values (masked): {card['data']['missing']:,}.</p>" * (card["data"]["missing"] > 0)
    return f"<h2>Columns</h2>{missing}{_table(iter(rows))}"


def _clusters(
    card: Mapping[str, Any], weights: FloatArray, samples: FloatArray | None, clusters: Clusters
) -> str:
    found = None if samples is None else cluster_samples(weights, samples, clusters)
    rows = ["<tr><th>Cluster</th><th>Units</th><th>Samples</th><th>Distinguishing components</th></tr>"]
    colours = colours_of_groups(clusters.labels)
    names = component_names(card)
    for number, one in enumerate(profiles(clusters, samples, found, preparation_of(card))):
        colour = bytes(colours[clusters.labels == number][0].tolist()).hex()
        distinction = "no samples" if one.distinction is None else _distinction(one, names)
        rows.append(
            f'<tr><td><span class="swatch" style="background:#{colour}"></span>{number}</td>'
            f'<td class="n">{one.units}</td><td class="n">{"-" if one.samples is None else one.samples}</td>'
            f"<td>{escape(distinction)}</td></tr>"
        )
    meaning = '<p class="soft">sd: standard deviations from the mean of all samples.</p>' * (
        found is not None
    )
    return f"<table>{''.join(rows)}</table>{meaning}"


def _distinction(profile: Profile, names: Sequence[str]) -> str:
    """Describe the components of a cluster that are farthest from the mean of all samples."""
    columns = zip(profile.distinction or (), profile.mean or (), names, strict=True)
    known = [(above, mean, name) for above, mean, name in columns if above is not None]
    order = sorted(known, key=lambda one: -abs(one[0]))
    distinguishing = [one for one in order[:MOST_COMPONENTS] if abs(one[0]) >= 0.5][:4]
    if not distinguishing:
        return "close to the mean in every component"
    return ", ".join(
        f"{name} {'high' if above > 0 else 'low'} (mean {mean:.3g}, {above:+.1f} sd)"
        for above, mean, name in distinguishing
    )
