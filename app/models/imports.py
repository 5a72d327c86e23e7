"""Imports models from npz archives, as downloads give them, and from the folders of runs."""

import hashlib
import io
import math
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from app.models.card import MOST_DATA_BYTES, parse_card, without_data
from app.models.registry import Models, Stored
from kohonen import KohonenError
from kohonen.card import Card
from kohonen.experiments.folder import RunFolder
from kohonen.files import most_npy_bytes, npy, parse_npy
from kohonen.identity import child_id, fingerprint, model_id
from kohonen.inputs.arrays import Dataset, FloatArray
from kohonen.inputs.records import CardAnnotations

__all__ = ["add_archive", "add_run"]

#: The card in an archive: text of four bytes a character.
MOST_CARD_BYTES = 4 * 2**22


def add_archive(models: Models, file: BinaryIO, *, most_weights: int, name: str | None = None) -> Stored:
    """Store a model from a downloaded archive, as a revision of a name if one is given.

    The archive holds ``weights`` and ``card``, and no training data, so that nothing shows that the weights
    are those of a training on them: the card is marked as unverified. `ValueError` is raised for any other
    file, for weights that are not those of the card, for an id that does not follow from the card, and for
    more weights than are allowed.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            text = np.load(io.BytesIO(_member(archive, "card.npy", MOST_CARD_BYTES)), allow_pickle=False)
            card = _accepted(parse_card(str(text)), most_weights)
            shape = card.weights.shape
            weights = parse_npy(_member(archive, "weights.npy", most_npy_bytes(*shape)), *shape)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError, EOFError) as error:
        raise ValueError(
            f"this is not an archive of a model; use a file from download?format=npz: {error}"
        ) from error
    if hashlib.sha256(npy(weights)).hexdigest() != card.weights.sha256:
        raise ValueError(f"the weights in this archive are not those of the model {card.id!r} that it names")
    return _add(models, card, weights, None, name)


def add_run(models: Models, folder: Path, *, most_weights: int, name: str | None = None) -> Stored:
    """Store the model of a run (``kohonen train``), as a revision of a name if one is given.

    The samples are stored if the run has kept them; otherwise the card is marked as unverified. `ValueError`
    is raised for a folder that is not that of a complete run, and as by `add_archive`.
    """
    try:
        run = RunFolder.open(folder)
        told = run.card()
    except (KohonenError, OSError, KeyError, TypeError) as error:
        raise ValueError(f"this is not the folder of a complete run: {error}") from error
    if told["id"] is None:
        raise ValueError(
            "the training of this run was ended early by an observer, so it cannot be stored as a model"
        )
    card = _accepted(parse_card(told), most_weights)
    shape = card.weights.shape
    try:
        if run.weights_file.stat().st_size > most_npy_bytes(*shape):
            raise ValueError("its weights are larger than they can be")
        weights, data = parse_npy(run.weights_file.read_bytes(), *shape), run.data()
    except (KohonenError, OSError, ValueError) as error:
        raise ValueError(f"this is not the folder of a complete run: {error}") from error
    if hashlib.sha256(npy(weights)).hexdigest() != card.weights.sha256:
        raise ValueError(f"the weights in this folder are not those of the model {card.id!r}")
    if data is not None:
        found = [None if each is None else fingerprint(each) for each in (data.samples, data.sample_weight)]
        if found != [card.data.fingerprint, card.data.sample_weight]:
            raise ValueError(f"the samples in this folder are not those of the model {card.id!r}")
        if _described(data) != card.data.annotations:
            raise ValueError(f"the labels in this folder are not those of the model {card.id!r}")
    return _add(models, card, weights, data, name)


def _accepted(card: Card, most_weights: int) -> Card:
    """Return a card, unless its map is over a limit or its id is not that of its training."""
    if (weights := math.prod(card.weights.shape)) > most_weights:
        raise ValueError(f"a map of {weights:,} weights is over the limit of {most_weights:,}")
    if card.id != _computed_id(card):
        raise ValueError(f"{card.id!r} is not the id of the training that the card describes")
    return card


def _computed_id(card: Card) -> str:
    parameters, data, lineage = card.parameters.to_parameters(), card.data, card.lineage
    annotations = None if data.annotations is None else data.annotations.fingerprint
    if lineage is None:
        table = None if card.table is None else card.table.transformation
        return model_id(
            data.fingerprint,
            parameters,
            sample_weight=data.sample_weight,
            preparation=table,
            annotations=annotations,
        )
    return child_id(
        lineage.parent,
        data.fingerprint,
        parameters,
        first_iteration=lineage.first_iteration,
        last_iteration=lineage.last_iteration,
        sample_weight=data.sample_weight,
        annotations=annotations,
    )


def _add(models: Models, card: Card, weights: FloatArray, data: Dataset | None, name: str | None) -> Stored:
    if (there := models.find(card.id)) is not None:
        return models.ensure_listed(there, name)
    card = replace(card, unverified=data is None)
    annotations = card.data.annotations
    largest = max(0 if data is None else data.samples.nbytes, 0 if annotations is None else annotations.bytes)
    if data is None or largest > MOST_DATA_BYTES:
        data, card = None, without_data(card)
    return models.add(card, weights, data, name=name)


def _described(data: Dataset) -> CardAnnotations | None:
    return None if data.annotations is None else CardAnnotations.of(data.annotations, kept=True)


def _member(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > most_bytes:
        raise ValueError(f"{name} in this archive is larger than it can be")
    return archive.read(info)
