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
from kohonen.experiments.experiment import Data, Experiment
from kohonen.experiments.table import ROLES
from kohonen.identity import fingerprint
from kohonen.inputs.arrays import FloatArray, as_samples
from kohonen.inputs.colours import parse_colours
from kohonen.inputs.preparation import Preparation
from kohonen.inputs.tables import read_csv

__all__ = ["Loaded", "image_colours", "import_callable", "in_file", "load_samples", "random_samples"]

#: Of a larger image, evenly spaced pixels are used.
MOST_PIXELS = 1_000_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """Samples as trained on.

    Attributes
    ----------
    samples : ndarray of shape (n, dim)
        The samples, with NaN for missing values.
    preparation : Preparation or None
        Their preparation, if they come from a table.
    """

    samples: FloatArray
    preparation: Preparation | None = None


def load_samples(experiment: Experiment) -> Loaded:
    """Return the samples of an experiment.

    Raises
    ------
    InvalidDataError
        When they cannot be used, or their fingerprint is not that of the experiment.
    OSError
        When a file cannot be read.
    """
    data = experiment.data
    if data.kind == "csv":
        loaded = _table(data.options)
    else:
        loaded = Loaded(as_samples(_LOADERS[data.kind](data.options, experiment)))
    if data.fingerprint is not None and fingerprint(loaded.samples) != data.fingerprint:
        raise InvalidDataError(
            f"the data ({_place(data)}) are not those of this experiment: restore those, or remove "
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

    Raises
    ------
    InvalidDataError
        When the file is not an image that Pillow can read.
    OSError
        When it cannot be read.
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
    """Import a callable by ``module:callable``. This runs the module's code.

    Parameters
    ----------
    target : str
        The module, and the callable as a dotted path of attributes.
    folder : Path
        The folder that modules are imported from first.

    Raises
    ------
    InvalidExperimentError
        When it does not exist, or is not callable.
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


def _npy(options: dict[str, Any], experiment: Experiment) -> Any:
    try:
        array = np.load(options["path"], allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InvalidDataError(f"{options['path']} is not a .npy file of numbers: {error}") from error
    if not isinstance(array, np.ndarray):
        raise InvalidDataError(f"{options['path']} is an archive of arrays: save the samples as .npy")
    return array


def _table(options: Mapping[str, Any]) -> Loaded:
    path = Path(options["path"])
    with in_file(path):
        roles = {name: options.get(name) for name in ROLES}
        table = read_csv(path, **roles, **(options.get("dialect") or {}))
        preparation = Preparation.fit(
            table, normalisation=options.get("normalisation", "z-score"), missing=options["missing"]
        )
        return Loaded(preparation.transform(table), preparation)


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Name a file in the messages about its table."""
    try:
        yield
    except InvalidTableError as error:
        raise InvalidTableError(f"{path}: {error}", column=error.column, row=error.row) from error


def _call(options: dict[str, Any], experiment: Experiment) -> Any:
    return import_callable(options["target"], experiment.code)(**options.get("arguments", {}))


def _place(data: Data) -> str:
    return str(data.options.get("path") or data.options.get("target") or data.kind)


_LOADERS: dict[str, Callable[[dict[str, Any], Experiment], Any]] = {
    "random": _random,
    "colours": lambda options, _: parse_colours(options["values"], colour_range=options["range"]),
    "values": lambda options, _: options["rows"],
    "npy": _npy,
    "image": lambda options, _: image_colours(Path(options["path"]), options["colours"]),
    "call": _call,
}
