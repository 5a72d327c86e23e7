"""Pictures of stored models."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.clusters import wanted_count
from app.api.dependencies import AppSettings, ModelsOfStore
from app.api.models import NOT_MODIFIED, Ref
from app.errors import FieldError, InvalidRequestError
from app.models import Card
from app.pictures import Form, Picture, View
from app.runtime import costs
from app.web.caching import model_answer
from app.web.negotiation import choose
from app.web.responses import BINARY, PNG, bounded, problems
from kohonen.inputs.tables import LONGEST_TEXT, shown

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["models"])

SVG = "image/svg+xml"


@router.get(
    "/{ref}/image",
    summary="Draw a model",
    operation_id="model_image",
    response_class=Response,
    responses={
        200: {
            "description": "The picture.",
            "content": {
                PNG: BINARY,
                SVG: {"schema": {"type": "string"}},
            },
        },
        **NOT_MODIFIED,
        **problems(404, 406, 409, 422, 500, 503),
    },
)
def model_image(
    request: Request,
    ref: Ref,
    models: ModelsOfStore,
    settings: AppSettings,
    view: Annotated[
        View,
        Query(
            description="`map`: the weights as colours, or the U-matrix if they are not colours; "
            "`input-output`: with the data as a strip above; `u-matrix`: dark borders separate clusters; "
            "`planes`: component planes; `hits`: the number of samples of each unit; `errors`: their mean "
            "distance to it; `clusters`: groups of units (Ward's method); `plane`: any `column`; `labels`: "
            "the majority of each unit's labels, pale for that of the nearest unit; `pies`: the labels of "
            "each unit's rows; `texture`: a seamless tile of a toroidal map."
        ),
    ] = "map",
    scale: Annotated[
        int | None,
        Query(ge=1, description="Pixels of a unit's width; for a figure, its magnification."),
    ] = None,
    annotated: Annotated[
        bool, Query(description="Draw a figure with axes, titles, colour bars and legends.")
    ] = False,
    component: Annotated[
        str | None,
        Query(
            description="Draw only this component plane, by number from 0 or by name.",
            max_length=2 * LONGEST_TEXT + 2,
        ),
    ] = None,
    column: Annotated[
        str | None,
        Query(
            description="The column of `plane`, trained on or kept as labels: numbers, the mean of each "
            "unit's rows, or a plane of shares for each text.",
            max_length=2 * LONGEST_TEXT + 2,
        ),
    ] = None,
    label: Annotated[
        str | None,
        Query(
            description="The column of `labels` and `pies`; the first column of labels by default.",
            max_length=LONGEST_TEXT,
        ),
    ] = None,
    k: Annotated[
        int | None, Query(ge=1, description="Number of clusters; chosen automatically by default.")
    ] = None,
    form: Annotated[Form, Query(alias="format", description="SVG is for annotated figures.")] = "png",
) -> Response:
    """Draw a view of a model.

    Views of samples and of labels need the training data: 409 if they are not stored with the model.
    """
    wanted = Picture(view, scale, annotated, None, k, form, column, label)
    choose(request.headers.get("accept"), [wanted.media_type])
    card = models.resolve(ref)
    table = card.table
    picture = wanted._replace(component=None if component is None else _component(component, card))
    most_pixels = settings.max_picture_pixels
    width, height, dimension = card.weights.shape
    shape = (width, height, 1 if view == "plane" else dimension)
    pixels = picture.check(shape, card.geometry, most_pixels=most_pixels, named=table is not None)
    if k is not None and view == "clusters":
        wanted_count(str(k), card)

    def draw() -> Response:
        samples = models.samples(card) if picture.needs_samples else None
        annotations = models.annotations(card) if picture.needs_annotations else None
        weights = models.weights(card)
        content = picture.draw(weights, samples, card.geometry, table, annotations, most_pixels=most_pixels)
        content = bounded(content, settings, remedy="use a smaller scale")
        headers = {"Content-Disposition": f'inline; filename="kohonen-{card.id}.{picture.form}"'}
        return Response(content, media_type=picture.media_type, headers=headers)

    needed = card.data.samples if picture.needs_samples else 0
    cost = costs.picture(card.weights.shape, pixels=pixels, samples=needed)
    return model_answer(request, ref, card, [picture._asdict()], draw, cost)


def _component(text: str, card: Card) -> int:
    """Return the index of a component, given by its name or number."""
    names = card.component_names
    if text in names:
        return names.index(text)
    if text.isascii() and text.isdigit() and int(text) < len(names):
        return int(text)
    message = f"the map has components from 0 to {len(names) - 1}: {shown(names)}"
    raise InvalidRequestError([FieldError("/component", message)])
