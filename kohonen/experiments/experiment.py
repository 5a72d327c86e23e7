"""Experiments: the data, parameters and outputs of a training."""

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from kohonen.animation.moments import Spacing
from kohonen.engines.sizes import WANTED, sized
from kohonen.errors import InvalidExperimentError
from kohonen.experiments.table import TABLE
from kohonen.inputs.arrays import Dataset
from kohonen.parameters import BATCH_SIZE, Definition, Parameters
from kohonen.pictures.draw import VIEWS

__all__ = [
    "GENERATED",
    "OUTPUT",
    "PARAMETERS",
    "RUN_NAME",
    "SOURCES",
    "Data",
    "Experiment",
    "Output",
    "Source",
    "check_run_name",
    "check_view",
]

#: The fields of the section `parameters`.
PARAMETERS: Mapping[str, Definition] = MappingProxyType({**WANTED, "batch_size": BATCH_SIZE})

RUN_NAME = Definition("Name of the run, and of its folder.", str)
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

#: The settings of generated data, which are used where no data are given.
GENERATED: Mapping[str, Definition] = MappingProxyType(
    {
        "samples": Definition("Number of random samples to generate.", int, default=20, least=1),
        "dimension": Definition("Values per sample; three are colours.", int, default=3, least=1),
        "random_state": Definition("Seed of the samples; by default the seed of the map.", int, least=0),
    }
)

