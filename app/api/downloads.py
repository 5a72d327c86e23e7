"""Downloads of weights: in the answer or, if too large for it, by a redirect to the store."""

import json
from collections.abc import Iterator

from fastapi import Response
from fastapi.responses import RedirectResponse, StreamingResponse

from app.errors import AnswerTooLargeError
from app.models import Models, StoredCard
from app.models.downloads import MEDIA_TYPES, PIECE, Format, write
from app.runtime.gate import SMALL_BYTES, Gate

__all__ = ["download"]

#: Validity of a link to the store, in seconds.
LINK_SECONDS = 300


def download(
    models: Models, card: StoredCard, form: Format, *, most_bytes: int | None, gate: Gate
) -> Response:
    """Answer with the weights of a model in a file format.

    `AnswerTooLargeError` is raised for more than `most_bytes` if the store does not support links.
    """
    filename = f"kohonen-{card.id}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    media_type = MEDIA_TYPES[form]
    if form == "npy" and most_bytes is not None and card.weights.bytes <= most_bytes:
        return Response(models.weights_file(card), media_type=media_type, headers=headers)
    if most_bytes is None:
        if form == "npy":
            # In one piece, the server would copy it twice.
            pieces = _pieces(models.weights_file(card))
            headers["Content-Length"] = str(card.weights.bytes)
        else:
            pieces = write(models.weights(card), form, card=json.dumps(card.to_dict()))
        if card.weights.bytes >= SMALL_BYTES:
            pieces = gate.in_turns(pieces)
        return StreamingResponse(pieces, media_type=media_type, headers=headers)
    if (key := models.derived(card, form)) is None:
        file = bytearray()
        for piece in write(models.weights(card), form, card=json.dumps(card.to_dict())):
            file += piece
        if len(file) <= most_bytes:
            return Response(bytes(file), media_type=media_type, headers=headers)
        key = models.add_derived(card, form, bytes(file), media_type=media_type)
    link = models.store.link(key, seconds=LINK_SECONDS, filename=filename)
    if link is None:
        raise AnswerTooLargeError(
            f"the weights as {form} are over the limit of {most_bytes:,} bytes of an answer, and the store "
            "does not support links: set SOM_MAX_ANSWER_BYTES, or use a store in S3"
        )
    return RedirectResponse(link, status_code=303, headers={"Cache-Control": "no-store"})


def _pieces(file: bytes) -> Iterator[bytes]:
    for start in range(0, len(file), PIECE):
        yield file[start : start + PIECE]
