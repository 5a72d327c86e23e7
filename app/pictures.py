"""Pictures of models: the view, the size, and whether axes and legends are drawn."""

from typing import NamedTuple

from app.errors import FieldError, InvalidRequestError, OverLimitError
from kohonen import Preparation
from kohonen.analysis.planes import column_planes
from kohonen.geometry import Geometry
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import FloatArray
from kohonen.pictures.draw import Form, View, draw_view
from kohonen.pictures.maps import picture_size, unit_pixels
from kohonen.pictures.textures import texture_size
from kohonen.pictures.views import NEEDS_SAMPLES, plane_pixels, planes_size

__all__ = ["Form", "Picture", "View"]

#: With more component planes, each is too small for readable axes.
MOST_ANNOTATED_PLANES = 36
#: A figure has one mark per hexagon.
MOST_ANNOTATED_UNITS = 40_000
#: Pixels of a figure, about.
FIGURE_PIXELS = 1_000_000


class Picture(NamedTuple):
    """The options of a picture.

    Attributes
    ----------
    view : View
        The view of the map.
    scale : int or None
        Pixels of a unit's width; for a figure, its magnification.
    annotated : bool
        Whether it has axes, titles, colour bars and legends.
    component : int or None
        The only component plane to draw.
    clusters : int or None
        Number of clusters; chosen automatically when None.
    form : Form
        The file format; SVG is for figures.
    column, label : str or None
        The column of the view "plane", and the column of labels of the views "labels" and "pies".
    """

    view: View = "map"
    scale: int | None = None
    annotated: bool = False
    component: int | None = None
    clusters: int | None = None
    form: Form = "png"
    column: str | None = None
    label: str | None = None

    @property
    def needs_samples(self) -> bool:
        """Whether the view needs the samples that the model was trained on."""
        return self.view in NEEDS_SAMPLES

    @property
    def needs_annotations(self) -> bool:
        """Whether the view may need the labels of the rows."""
        return self.view in ("plane", "labels", "pies")

    @property
    def media_type(self) -> str:
        """The media type."""
        return "image/png" if self.form == "png" else "image/svg+xml"

    def check(
        self, shape: tuple[int, int, int], geometry: Geometry, *, most_pixels: int, named: bool = False
    ) -> int:
        """Refuse options that the map does not have, and pictures that are too large; return the pixels.

        `InvalidRequestError` is raised for an SVG that is not annotated, or a component or number of clusters
        that the map lacks; `OverLimitError` for too many pixels, units or planes.
        """
        width, height, dimension = shape
        if self.view == "texture" and (self.annotated or not geometry.toroidal):
            message = "a texture is a plain picture of a toroidal map: train with boundary=toroidal"
            raise InvalidRequestError([FieldError("/view", message)])
        if self.form == "svg" and not self.annotated:
            message = "SVG is for annotated figures: use annotated=true, or format=png"
            raise InvalidRequestError([FieldError("/format", message)])
        if self.component is not None and not 0 <= self.component < dimension:
            message = f"the map has components from 0 to {dimension - 1}"
            raise InvalidRequestError([FieldError("/component", message)])
        if self.clusters is not None and not 1 <= self.clusters <= width * height:
            message = f"the number of clusters must be from 1 to the map's {width * height} units"
            raise InvalidRequestError([FieldError("/k", message)])
        if self.annotated:
            return self._check_figure(width * height, dimension)
        return self._check_pixels(width, height, dimension, geometry, most_pixels, named)

    def _check_figure(self, units: int, dimension: int) -> int:
        if units > MOST_ANNOTATED_UNITS:
            message = f"a figure shows at most {MOST_ANNOTATED_UNITS:,} units, and the map has {units:,}"
            raise OverLimitError([FieldError("/annotated", message)])
        if self.view in ("planes", "plane") and self.component is None and dimension > MOST_ANNOTATED_PLANES:
            message = f"a figure shows at most {MOST_ANNOTATED_PLANES} planes, and the map has {dimension}"
            raise OverLimitError([FieldError("/component", f"{message}: select one")])
        if self.scale is not None and self.scale > 4:
            raise OverLimitError([FieldError("/scale", "the scale of a figure must be at most 4")])
        return FIGURE_PIXELS * (self.scale or 1) ** 2

    def _check_pixels(
        self, width: int, height: int, dimension: int, geometry: Geometry, most: int, named: bool
    ) -> int:
        if self.view in ("planes", "plane") and self.component is None:
            scale = self.scale or plane_pixels(width, height, dimension)
            rows, columns = planes_size(width, height, dimension, scale, geometry, named=named)
        elif self.view == "texture":
            rows, columns = texture_size(width, height, self.scale or unit_pixels(width, height), geometry)
        else:
            rows, columns = picture_size(width, height, self.scale or unit_pixels(width, height), geometry)
        if rows * columns > most:
            message = f"a picture of {rows * columns:,} pixels is over the limit of {most:,}"
            raise OverLimitError([FieldError("/scale", message)])
        return rows * columns

    def draw(
        self,
        weights: FloatArray,
        samples: FloatArray | None,
        geometry: Geometry,
        table: Preparation | None = None,
        annotations: Annotations | None = None,
        *,
        most_pixels: int | None = None,
    ) -> bytes:
        """Draw the picture of a map; views that need samples (`needs_samples`) use `samples`.

        Component planes have the names and the units of the table, if the model was trained on one. The
        number of planes of a column is known only now, so their pixels are checked here.
        """
        view, options = self.view, self._asdict()
        del options["view"]
        if view == "plane" and self.column is not None and most_pixels is not None:
            planes = column_planes(weights, self.column, preparation=table, annotations=annotations)
            width, height, count = planes.values.shape
            self.check((width, height, count), geometry, most_pixels=most_pixels, named=True)
        return draw_view(
            view,
            weights,
            samples,
            geometry=geometry,
            preparation=table,
            annotations=annotations,
            **options,
        )
