"""Palettes of pictures, and pictures in few colours."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import AppSettings, HeavyWork, ModelsOfStore
from app.api.downloads import sent
from app.api.schemas.colour import ColoursBody, CompressQuery, PaletteQuery
from app.errors import FieldError, InvalidRequestError
from app.models import Models
from app.runtime import costs
from app.settings import Settings
from app.training.timings import Timings
from app.web import body
from app.web.negotiation import choose
from app.web.responses import BINARY, JSON, PICTURES, PNG, bounded, headers, problems
from kohonen.colour.compression import Compressed, Form, compress_picture
from kohonen.colour.exports import MEDIA_TYPES, write_palette
from kohonen.colour.images import Picture, count_pixels, read_picture
from kohonen.colour.palettes import MOST_COLOURS, ordered, palette_of
from kohonen.colour.pixels import Pixels
from kohonen.inputs.colours import split_colours
from kohonen.pictures.maps import are_colours

__all__ = ["router"]

router = APIRouter(tags=["colours"])

FileForm = TypeVar("FileForm", bound=str)
_COMPRESSED: dict[Form, str] = {"png": PNG, "webp": "image/webp"}
_PICTURE = dict.fromkeys(PICTURES, BINARY)
_ANSWER_HEADERS = headers(
    Kohonen_Notes="What was changed or left out in reading the picture.",
    Server_Timing="Durations of the parts of the request, in milliseconds.",
)


@router.post(
    "/palette",
    summary="The palette of a picture, or colours in order",
    operation_id="palette",
    response_class=Response,
    responses={
        200: {
            "description": "The colours, in an order in which neighbours are similar.",
            "headers": _ANSWER_HEADERS,
            "content": {
                media_type: {"schema": {"type": "object"}} if "json" in media_type else BINARY
                for media_type in MEDIA_TYPES.values()
            },
        },
        **problems(400, 406, 413, 415, 422, 503),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                **_PICTURE,
                JSON: {
                    "schema": {"$ref": body.reference(ColoursBody)},
                    "example": {"colours": ["#e63946", "gold", [0.1, 0.6, 0.3]]},
                },
            },
        }
    },
)
async def palette(
    request: Request, settings: AppSettings, gate: HeavyWork, query: Annotated[PaletteQuery, Query()]
) -> Response:
    """Choose the colours of a picture by a map of one row, and answer with their shares and names.

    The answer also lists pairs of colours that are hard to tell apart, with normal and with deficient colour
    vision. It may be a strip (PNG, SVG), or a file for CSS, GIMP, Adobe programs or design tools. With a JSON
    body, given colours are put in order.
    """
    form = _form(request, query.form, MEDIA_TYPES)
    content = await body.read(request, accepted=(*PICTURES, JSON))
    timings = Timings()

    def respond() -> Response:
        is_json = body.media_type(request) == JSON
        pixels = 0 if is_json else count_pixels(content, most_pixels=settings.max_picture_pixels)
        with gate.admit("reading", costs.pixels(pixels)), timings.measure("colours"):
            if is_json:
                found = ordered(body.parse(content, ColoursBody).colours, space=query.space)
            else:
                picture = _read(content, settings)
                found = palette_of(
                    picture, query.count, space=query.space, emphasis=query.emphasis, keep=_keep(query.keep)
                )
            file = write_palette(found, form)
        return Response(
            bounded(file, settings, remedy="use fewer colours"),
            media_type=MEDIA_TYPES[form],
            headers={
                **_described(found.notes, timings),
                "Content-Disposition": f'inline; filename="palette.{form}"',
            },
        )

    return await run_in_threadpool(respond)


@router.post(
    "/compress",
    summary="A picture in few colours",
    operation_id="compress",
    response_class=Response,
    responses={
        200: {
            "description": "The picture, without metadata.",
            "headers": _ANSWER_HEADERS
            | headers(
                "number",
                Kohonen_Psnr="Peak signal-to-noise ratio in decibels; `inf` for an exact copy.",
                Kohonen_Colour_Difference="Mean CIEDE2000 difference.",
            )
            | headers(
                "integer",
                Kohonen_Colours="Number of colours of the answer.",
                Kohonen_Bytes_Before="Bytes of the picture of the request.",
                Kohonen_Bytes_After="Bytes of the answer.",
            )
            | headers(Kohonen_Larger="`true` where the answer is larger than the request."),
            "content": dict.fromkeys(_COMPRESSED.values(), BINARY),
        },
        303: {"description": "The picture is too large for an answer, and in the store for a day."},
        **problems(400, 404, 406, 413, 415, 422, 500, 503),
    },
    openapi_extra={"requestBody": {"required": True, "content": _PICTURE}},
)
async def compress(
    request: Request,
    models: ModelsOfStore,
    settings: AppSettings,
    gate: HeavyWork,
    query: Annotated[CompressQuery, Query()],
) -> Response:
    """Answer with a picture in few colours: an indexed PNG, or lossless WebP.

    The colours are chosen for the picture by a map of one row, unless `palette` names a model.
    """
    form = _form(request, query.form, _COMPRESSED)
    content = await body.read(request, accepted=PICTURES)
    timings = Timings()

    def respond() -> Response:
        pixels = count_pixels(content, most_pixels=settings.max_picture_pixels)
        with gate.admit("reading", costs.pixels(pixels)):
            given = None if query.palette is None else _colours_of(query.palette, models)
            with timings.measure("read"):
                picture = _read(content, settings)
            with timings.measure("colours"):
                made = compress_picture(
                    picture,
                    query.colours,
                    space=query.space,
                    emphasis=query.emphasis,
                    keep=_keep(query.keep),
                    strength=query.dither,
                    palette=given,
                )
            with timings.measure("encode"):
                file = made.encode(form)
            with timings.measure("compare"):
                figures = _figures(made, len(content), len(file))
        return sent(
            models,
            file,
            media_type=_COMPRESSED[form],
            filename=f"compressed.{form}",
            headers={**_described(picture.notes, timings), **figures},
            most_bytes=settings.max_answer_bytes,
        )

    return await run_in_threadpool(respond)


def _form(request: Request, wanted: FileForm | None, forms: Mapping[FileForm, str]) -> FileForm:
    """Return the format of the query, or the one that the request accepts."""
    if wanted is not None:
        return wanted
    media_type = choose(request.headers.get("accept"), list(forms.values()))
    return next(form for form, offered in forms.items() if offered == media_type)


def _read(content: bytes, settings: Settings) -> Picture:
    return read_picture(content, most_pixels=settings.max_picture_pixels)


def _keep(text: str | None) -> list[str]:
    return [] if text is None else split_colours(text)


def _colours_of(ref: str, models: Models) -> Pixels:
    """Return the colours of the units of a model."""
    weights = models.weights(models.resolve(ref))
    units = weights.reshape(-1, weights.shape[2])
    if not are_colours(weights) or len(units) > MOST_COLOURS:
        message = f"the model must be a map of colours with at most {MOST_COLOURS} units"
        raise InvalidRequestError([FieldError("/palette", message)])
    return np.rint(np.clip(units, 0.0, 1.0) * 255.0).astype(np.uint8)


def _figures(made: Compressed, before: int, after: int) -> dict[str, str]:
    """Return the figures of a compression as headers."""
    found = {
        "Kohonen-Psnr": f"{made.psnr:.2f}",
        "Kohonen-Colour-Difference": f"{made.difference:.3f}",
        "Kohonen-Colours": str(len(made.palette)),
        "Kohonen-Bytes-Before": str(before),
        "Kohonen-Bytes-After": str(after),
    }
    return found | {"Kohonen-Larger": "true"} if after > before else found


def _described(notes: tuple[str, ...], timings: Timings) -> dict[str, str]:
    """Return the notes about a picture, and the timings, as headers."""
    found = {"Server-Timing": timings.header, "Vary": "Accept"}
    if notes:
        found["Kohonen-Notes"] = "; ".join(notes).encode("ascii", "replace").decode()
    return found
