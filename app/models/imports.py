"""Models from elsewhere: what a download in the format npz holds, such as from another deployment."""

import hashlib
import io
import zipfile

import numpy as np

from app.models.card import Card
from app.models.registry import Models, Stored
from kohonen.files import most_npy_bytes, npy, parse_npy

__all__ = ["add_archive"]

#: The card in an archive: text of four bytes a character.
MOST_CARD_BYTES = 4 * 2**21


def add_archive(models: Models, file: bytes, *, name: str | None = None) -> Stored:
    """Store a model that was downloaded as an archive. The data that it was trained on do not come with it.

    Parameters
    ----------
    models : Models
        The models of a store.
    file : bytes
        The archive: ``weights`` and ``card``.
    name : str, optional
        A name that the model becomes a revision of.

    Raises
    ------
    ValueError
        When the file is no such archive, or the weights are not those that the card speaks of.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            text = np.load(io.BytesIO(_member(archive, "card.npy", MOST_CARD_BYTES)), allow_pickle=False)
            card = Card.model_validate_json(str(text))
            shape = card.weights.shape
            weights = parse_npy(_member(archive, "weights.npy", most_npy_bytes(*shape)), *shape)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise ValueError(f"this is no archive of a model, as download?format=npz gives: {error}") from error
    if hashlib.sha256(npy(weights)).hexdigest() != card.weights.sha256:
        raise ValueError(f"the weights in this archive are not those of the model {card.id!r} that it names")
    if (there := models.find(card.id)) is not None:
        return models.settle(there, name)
    data = card.data.model_copy(update={"kept": False, "sha256": None})
    return models.add(card.model_copy(update={"data": data}), weights, None, name=name)


def _member(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > most_bytes:
        raise ValueError(f"{name} in this archive is larger than it can be")
    return archive.read(info)
