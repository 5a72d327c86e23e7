"""What an experiment is: data, parameters, and what is wanted of the training."""

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from kohonen.data import Missing
from kohonen.drawing import VIEWS
from kohonen.errors import InvalidExperimentError
from kohonen.frames import Spacing
from kohonen.parameters import BATCH_SIZE, DEFINITIONS, Definition, Parameters

__all__ = [
    "GENERATED",
    "OUTPUT",
    "PARAMETERS",
    "RUN_NAME",
    "SOURCES",
    "TABLE",
    "Data",
    "Experiment",
    "Output",
    "Source",
    "check_run_name",
    "check_view",
]

#: What the section `parameters` may have.
PARAMETERS: Mapping[str, Definition] = MappingProxyType({**DEFINITIONS, "batch_size": BATCH_SIZE})

RUN_NAME = Definition("Name of the run, and of its folder.", str)
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

#: What is generated where no data are given.
GENERATED: Mapping[str, Definition] = MappingProxyType(
    {
        "samples": Definition("How many random samples to generate.", int, default=20, least=1),
        "dimension": Definition("How many values each has; three make colours.", int, default=3, least=1),
        "random_state": Definition("Their seed; that of the map by default.", int, least=0),
    }
)

#: What the section `output` may have.
OUTPUT: Mapping[str, Definition] = MappingProxyType(
    {
        "views": Definition("Which views to draw; by default all that there are.", list),
        "report": Definition("Whether to write report.html.", bool, default=True),
        "gif": Definition("Whether to make training.gif.", bool, default=True),
        "frames": Definition("Frames of the animation.", int, default=24, least=2),
        "spacing": Definition(
            "Whether frames are evenly spaced, or dense at the beginning.",
            str,
            default="even",
            choices=get_args(Spacing),
        ),
        "single_frames": Definition("Whether to keep each frame as a PNG, too.", bool, default=False),
        "telemetry": Definition("Lines of telemetry.jsonl, about.", int, default=100, least=1),
        "checkpoint_seconds": Definition("Seconds between two checkpoints.", float, default=10.0, above=0),
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of data.

    Attributes
    ----------
    main : str
        The field that is meant where there is no more than a value.
    fields : mapping of str to Definition
        What there is to say about it; all but the main field have defaults.
    paths : tuple of str
        Which of them are paths, from the folder of the experiment's file.
    """

    main: str
    fields: Mapping[str, Definition]
    paths: tuple[str, ...] = ()


_PATH = Definition("The file.", str)

#: How a table becomes samples; see :mod:`kohonen.preparation`.
TABLE: Mapping[str, Definition] = MappingProxyType(
    {
        "ignore": Definition("A column to leave out, such as a label.", list),
        "categorical": Definition("A column that is texts even where it looks like numbers.", list),
        "absent": Definition("A text that stands for a missing value, such as NA.", list),
        "delimiter": Definition(
            "What stands between values; found out by default.", str, choices=("comma", "semicolon", "tab")
        ),
        "normalisation": Definition(
            "How numbers are brought to one scale, all columns or by name; z-score by default.", object
        ),
        "missing": Definition(
            "Whether missing values are left out of the training, or refused.",
            str,
            default="mask",
            choices=get_args(Missing),
        ),
    }
)

#: The kinds of data by their names.
SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "random": Source("samples", GENERATED),
        "colours": Source(
            "values",
            {
                "values": Definition("CSS colours, or triples.", list),
                "range": Definition("What full red, green or blue is in a triple.", int, default=1, least=1),
            },
        ),
        "values": Source("rows", {"rows": Definition("The samples, a list each.", list)}),
        "csv": Source("path", {"path": _PATH, **TABLE}, paths=("path",)),
        "npy": Source("path", {"path": _PATH}, paths=("path",)),
        "image": Source(
            "path",
            {
                "path": _PATH,
                "colours": Definition("How many colours to take.", int, default=40, least=1, most=256),
            },
            paths=("path",),
        ),
        "call": Source(
            "target",
            {
                "target": Definition("module:callable, which returns the samples.", str),
                "arguments": Definition("What it is called with, by name.", dict),
            },
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Data:
    """What is trained on.

    Attributes
    ----------
    kind : str
        One of `SOURCES`.
    options : dict
        What that kind needs; paths are absolute.
    fingerprint : str or None
        The `kohonen.identity.fingerprint` that the samples must have, where they are known already.
    """

    kind: str
    options: dict[str, Any]
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What is wanted of a training besides the map; see `OUTPUT`."""

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
        """Whether frames are to be captured."""
        return self.gif or self.single_frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """All there is to a training.

    Attributes
    ----------
    run_name : str
        What it is called.
    data : Data
        What is trained on.
    parameters : Parameters
        The map and its training.
    batch_size : int or None
        How many samples batch training looks up at a time.
    keep_data : bool
        Whether the samples stay beside the model.
    output : Output
        What is wanted besides the map.
    observers : tuple of str
        Callables, ``module:callable``, that return observers.
    code : Path
        The folder in which modules are looked for first.
    """

    run_name: str
    data: Data
    parameters: Parameters
    batch_size: int | None = None
    keep_data: bool = True
    output: Output = field(default_factory=Output)
    observers: tuple[str, ...] = ()
    code: Path = field(default_factory=Path.cwd)

    def resolved(self, fingerprint: str) -> "Experiment":
        """Return this experiment with nothing left open: a seed, and the fingerprint of its data."""
        # What is generated is the same wherever its seed is.
        known = None if self.data.kind == "random" else fingerprint
        return replace(self, parameters=self.parameters.seeded(), data=replace(self.data, fingerprint=known))

    def document(self, folder: Path) -> dict[str, Any]:
        """Return the experiment as what its file would say, with paths from a folder."""
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
    """Return a view that can be drawn.

    Raises
    ------
    InvalidExperimentError
        When there is no such view.
    """
    if view not in VIEWS:
        raise InvalidExperimentError(f"there is no view {view!r}, but {', '.join(VIEWS)}")
    return view


def check_run_name(name: Any) -> str:
    """Return the name of a run, which is also that of its folder.

    Raises
    ------
    InvalidParameterError, InvalidExperimentError
        When it cannot be one.
    """
    text: str = RUN_NAME.check("run_name", name)
    if not _NAME.fullmatch(text):
        raise InvalidExperimentError(
            f"run_name must be 1 to 100 letters, digits, '.', '_' and '-', but is {text!r}"
        )
    return text
