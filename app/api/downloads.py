"""Downloads: in the answer or, if too large for it, by a redirect to the store."""

import json
from collections.abc import Iterator

from fastapi import Response
from fastapi.responses import RedirectResponse, StreamingResponse

from app.errors import AnswerTooLargeError
from app.models import Models, StoredCard
from app.models.downloads import MEDIA_TYPES, PIECE, Format, write
from app.models.keys import temporary_key
from app.runtime.gate import SMALL_BYTES, Gate

__all__ = ["download", "sent"]

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
    return _redirect(models, key, filename, f"the weights as {form}", most_bytes)


def sent(
    models: Models,
    file: bytes,
    *,
    media_type: str,
    filename: str,
    headers: dict[str, str],
    most_bytes: int | None,
) -> Response:
    """Answer with a file that was made for this request.

    Over the limit of an answer it is stored for a day, and the answer is a redirect, as in `download`.
    """
    if most_bytes is None or len(file) <= most_bytes:
        headers = headers | {"Content-Disposition": f'inline; filename="{filename}"'}
        return Response(file, media_type=media_type, headers=headers)
    key = temporary_key(filename)
    models.store.create(key, file, content_type=media_type)
    answer = _redirect(models, key, filename, "the file", most_bytes)
    answer.headers.update(headers)
    return answer


def _redirect(models: Models, key: str, filename: str, what: str, most_bytes: int) -> Response:
    link = models.store.link(key, seconds=LINK_SECONDS, filename=filename)
    if link is None:
        raise AnswerTooLargeError(
            f"{what} would be over the limit of {most_bytes:,} bytes of an answer, and the store "
            "does not support links: set SOM_MAX_ANSWER_BYTES, or use a store in S3"
        )
    return RedirectResponse(link, status_code=303, headers={"Cache-Control": "no-store"})


def _pieces(file: bytes) -> Iterator[bytes]:
    for start in range(0, len(file), PIECE):
        yield file[start : start + PIECE]
