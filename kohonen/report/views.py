"""The views of a report as HTML figures, each with a caption and a colour scale."""

import base64
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, NamedTuple

import numpy as np

from kohonen.analysis.views import hit_map, u_matrix, unit_errors
from kohonen.card import component_names, geometry_of, preparation_of
from kohonen.engines.search import IntArray
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.draw import View
from kohonen.pictures.maps import Pixels, are_colours, draw_map, encode_png
from kohonen.pictures.views import draw_groups, draw_u_matrix, draw_values, plane_pixels

__all__ = ["MOST_PLANES", "figure", "views"]

#: Component planes are left out where there are more than this.
MOST_PLANES = 64


class _About(NamedTuple):
    """The texts of a view, and the CSS class of its colour scale."""

    title: str
    caption: str
    colours: str | None = None


_ABOUT: dict[View, _About] = {
    "map": _About("The map", "Each unit has the colour of its weights: similar colours lie close together."),
    "u-matrix": _About(
        "U-matrix",
        "The mean distance of each unit's weights to those of its neighbours. Light areas are groups of "
        "similar units; dark lines are the borders between them.",
        "greys",
    ),
    "hits": _About(
        "Hits",
        "The number of samples by best matching unit: dark for few, yellow for the most, grey for none. Grey "
        "units lie between groups, or the map has more units than the data need.",
        "values",
    ),
    "errors": _About(
        "Errors",
        "The mean distance of samples to their best matching unit: dark for small, yellow for large, grey "
        "for no samples. Yellow units represent their samples least accurately.",
        "values",
    ),
    "clusters": _About(
        "Clusters",
        "Groups of units by Ward's method; their number was chosen by the Davies-Bouldin index. The table "
        "below describes them.",
    ),
}
_PLANES = (
    "The values of each component over the map: dark where they are small, yellow where they are large. "
    "Similar planes show correlated components."
)


def views(
    card: Mapping[str, Any], weights: FloatArray, samples: FloatArray | None, clusters: IntArray
) -> Iterator[str]:
    """Yield the views of a map (width, height, dim) as HTML, with the cluster of each unit (width, height).

    Without the samples (n, dim) that it was trained on, views of samples are left out, and the page says so.
    """
    yield '<div class="views">'
    for view, pixels, values in _drawn(card, weights, samples, clusters):
        about = _ABOUT[view]
        scale = "" if about.colours is None else _scale(about.colours, values)
        yield figure(view, about.title, about.title, pixels, f"{scale}{escape(about.caption)}")
    yield "</div>"
    if samples is None:
        yield "<p>The data are not kept with this model, so there are no views of its samples.</p>"
    if weights.shape[2] <= MOST_PLANES:
        yield f'<h3>Component planes</h3><p>{_PLANES}</p><div class="views planes">'
        yield from _planes(card, weights)
        yield "</div>"


def _drawn(
    card: Mapping[str, Any], weights: FloatArray, samples: FloatArray | None, clusters: IntArray
) -> Iterator[tuple[View, Pixels, FloatArray]]:
    """Yield views with their pixels and the values drawn."""
    geometry = geometry_of(card)
    nothing = np.empty(0)
    if are_colours(weights):
        yield "map", draw_map(weights, geometry=geometry), nothing
    distances = u_matrix(weights, geometry)
    # The scale starts at zero, which is white, even where no distance is zero.
    yield "u-matrix", draw_u_matrix(weights, geometry=geometry), np.append(distances, 0.0)
    if samples is not None:
        hits = hit_map(weights, samples).astype(np.float64)
        hits[hits == 0] = np.nan
        yield "hits", draw_values(hits, geometry=geometry), hits
        errors = unit_errors(weights, samples)
        yield "errors", draw_values(errors, geometry=geometry), errors
    yield "clusters", draw_groups(clusters, geometry=geometry), nothing


def _planes(card: Mapping[str, Any], weights: FloatArray) -> Iterator[str]:
    table = preparation_of(card)
    scale = plane_pixels(*weights.shape)
    in_units = weights if table is None else table.inverse(weights)
    for k, name in enumerate(component_names(card)):
        plane = in_units[..., k]
        drawn = draw_values(plane, scale=scale, geometry=geometry_of(card))
        yield figure(f"plane-{k}", None, name, drawn, f"{_scale('values', plane)}{escape(name)}")


def figure(name: str, title: str | None, alt: str, pixels: Pixels, caption: str) -> str:
    """Return a picture as an HTML figure with an id; its caption is HTML."""
    heading = "" if title is None else f"<h3>{escape(title)}</h3>"
    content = base64.b64encode(encode_png(pixels)).decode()
    return (
        f'<figure id="{name}">{heading}<img src="data:image/png;base64,{content}" alt="{escape(alt)}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _scale(colours: str, values: FloatArray) -> str:
    """Return a colour scale from the minimum to the maximum of the values."""
    least, most = np.nanmin(values), np.nanmax(values)
    if least == most:
        return f'<span class="scale">all {least:.3g}</span>'
    return f'<span class="scale">{least:.3g}<span class="bar {colours}"></span>{most:.3g}</span>'
