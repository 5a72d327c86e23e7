"""Drawing of a view of a map by its name, as the bytes of a file: plain pixels, or an annotated figure."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

from kohonen.analysis.labels import UnitLabels, label_units
from kohonen.analysis.planes import Planes, column_planes
from kohonen.delimited.names import shown
from kohonen.errors import InvalidParameterError
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import FloatArray
from kohonen.inputs.preparation import Preparation
from kohonen.pictures.labels import draw_labels, draw_pies
from kohonen.pictures.maps import Pixels, draw_input_output, draw_map, encode_png
from kohonen.pictures.textures import draw_texture
from kohonen.pictures.views import (
    NEEDS_SAMPLES,
    draw_clusters,
    draw_errors,
    draw_hits,
    draw_planes,
    draw_u_matrix,
)

__all__ = ["VIEWS", "Form", "View", "draw_view"]

View: TypeAlias = Literal[
    "map",
    "input-output",
    "u-matrix",
    "planes",
    "plane",
    "hits",
    "errors",
    "clusters",
    "labels",
    "pies",
    "texture",
]
Form: TypeAlias = Literal["png", "svg"]

#: The views of every map; a texture is one of a toroidal map.
VIEWS: tuple[View, ...] = tuple(view for view in get_args(View) if view != "texture")

#: Dots per inch of a figure at scale 1.
DPI = 100


def draw_view(
    view: View,
    weights: FloatArray,
    samples: FloatArray | None = None,
    *,
    geometry: Geometry = PLANAR,
    preparation: Preparation | None = None,
    annotations: Annotations | None = None,
    form: Form = "png",
    annotated: bool = False,
    scale: int | None = None,
    component: int | None = None,
    clusters: int | None = None,
    column: str | None = None,
    label: str | None = None,
) -> bytes:
    """Draw a view of a map.

    Parameters
    ----------
    view : str
        One of `VIEWS`, or "texture".
    weights : ndarray of shape (width, height, dim)
        The map.
    samples : ndarray of shape (n, dim), optional
        The samples that it was trained on; some views need them.
    geometry : Geometry, optional
        The kind of grid.
    preparation : Preparation, optional
        The preparation of the samples from a table: component planes have the table's units and names.
    annotations : Annotations, optional
        The labels and ids of the samples' rows.
    form : {"png", "svg"}, default "png"
        The file format; SVG is for annotated figures.
    annotated : bool, default False
        Whether to add axes, titles, colour bars and legends; needs matplotlib.
    scale : int, optional
        The width of a unit in pixels; for an annotated figure, the factor by which it is enlarged.
    component : int, optional
        The index of the only component plane to draw.
    clusters : int, optional
        The number of clusters to draw; chosen by the Davies-Bouldin index by default.
    column : str, optional
        The column of the view "plane"; see :func:`kohonen.analysis.planes.column_planes`.
    label : str, optional
        The column of the views "labels" and "pies"; the first column of labels by default.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    InvalidParameterError
        For an unknown view or column, a view that needs samples without them, or a plain picture as SVG.
    """
    if view not in _DRAWN:
        known = ", ".join(_DRAWN)
        raise InvalidParameterError(f"view must be one of {known}, but is {view!r}", parameter="view")
    if samples is None and view in NEEDS_SAMPLES:
        raise InvalidParameterError(
            f"the view {view!r} needs the samples that the map was trained on", parameter="view"
        )
    if annotated and view == "texture":
        raise InvalidParameterError("a texture has no axes: use annotated=False", parameter="annotated")
    if form == "svg" and not annotated:
        raise InvalidParameterError(
            "SVG is for annotated figures: use annotated=True, or form='png'", parameter="form"
        )
    options: dict[str, Any] = {"geometry": geometry}
    if view in ("labels", "pies"):
        options["labels"] = _labels(weights, samples, annotations, label)
    elif view in NEEDS_SAMPLES:
        options["samples"] = samples
    if view == "clusters":
        options["k"] = clusters or "auto"
    if view == "planes":
        options["component"] = component
        if preparation is not None:
            weights = preparation.inverse(weights)
            options["component_names" if annotated else "names"] = preparation.components
    if view == "plane":
        planes = _planes(weights, column, preparation, annotations)
        weights = planes.values
        options["component_names" if annotated else "names"] = planes.names
        if len(planes.names) == 1:
            options["component"] = 0
    if not annotated:
        return encode_png(_DRAWN[view](weights, scale=scale, **options))
    # Imported here: matplotlib is slow to import and seldom needed.
    from kohonen.pictures import figures

    return figures.encode_figure(figures.PLOTS[view](weights, **options), form, dpi=DPI * (scale or 1))


def _planes(
    weights: FloatArray,
    column: str | None,
    preparation: Preparation | None,
    annotations: Annotations | None,
) -> Planes:
    if column is None:
        raise InvalidParameterError(
            "the view 'plane' needs 'column', the name of a column", parameter="column"
        )
    return column_planes(weights, column, preparation=preparation, annotations=annotations)


def _labels(
    weights: FloatArray, samples: FloatArray | None, annotations: Annotations | None, label: str | None
) -> UnitLabels:
    """Return the labels of units in a column, or in the first one."""
    columns = {} if annotations is None else annotations.labels
    if annotations is None or not columns:
        message = "this model has no labels: train it with label=COLUMN, which keeps them with the data"
        raise InvalidParameterError(message, parameter="label")
    name = next(iter(columns)) if label is None else label
    if name not in columns:
        raise InvalidParameterError(
            f"there is no column of labels {name[:100]!r}; there are {shown(columns)}", parameter="label"
        )
    return label_units(weights, columns[name], samples=samples, units=annotations.units)


_DRAWN: dict[View, Callable[..., Pixels]] = {
    "map": draw_map,
    "input-output": lambda weights, samples, **options: draw_input_output(samples, weights, **options),
    "u-matrix": draw_u_matrix,
    "planes": draw_planes,
    "plane": draw_planes,
    "hits": draw_hits,
    "errors": draw_errors,
    "clusters": draw_clusters,
    "labels": lambda weights, labels, **options: draw_labels(labels, **options),
    "pies": lambda weights, labels, **options: draw_pies(labels, **options),
    "texture": draw_texture,
}
