"""Loads the samples of an experiment."""

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kohonen.errors import InvalidDataError, InvalidExperimentError, InvalidTableError
from kohonen.experiments.experiment import Experiment
from kohonen.experiments.table import ROLES
from kohonen.identity import fingerprint
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Dataset, FloatArray, as_sample_weight, as_samples
from kohonen.inputs.colours import parse_colours
from kohonen.inputs.preparation import Preparation
from kohonen.inputs.tables import read_csv

__all__ = ["Loaded", "image_colours", "import_callable", "in_file", "load_samples", "random_samples"]

#: Of a larger image, evenly spaced pixels are used.
MOST_PIXELS = 1_000_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """The data of a training, with NaN for missing values, and the preparation of their samples."""

    data: Dataset
    preparation: Preparation | None = None

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the samples and their weights and, after a hyphen, of labels and ids."""
        annotations = self.data.annotations
        table = fingerprint(self.data.table)
        return table if annotations is None else f"{table}-{annotations.fingerprint}"


def load_samples(experiment: Experiment) -> Loaded:
    """Return the samples of an experiment.

    `InvalidDataError` is raised when they cannot be used or their fingerprint is not that of the experiment,
    and `OSError` when a file cannot be read.
    """
    data = experiment.data
    if data.kind == "csv":
        loaded = _table(data.options)
    else:
        samples = as_samples(_LOADERS[data.kind](data.options, experiment))
        weight = data.options.get("sample_weight")
        if isinstance(weight, str):
            weight = _array(weight)
        loaded = Loaded(Dataset(samples, as_sample_weight(weight, count=len(samples))))
    if data.fingerprint is not None and loaded.fingerprint != data.fingerprint:
        place = data.options.get("path") or data.options.get("target") or data.kind
        raise InvalidDataError(
            f"the data ({place}) are not those of this experiment: restore those, or remove "
            "'fingerprint' from its file to train another map"
        )
    return loaded


def random_samples(count: int, dimension: int, seed: int) -> FloatArray:
    """Return random samples in [0, 1) of shape (count, dimension); of dimension 3, the demo's colours."""
    # The seed alone would give the initial weights of the map.
    return np.random.default_rng([seed, 1]).random((count, dimension))


def image_colours(path: Path, count: int) -> FloatArray:
    """Return the main colours of an image, the most frequent first: shape (count, 3) or fewer rows.

    They are chosen by P. Heckbert's median cut ("Color image quantization for frame buffer display", 1982).
    `InvalidDataError` is raised when the file is not an image that Pillow can read.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    except (UnidentifiedImageError, Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InvalidDataError(f"{path} is not an image that can be read: {error}") from error
    pixels = pixels[:: -(-len(pixels) // MOST_PIXELS)]
    reduced = Image.fromarray(pixels[None]).quantize(count, method=Image.Quantize.MEDIANCUT)
    table = np.array(reduced.getpalette(), dtype=np.float64).reshape(-1, 3)
    places, counts = np.unique(np.asarray(reduced), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return np.asarray(table[places[order]] / 255)


def import_callable(target: str, folder: Path) -> Callable[..., Any]:
    """Import a callable by ``module:callable``, a dotted path of attributes. This runs the module's code.

    Modules are imported from `folder` first. `InvalidExperimentError` is raised when the callable does not
    exist, or is not callable.
    """
    module, _, path = target.partition(":")
    if not module or not path:
        raise InvalidExperimentError(f"{target!r} must be module:callable, as in 'mydata:load'")
    before = list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        found: Any = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise InvalidExperimentError(
            f"{target!r} was not found in {folder} or among the installed modules: {error}"
        ) from error
    finally:
        sys.path[:] = before
    if not callable(found):
        raise InvalidExperimentError(f"{target!r} must be callable, but is {found!r}")
    made: Callable[..., Any] = found
    return made


def _random(options: dict[str, Any], experiment: Experiment) -> FloatArray:
    seed: Any = options.get("random_state")
    if seed is None:
        seed = experiment.parameters.seeded().random_state
    return random_samples(options["samples"], options["dimension"], seed)


def _array(path: str) -> Any:
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InvalidDataError(f"{path} is not a .npy file of numbers: {error}") from error
    if not isinstance(array, np.ndarray):
        raise InvalidDataError(f"{path} is an archive of arrays: save the samples as .npy")
    return array


def _table(options: Mapping[str, Any]) -> Loaded:
    path = Path(options["path"])
    with in_file(path):
        roles, dialect = {name: options.get(name) for name in ROLES}, options.get("dialect") or {}
        table = read_csv(path, **roles, **dialect)
        preparation = Preparation.fit(
            table, normalisation=options.get("normalisation", "z-score"), missing=options["missing"]
        )
        annotations = Annotations.of(table.labels, table.ids)
        return Loaded(Dataset(preparation.transform(table), table.sample_weight, annotations), preparation)


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Name a file in the messages about its table."""
    try:
        yield
    except InvalidTableError as error:
        raise InvalidTableError(f"{path}: {error}", column=error.column, row=error.row) from error


_LOADERS: dict[str, Callable[[dict[str, Any], Experiment], Any]] = {
    "random": _random,
    "colours": lambda options, _: parse_colours(options["values"], colour_range=options["range"]),
    "values": lambda options, _: options["rows"],
    "npy": lambda options, _: _array(options["path"]),
    "image": lambda options, _: image_colours(Path(options["path"]), options["colours"]),
    "call": lambda options, experiment: import_callable(options["target"], experiment.code)(
        **options.get("arguments", {})
    ),
}
