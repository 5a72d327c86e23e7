"""Annotated figures with matplotlib: axes, titles, colour bars and legends.

matplotlib is imported when a figure is drawn (``pip install kohonen[viz]``). The figures are not managed by
pyplot: a notebook displays the figure that a cell returns, and ``figure.savefig("map.png")`` writes a file.
The colour maps are suitable for colour-blind people. Samples may be a data frame or an Arrow table whose
columns are in the order of the weights' components.
"""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kohonen.analysis.clusters import cluster_units
from kohonen.analysis.views import component_planes, hit_map, positions, u_matrix, unit_errors
from kohonen.errors import InvalidParameterError
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.frames import Samples, samples_in
from kohonen.pictures.axes import draw_strip, draw_units, figure_of, place, subplots
from kohonen.pictures.label_figures import plot_labels, plot_pies
from kohonen.pictures.maps import are_colours
from kohonen.pictures.palettes import colours_of_groups
from kohonen.pictures.views import arrangement

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "PLOTS",
    "encode_figure",
    "plot_clusters",
    "plot_component_planes",
    "plot_hits",
    "plot_samples",
    "plot_som_grid",
    "plot_u_matrix",
    "plot_unit_errors",
]

#: The largest number of units for which the numbers of hits are written into them.
WRITTEN_UNITS = 600
#: The largest number of clusters in a legend, and in a column of it.
MOST_LISTED, LISTED = 36, 12
_MARKERS = "osD^vP*X<>"


def plot_som_grid(
    weights: FloatArray,
    *,
    samples: Samples | None = None,
    geometry: Geometry = PLANAR,
    title: str | None = None,
) -> "Figure":
    """Draw a map: its colours where its weights (width, height, dim) are colours, otherwise its U-matrix.

    Samples (n, dim) that are colours are drawn as a strip above it, each with an equal share of its width.
    """
    if are_colours(weights):
        figure, axes = figure_of(weights, geometry)
        draw_units(axes, np.clip(weights, 0.0, 1.0), geometry)
        figure.suptitle(title or "Map: the weights as colours")
    else:
        figure = plot_u_matrix(weights, geometry=geometry, title=title)
    values = None if samples is None else np.asarray(samples_in(samples), dtype=np.float64)
    if values is not None and are_colours(values):
        draw_strip(figure.axes[0], np.clip(values, 0.0, 1.0))
    return figure


def plot_u_matrix(weights: FloatArray, *, geometry: Geometry = PLANAR, title: str | None = None) -> "Figure":
    """Draw the U-matrix of a map (width, height, dim)."""
    figure, axes = figure_of(weights, geometry)
    units = draw_units(axes, u_matrix(weights, geometry), geometry, cmap="gray_r", vmin=0.0)
    figure.colorbar(units, ax=axes, label="mean distance to neighbours")
    figure.suptitle(title or "U-matrix: dark borders separate clusters")
    return figure


def plot_component_planes(
    weights: FloatArray,
    *,
    component_names: Sequence[str] | None = None,
    component: int | None = None,
    geometry: Geometry = PLANAR,
) -> "Figure":
    """Draw each component of the weights as a plane with its own colour bar.

    Parameters
    ----------
    weights : ndarray of shape (width, height, dim)
        The map.
    component_names : sequence of str, optional
        The names of the components; "component 0" and so on by default.
    component : int, optional
        The index of the only component to draw, from 0.
    geometry : Geometry, optional
        The kind of grid.

    Raises
    ------
    InvalidParameterError
        When there are not as many names as components, or the component does not exist.
    """
    dimension = weights.shape[2]
    names = [f"component {k}" for k in range(dimension)] if component_names is None else list(component_names)
    if len(names) != dimension:
        raise InvalidParameterError(
            f"there must be {dimension} names, one a component, but are {len(names)}",
            parameter="component_names",
        )
    if component is not None and not 0 <= component < dimension:
        raise InvalidParameterError(
            f"component must be from 0 to {dimension - 1}, but is {component}", parameter="component"
        )
    chosen = range(dimension) if component is None else [component]
    rows, columns = arrangement(len(chosen))
    figure, grid = subplots(weights, geometry, rows, columns, beside=1.5)
    planes = component_planes(weights)
    for axes, k in zip(grid, chosen, strict=False):
        units = draw_units(axes, planes[k], geometry, cmap="viridis")
        figure.colorbar(units, ax=axes)
        axes.set_title(names[k], parse_math=False)  # a name may hold dollar signs
    for axes in grid[len(chosen) :]:
        axes.set_axis_off()
    return figure


def plot_hits(
    weights: FloatArray, samples: Samples, *, geometry: Geometry = PLANAR, title: str | None = None
) -> "Figure":
    """Draw the hit histogram of samples (n, dim), with numbers on maps of at most 600 units."""
    from matplotlib.ticker import MaxNLocator

    figure, axes = figure_of(weights, geometry)
    hits = hit_map(weights, samples)
    units = draw_units(axes, np.where(hits > 0, hits, np.nan), geometry, cmap="viridis")
    figure.colorbar(units, ax=axes, label="samples").locator = MaxNLocator(integer=True, min_n_ticks=1)
    if hits.size <= WRITTEN_UNITS:
        for x, y in np.argwhere(hits > 0).tolist():
            colour = "black" if hits[x, y] > (hits.max() + hits[hits > 0].min()) / 2 else "white"
            middle = place(x, y, geometry)
            axes.text(*middle, str(hits[x, y]), ha="center", va="center", color=colour, fontsize=7)
    figure.suptitle(title or "Hits: samples by unit; grey for none")
    return figure


