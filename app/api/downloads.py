"""The weights of a model as a file: in the answer or, too large for that, by a link to the store."""

from fastapi import Response
from fastapi.responses import RedirectResponse, StreamingResponse

from app.errors import AnswerTooLargeError
from app.models import Card, Models
from app.models.files import MEDIA_TYPES, Format, write

__all__ = ["download"]

#: How long a link to the store is good for.
LINK_SECONDS = 300


def download(models: Models, card: Card, form: Format, *, most_bytes: int | None) -> Response:
    """Answer with the weights of a model in a format.

    Raises
    ------
    AnswerTooLargeError
        When they have more than `most_bytes` and the store has no links to hand out.
    """
    filename = f"kohonen-{card.id}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    media_type = MEDIA_TYPES[form]
    if form == "npy" and (most_bytes is None or card.weights.bytes <= most_bytes):
        return Response(models.weights_file(card), media_type=media_type, headers=headers)
    if most_bytes is None:
        pieces = write(models.weights(card), form, card=card.model_dump_json())
        return StreamingResponse(pieces, media_type=media_type, headers=headers)
    if (key := models.derived(card, form)) is None:
        pieces = write(models.weights(card), form, card=card.model_dump_json())
        file = b"".join(pieces)
        if len(file) <= most_bytes:
            return Response(file, media_type=media_type, headers=headers)
        key = models.add_derived(card, form, file, media_type=media_type)
    link = models.store.link(key, seconds=LINK_SECONDS, filename=filename)
    if link is None:
        raise AnswerTooLargeError(
            f"the weights have more bytes as {form} than the {most_bytes:,} that an answer may have, and the "
            "store has no links to hand out: SOM_MAX_ANSWER_BYTES, or a store in S3, would help"
        )
    return RedirectResponse(link, status_code=303, headers={"Cache-Control": "no-store"})