#: The fields of the section `output`.
OUTPUT: Mapping[str, Definition] = MappingProxyType(
    {
        "views": Definition("Views to draw; all by default.", list),
        "report": Definition("Whether to write report.html.", bool, default=True),
        "gif": Definition("Whether to make training.gif.", bool, default=True),
        "frames": Definition("Number of frames of the animation.", int, default=24, least=2),
        "spacing": Definition(
            "Whether frames are evenly spaced, or dense at the beginning.",
            str,
            default="even",
            choices=get_args(Spacing),
        ),
        "single_frames": Definition("Whether to write each frame as a PNG, too.", bool, default=False),
        "telemetry": Definition("Approximate lines of telemetry.jsonl.", int, default=100, least=1),
        "checkpoint_seconds": Definition("Seconds between two checkpoints.", float, default=10.0, above=0),
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of data.

    Attributes
    ----------
    main : str
        The field that a value without fields sets; all other fields have defaults.
    fields : mapping of str to Definition
        The fields.
    paths : tuple of str
        The fields that are paths, relative to the folder of the experiment's file.
    """

    main: str
    fields: Mapping[str, Definition]
    paths: tuple[str, ...] = ()


_PATH = Definition("The file.", str)
_WEIGHT = Definition("Weights of the samples in batch training.", list)

#: The kinds of data by their names.
SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "random": Source("samples", GENERATED),
        "colours": Source(
            "values",
            {
                "values": Definition("CSS colours, or triples of red, green and blue.", list),
                "range": Definition("The value of a full channel in a triple.", int, default=1, least=1),
                "sample_weight": _WEIGHT,
            },
        ),
        "values": Source(
            "rows",
            {"rows": Definition("The samples, each a list of values.", list), "sample_weight": _WEIGHT},
        ),
        "csv": Source("path", {"path": _PATH, **TABLE}, paths=("path",)),
        "npy": Source(
            "path",
            {"path": _PATH, "sample_weight": Definition("The file of the sample weights.", str)},
            paths=("path", "sample_weight"),
        ),
        "image": Source(
            "path",
            {
                "path": _PATH,
                "colours": Definition("Number of colours to take.", int, default=40, least=1, most=256),
            },
            paths=("path",),
        ),
        "call": Source(
            "target",
            {
                "target": Definition("module:callable that returns the samples.", str),
                "arguments": Definition("Keyword arguments of the callable.", dict),
            },
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Data:
    """The training data of an experiment.

    Attributes
    ----------
    kind : str
        One of `SOURCES`.
    options : dict
        The fields of that kind; paths are absolute.
    fingerprint : str or None
        The fingerprint that the data must have, if known; see `kohonen.experiments.sources.Loaded`.
    """

    kind: str
    options: dict[str, Any]
    fingerprint: str | None = None

    @property
    def are_colours(self) -> bool:
        """Whether the samples are colours, by their kind."""
        return self.kind in ("colours", "image") or self.options.get("dimension") == 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The outputs of a training besides the map; see `OUTPUT`."""

    views: tuple[str, ...] | None = None
    report: bool = True
    gif: bool = True
    frames: int = 24
    spacing: Spacing = "even"
    single_frames: bool = False
    telemetry: int = 100
    checkpoint_seconds: float = 10.0

    def __post_init__(self) -> None:
        for view in self.views or ():
            check_view(view)

    @property
    def needs_frames(self) -> bool:
        """Whether an output needs frames."""
        return self.gif or self.single_frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """The complete description of a training.

    Attributes
    ----------
    run_name : str
        The name of the run.
    data, parameters, output
        The training data, the map and its training, and the outputs besides the map.
    auto : frozenset of str
        The parameters that are chosen when the data are known; see :mod:`kohonen.engines.sizes`.
    batch_size : int or None
        The number of samples per block of batch training.
    keep_data : bool
        Whether the samples are kept with the model.
    observers : tuple of str
        Callables, ``module:callable``, that return observers.
    code : Path
        The folder that modules are imported from first.
    """

    run_name: str
    data: Data
    parameters: Parameters
    auto: frozenset[str] = frozenset()
    batch_size: int | None = None
    keep_data: bool = True
    output: Output = field(default_factory=Output)
    observers: tuple[str, ...] = ()
    code: Path = field(default_factory=Path.cwd)

    def sized(self, data: Dataset) -> "Experiment":
        """Return this experiment with all parameters chosen for its data.

        `InvalidParameterError` is raised for sample weights that the algorithm does not take.
        """
        parameters = sized(self.parameters, self.auto, data.samples, data.sample_weight)
        parameters.check_weighting(data.sample_weight)
        return replace(self, parameters=parameters, auto=frozenset())

    def resolved(self, fingerprint: str) -> "Experiment":
        """Return this experiment with a fixed seed and the fingerprint of its data."""
        # The seed determines generated data, so that they need no fingerprint.
        known = None if self.data.kind == "random" else fingerprint
        return replace(self, parameters=self.parameters.seeded(), data=replace(self.data, fingerprint=known))

    def document(self, folder: Path) -> dict[str, Any]:
        """Return the experiment as the document of its file, with paths relative to a folder."""
        source = SOURCES[self.data.kind]
        options = {
            name: _relative(value, folder) if name in source.paths else value
            for name, value in self.data.options.items()
            if value is not None
        }
        data: dict[str, Any] = {self.data.kind: options}
        if self.data.fingerprint is not None:
            data["fingerprint"] = self.data.fingerprint
        parameters = {name: value for name, value in asdict(self.parameters).items() if value is not None}
        if self.batch_size is not None:
            parameters["batch_size"] = self.batch_size
        output = {name: value for name, value in asdict(self.output).items() if value is not None}
        if self.output.views is not None:
            output["views"] = list(self.output.views)
        document: dict[str, Any] = {
            "run_name": self.run_name,
            "data": data,
            "parameters": parameters,
            "keep_data": self.keep_data,
            "output": output,
        }
        if self.observers:
            document["observers"] = list(self.observers)
        if self.observers or self.data.kind == "call":
            document["code"] = _relative(str(self.code), folder)
        return document


def _relative(path: str, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def check_view(view: Any) -> Any:
    """Return the name of a view; raise `InvalidExperimentError` for any other value."""
    if view not in VIEWS:
        raise InvalidExperimentError(f"a view must be one of {', '.join(VIEWS)}, but is {view!r}")
    return view


def check_run_name(name: Any) -> str:
    """Return a valid name of a run, which is also that of its folder, or raise a `KohonenError`."""
    text: str = RUN_NAME.check("run_name", name)
    if not _NAME.fullmatch(text):
        raise InvalidExperimentError(
            f"run_name must be 1 to 100 letters, digits, '.', '_' and '-', but is {text!r}"
        )
    return text
