"""``kohonen train`` and ``kohonen resume``."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from kohonen.cli.data import GENERATED_BY_FLAGS, data_flags, data_of
from kohonen.cli.interrupts import Interrupted, Interrupts
from kohonen.cli.options import given, loudness, of
from kohonen.cli.progress import Bar, duration
from kohonen.cli.tracking import to_mlflow, tracker
from kohonen.engines import describe_engine
from kohonen.experiments.experiment import OUTPUT, PARAMETERS, check_run_name
from kohonen.experiments.folder import RunFolder
from kohonen.experiments.reading import read_layer
from kohonen.experiments.run import Finished, carry_on, finished_run, start
from kohonen.experiments.settings import VARIABLES, Layer, combine, environment, read_environment
from kohonen.parameters import Definition
from kohonen.training import Observer

__all__ = ["resume", "train"]

_OUTPUT: dict[str, Definition] = {name: one for name, one in OUTPUT.items() if name != "views"}
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_RUN = click.Path(path_type=Path)

_json = click.option("--json", "as_json", is_flag=True, help="Write the card and the folder as JSON.")


@click.command()
@click.argument("experiment", type=_FILE, required=False)
@data_flags
@of(PARAMETERS)
@click.option("--run-name", help="Name of the run.  [default: that of the file]")
@click.option("--folder", type=_RUN, help="Folder of the run.  [default: runs/NAME]")
@click.option("--overwrite", is_flag=True, help="Replace a run that is in the folder.")
@click.option("--view", "views", multiple=True, help="Draw this view; may be given again.  [default: all]")
@of(_OUTPUT)
@to_mlflow
@_json
@loudness
def train(
    experiment: Path | None, folder: Path | None, overwrite: bool, tracked: bool, **options: Any
) -> None:
    """Train a map, and put all that comes of it into a folder.

    EXPERIMENT is a YAML file. A flag wins over the environment (SOM_WIDTH and so on, or the file .env), that
    over the file, and that over the defaults. Without a file and without data, the map is of random colours.
    """
    variables = environment()
    said = read_environment(variables)
    file = None if experiment is None else read_layer(experiment)
    wanted = combine(flags=_flags(options), variables=said, file=file)
    verbose = bool(options["verbose"] or said.verbose) and not options["quiet"]
    if verbose:
        _tell_origins(variables)
    where = folder or Path("runs") / wanted.run_name
    log = tracker(tracked, quiet=options["quiet"])
    finished = _work(
        where,
        lambda observers, should_stop: start(
            wanted, where, overwrite=overwrite, observers=observers, should_stop=should_stop
        ),
        quiet=options["quiet"],
        verbose=verbose,
    )
    log(finished)
    _answer(where, finished.card, options["as_json"])


@click.command()
@click.argument("folder", type=_RUN)
@to_mlflow
@_json
@loudness
def resume(folder: Path, tracked: bool, quiet: bool, verbose: bool | None, as_json: bool) -> None:
    """Go on with a run that was interrupted.

    FOLDER is that of the run. It ends with the very map of a run that was not interrupted. One that is
    complete stays as it is, and --mlflow logs it.
    """
    run = RunFolder.open(folder)
    if run.complete:
        _say(f"the run in {folder} is complete already", quiet)
        if tracked:  # it may be that only that failed
            tracker(tracked, quiet=quiet)(finished_run(run))
        _answer(folder, run.card(), as_json)
        return
    verbose = bool(verbose or read_environment(_only_verbose()).verbose)
    log = tracker(tracked, quiet=quiet)
    finished = _work(
        folder,
        lambda observers, should_stop: carry_on(run, observers=observers, should_stop=should_stop),
        quiet=quiet,
        verbose=verbose and not quiet,
    )
    log(finished)
    _answer(folder, finished.card, as_json)


def _work(
    folder: Path,
    do: Callable[[Sequence[Observer], Callable[[], bool]], Finished | None],
    *,
    quiet: bool,
    verbose: bool,
) -> Finished:
    """Train, and say what came of it."""
    bar = Bar(folder.name, quiet=quiet, verbose=verbose)
    with Interrupts() as interrupts:
        finished = do([bar, interrupts], interrupts.asked)
    if finished is None:
        place = f"{interrupts.iteration:,} of {interrupts.last_iteration:,} iterations"
        raise Interrupted(
            f"interrupted after {place}; to go on: kohonen resume {folder}",
            exit_code=128 + interrupts.signal,
        )
    quality, seconds = finished.card["quality"], finished.trained.seconds
    _say(
        f"{folder}: trained in {duration(seconds)}, quantization error "
        f"{quality['quantization_error']:.4g}, topographic error {quality['topographic_error']:.2%}",
        quiet,
    )
    return finished


def _flags(options: dict[str, Any]) -> Layer:
    parameters = given(options, PARAMETERS)
    batch_size = parameters.pop("batch_size", None)
    output = given(options, _OUTPUT)
    if options["views"]:
        output["views"] = tuple(options["views"])
    name = options["run_name"]
    return Layer(
        parameters=parameters,
        batch_size=batch_size,
        generated=given(options, GENERATED_BY_FLAGS),
        output=output,
        data=data_of(options),
        run_name=None if name is None else check_run_name(name),
    )


def _only_verbose() -> dict[str, str]:
    """Return what the environment says that concerns a run whose experiment is settled."""
    return {name: value for name, value in environment().items() if name == "SOM_VERBOSE"}


def _tell_origins(variables: dict[str, str]) -> None:
    said = ", ".join(f"{name}={variables[name]}" for name in VARIABLES if variables.get(name))
    if said:
        click.echo(f"from the environment or .env: {said}", err=True)
    click.echo(f"engine: {describe_engine()}", err=True)


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        click.echo(text, err=True)


def _answer(folder: Path, card: dict[str, Any], as_json: bool) -> None:
    """Write what a script may want: where the run is, or its card."""
    click.echo(json.dumps({"folder": str(folder), "card": card}) if as_json else str(folder))
