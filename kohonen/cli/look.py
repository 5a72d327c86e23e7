"""The commands ``kohonen predict``, ``show`` and ``animate``, which use a complete run."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import click
import numpy as np

from kohonen.analysis.clusters import cluster_units
from kohonen.analysis.labels import labels_of
from kohonen.analysis.predictions import Answers
from kohonen.animation import encode
from kohonen.animation.frames import Frames
from kohonen.animation.moments import Moments
from kohonen.card import component_names
from kohonen.cli.options import verbosity
from kohonen.cli.progress import Bar
from kohonen.delimited.dialects import DELIMITERS, Dialect
from kohonen.delimited.reader import Reader
from kohonen.errors import InvalidTableError, RunError
from kohonen.experiments.folder import RunFolder
from kohonen.experiments.sources import in_file
from kohonen.files import write_whole
from kohonen.inputs.annotations import annotations_in
from kohonen.inputs.arrays import FloatArray, as_samples
from kohonen.inputs.tables import read_rows, shown
from kohonen.pictures.draw import VIEWS, draw_view
from kohonen.report.page import report
from kohonen.training import train

__all__ = ["animate", "predict", "show"]

_RUN = click.Path(path_type=Path)
_IN = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUT = click.Path(path_type=Path, dir_okay=False)
_FORMS: dict[str, encode.Form] = {".gif": "gif", ".png": "apng", ".apng": "apng", ".webp": "webp"}


class _Clusters(click.ParamType[Any]):
    """A number of clusters, or "auto"."""

    name = "number|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "auto" or isinstance(value, int):
            return value
        if not (value.isascii() and value.isdigit()):
            self.fail(f"must be a number or 'auto', but is {value!r}", param, ctx)
        return int(value)


@click.command()
@click.argument("folder", type=_RUN)
@click.argument("file", type=_IN)
@click.option("-o", "--output", type=_OUT, help="The file to write.  [default: standard output]")
@click.option("--clusters", type=_Clusters(), default="auto", show_default=True, help="Number of clusters.")
@click.option("--join", is_flag=True, help="Write the rows as they came before the answers.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of CSV.")
@click.option(
    "--unknown",
    type=click.Choice(["missing", "error"]),
    default="missing",
    show_default=True,
    help="Whether a category that the map does not know counts as missing, or is an error.",
)
def predict(
    folder: Path, file: Path, output: Path | None, clusters: Any, join: bool, as_json: bool, unknown: Any
) -> None:
    """Print the unit of each row of a table, the distance to it, its cluster, and its labels.

    FOLDER is the folder of a run, and FILE a table, such as CSV. The id of each row comes first, if FILE has
    the column of ids of the training. For each column of labels of the training, the answers have the
    majority of the unit's rows and its share.
    """
    run = RunFolder.open(folder)
    weights, (samples, leading) = run.weights(), _samples(run, file, unknown)
    answers = Answers(weights, cluster_units(weights, clusters).labels, labels_of(weights, run.annotations()))
    options: dict[str, Any] = {}
    if join:
        preparation = run.preparation()
        reader = Reader(file, Dialect() if preparation is None else preparation.dialect)
        leading = reader.texts()
        options = {"delimiter": DELIMITERS.get(str(reader.dialect.delimiter), ",")}
        if reader.dialect.decimal == "comma":
            options["decimal"] = ","
    if as_json:
        rows = [dict(zip(leading, cells, strict=True)) for cells in zip(*leading.values(), strict=True)]
        content = b"".join(answers.as_json(samples, {"row": rows} if join else leading)) + b"\n"
    else:
        content = b"".join(answers.as_csv(samples, leading, **options))
    if output is None:
        click.echo(content.decode(), nl=False)
    else:
        write_whole(output, content)


@click.command()
@click.argument("folder", type=_RUN)
@click.option("--view", type=click.Choice(VIEWS), default="map", show_default=True, help="View to draw.")
@click.option("-o", "--output", type=_OUT, help="The file: .png, .svg or .html.  [default: VIEW.png]")
@click.option("--annotated", is_flag=True, help="Add axes, titles and colour bars; always with .svg.")
@click.option("--scale", type=click.IntRange(1), help="Width of a unit in pixels.")
@click.option("--component", help="Only component plane to draw, by its name or by its index from 0.")
@click.option("--clusters", type=click.IntRange(1), help="Number of clusters to draw.")
@click.option("--column", help="Column of the view plane, trained on or kept as labels.")
@click.option("--label", help="Column of the views labels and pies.  [default: the first]")
def show(
    folder: Path, view: Any, output: Path | None, annotated: bool, component: str | None, **options: Any
) -> None:
    """Draw a view of a map, or write the report.

    FOLDER is the folder of a run. An output that ends in .html is the report of all views.
    """
    run, path = RunFolder.open(folder), output or Path(f"{view}.png")
    if path.suffix == ".html":
        _write(path, report(run.card(), run.weights(), run.samples(), run.annotations()).encode())
        return
    if path.suffix not in (".png", ".svg"):
        raise click.UsageError(f"{path}: the name of the file must end in .png, .svg or .html")
    form: Any = path.suffix[1:]
    drawn = draw_view(
        view,
        run.weights(),
        run.samples(),
        geometry=run.geometry(),
        preparation=run.preparation(),
        annotations=run.annotations(),
        form=form,
        annotated=annotated or form == "svg",
        component=None if component is None else _component(run, component),
        **options,
    )
    _write(path, drawn)


@click.command()
@click.argument("folder", type=_RUN)
@click.option(
    "-o", "--output", type=_OUT, default="training.gif", show_default=True, help=".gif, .png or .webp."
)
@click.option("--frames", type=click.IntRange(2), default=24, show_default=True, help="Number of frames.")
@click.option("--spacing", type=click.Choice(["even", "logarithmic"]), default="even", show_default=True)
@click.option("--scale", type=click.IntRange(1), help="Width of a unit in pixels.")
@click.option(
    "--milliseconds", type=click.IntRange(10), default=120, show_default=True, help="Duration of a frame."
)
@click.option("--no-captions", is_flag=True, help="Leave out the captions below the frames.")
@verbosity
def animate(
    folder: Path,
    output: Path,
    frames: int,
    spacing: Any,
    scale: int | None,
    milliseconds: int,
    **options: Any,
) -> None:
    """Make another animation of a run, which is trained again for it.

    FOLDER is the folder of a run.
    """
    if output.suffix not in _FORMS:
        raise click.UsageError(f"{output}: the name of the file must end in {', '.join(_FORMS)}")
    run = RunFolder.open(folder)
    experiment, data = run.experiment(), run.data()
    if data is None:
        raise RunError(f"the samples are not kept in {folder}: train its experiment.yaml again")
    captured = Frames(Moments(frames, spacing))
    bar = Bar(folder.name, quiet=options["quiet"], verbose=bool(options["verbose"]))
    train(
        data.samples,
        experiment.parameters,
        sample_weight=data.sample_weight,
        observers=[captured, bar],
        batch_size=experiment.batch_size,
        missing="mask",
    )
    made = encode.animate(
        captured.frames,
        form=_FORMS[output.suffix],
        scale=scale,
        geometry=experiment.parameters.geometry,
        milliseconds=milliseconds,
        captions=not options["no_captions"],
    )
    _write(output, made.content)


def _component(run: RunFolder, text: str) -> int:
    """Return the index of a component given by its name or index."""
    names = component_names(run.card())
    if text in names:
        return names.index(text)
    if text.isascii() and text.isdigit() and int(text) < len(names):
        return int(text)
    raise click.UsageError(f"--component must be from 0 to {len(names) - 1}, or one of {shown(names)}")


def _samples(
    run: RunFolder, path: Path, unknown: Literal["missing", "error"]
) -> tuple[FloatArray, Mapping[str, Sequence[str | None]]]:
    """Return the rows of a table as samples, with the preparation of the training data; and their ids."""
    preparation = run.preparation()
    with in_file(path):
        if preparation is not None:
            table = preparation.read_rows(path)
            samples = preparation.transform(table, unknown=unknown)
            for error in preparation.unknown(table):
                click.echo(f"note: {error}; they count as missing", err=True)
            annotations = annotations_in(table, preparation.roles)
            ids = None if annotations is None else annotations.first_ids()
            return samples, {} if ids is None else {"id": ids}
        columns = read_rows(path)
        dimension = run.weights().shape[2]
        for name, values in columns.items():
            if not isinstance(values, np.ndarray):
                raise InvalidTableError(f"the column {name!r} must hold numbers", column=name)
        if len(columns) != dimension:
            message = f"the table has {len(columns)} columns, but the map was trained on {dimension}"
            raise InvalidTableError(message)
        return as_samples(np.column_stack([np.asarray(values) for values in columns.values()])), {}


def _write(path: Path, content: bytes) -> None:
    """Write a file, and print its name for scripts."""
    write_whole(path, content)
    sys.stdout.write(f"{path}\n")