def plot_unit_errors(
    weights: FloatArray, samples: Samples, *, geometry: Geometry = PLANAR, title: str | None = None
) -> "Figure":
    """Draw the quantization error of samples (n, dim) by unit."""
    figure, axes = figure_of(weights, geometry)
    units = draw_units(axes, unit_errors(weights, samples), geometry, cmap="viridis")
    figure.colorbar(units, ax=axes, label="mean distance")
    figure.suptitle(title or "Quantization error by unit; grey for no samples")
    return figure


def plot_clusters(
    weights: FloatArray,
    *,
    k: int | Literal["auto"] = "auto",
    geometry: Geometry = PLANAR,
    title: str | None = None,
) -> "Figure":
    """Draw the clusters of units, with a legend; see :mod:`kohonen.analysis.clusters`."""
    from matplotlib.patches import Patch

    labels = cluster_units(weights, k).labels
    counts = np.bincount(labels.ravel()).tolist()
    columns = math.ceil(min(len(counts), MOST_LISTED) / LISTED)
    figure, axes = figure_of(weights, geometry, beside=0.8 + 1.4 * columns)
    draw_units(axes, colours_of_groups(labels) / 255, geometry)
    colours = colours_of_groups(np.arange(len(counts))) / 255
    handles = [
        Patch(color=tuple(colour), label=f"{number}: {count} unit{'s' * (count > 1)}")
        for number, (count, colour) in enumerate(zip(counts, colours, strict=True))
    ]
    heading = "cluster" if len(counts) <= MOST_LISTED else f"the largest {MOST_LISTED} of {len(counts)}"
    figure.legend(handles=handles[:MOST_LISTED], title=heading, loc="outside right upper", ncols=columns)
    figure.suptitle(title or "Clusters of units (Ward)")
    return figure


def plot_samples(
    weights: FloatArray,
    samples: Samples,
    *,
    labels: Sequence[object] | None = None,
    geometry: Geometry = PLANAR,
    title: str | None = None,
) -> "Figure":
    """Draw samples (n, dim) on the U-matrix, jittered around their best matching units.

    Parameters
    ----------
    weights, samples, geometry, title
        As in the other functions.
    labels : sequence, optional
        The class of each sample: classes get markers, colours and a legend.

    Raises
    ------
    InvalidParameterError
        When there are not as many labels as samples.
    """
    labels = None if labels is None else list(labels)
    if labels is not None and len(labels) != len(samples):
        raise InvalidParameterError(
            f"there must be {len(samples)} labels, one a sample, but are {len(labels)}", parameter="labels"
        )
    figure, axes = figure_of(weights, geometry)
    draw_units(axes, u_matrix(weights, geometry), geometry, cmap="gray_r", alpha=0.6)
    units = positions(weights, samples)
    centres = np.array([place(x, y, geometry) for x, y in units.tolist()])
    # The seed is fixed: the same samples are at the same places in every figure.
    places = centres + np.random.default_rng(0).uniform(-0.32, 0.32, centres.shape)
    kinds = list(dict.fromkeys(labels)) if labels is not None else [None]
    colours = colours_of_groups(np.arange(len(kinds))) / 255
    for number, kind in enumerate(kinds):
        of_kind = np.array([labels is None or label == kind for label in labels or [None] * len(samples)])
        across, down = places[of_kind].T
        axes.scatter(
            across,
            down,
            s=24,
            marker=_MARKERS[number % len(_MARKERS)],
            color=tuple(colours[number]),
            edgecolors="black",
            linewidths=0.5,
            label=None if labels is None else str(kind),
        )
    if labels is not None:
        figure.legend(loc="outside right upper")
    figure.suptitle(title or "Samples on their best matching units")
    return figure


def encode_figure(figure: "Figure", form: Literal["png", "svg"] = "png", *, dpi: int = 100) -> bytes:
    """Return a figure as the bytes of a file; equal figures give equal bytes."""
    from matplotlib import rc_context

    file = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if form == "svg" else {"Software": None}
    with rc_context({"svg.hashsalt": "kohonen"}):
        figure.savefig(file, format=form, dpi=dpi, metadata=metadata)
    return file.getvalue()


#: The functions by the view that they draw.
PLOTS: Mapping[str, Callable[..., "Figure"]] = {
    "map": plot_som_grid,
    "input-output": plot_som_grid,
    "u-matrix": plot_u_matrix,
    "planes": plot_component_planes,
    "plane": plot_component_planes,
    "hits": plot_hits,
    "errors": plot_unit_errors,
    "clusters": plot_clusters,
    "labels": lambda weights, labels, **options: plot_labels(labels, **options),
    "pies": lambda weights, labels, **options: plot_pies(labels, **options),
}
