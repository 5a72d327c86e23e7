"""The commands ``kohonen train`` and ``resume``."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from kohonen.cli.data import GENERATED_BY_FLAGS, data_flags, data_of
from kohonen.cli.interrupts import Interrupted, Interrupts
from kohonen.cli.options import given, options_of, verbosity
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

_json = click.option("--json", "as_json", is_flag=True, help="Print the card and the folder as JSON.")


@click.command()
@click.argument("experiment", type=_FILE, required=False)
@data_flags
@options_of(PARAMETERS)
@click.option("--run-name", help="Name of the run.  [default: name of the file]")
@click.option("--folder", type=_RUN, help="Folder of the run.  [default: runs/NAME]")
@click.option("--overwrite", is_flag=True, help="Replace a run in the folder.")
@click.option("--view", "views", multiple=True, help="Draw this view. Repeatable.  [default: all]")
@options_of(_OUTPUT)
@to_mlflow
@_json
@verbosity
def train(
    experiment: Path | None, folder: Path | None, overwrite: bool, tracked: bool, **options: Any
) -> None:
    """Train a map, and write all results into a folder.

    EXPERIMENT is a YAML file, or a table such as CSV. Flags override the environment (SOM_WIDTH and so on, or
    the file .env), which overrides the file, which overrides the defaults. Without file and data, the map is
    trained on random colours.
    """
    if experiment is not None and experiment.suffix.lower() not in (".yaml", ".yml"):
        if options["csv"] is not None:
            raise click.UsageError("give one table, as FILE or with --csv")
        experiment, options["csv"] = None, experiment
    variables = environment()
    from_environment = read_environment(variables)
    file = None if experiment is None else read_layer(experiment)
    wanted = combine(flags=_flags(options), variables=from_environment, file=file)
    verbose = bool(options["verbose"] or from_environment.verbose) and not options["quiet"]
    if verbose:
        _print_origins(variables)
    where = folder or Path("runs") / wanted.run_name
    log = tracker(tracked, quiet=options["quiet"])
    finished = _run(
        where,
        lambda observers, should_stop: start(
            wanted, where, overwrite=overwrite, observers=observers, should_stop=should_stop
        ),
        quiet=options["quiet"],
        verbose=verbose,
    )
    log(finished)
    _print_result(where, finished.card, options["as_json"])


@click.command()
@click.argument("folder", type=_RUN)
@to_mlflow
@_json
@verbosity
def resume(folder: Path, tracked: bool, quiet: bool, verbose: bool | None, as_json: bool) -> None:
    """Continue a run that was interrupted.

    FOLDER is the folder of the run. The map is the same as that of an uninterrupted run. A complete run is
    not changed; --mlflow logs it.
    """
    run = RunFolder.open(folder)
    if run.complete:
        _print_message(f"the run in {folder} is already complete", quiet)
        if tracked:  # perhaps only the logging failed before
            tracker(tracked, quiet=quiet)(finished_run(run))
        _print_result(folder, run.card(), as_json)
        return
    verbose = bool(verbose or read_environment(_only_verbose()).verbose)
    log = tracker(tracked, quiet=quiet)
    finished = _run(
        folder,
        lambda observers, should_stop: carry_on(run, observers=observers, should_stop=should_stop),
        quiet=quiet,
        verbose=verbose and not quiet,
    )
    log(finished)
    _print_result(folder, finished.card, as_json)


def _run(
    folder: Path,
    do: Callable[[Sequence[Observer], Callable[[], bool]], Finished | None],
    *,
    quiet: bool,
    verbose: bool,
) -> Finished:
    """Run a training with a progress bar and signal handlers, and print a summary."""
    bar = Bar(folder.name, quiet=quiet, verbose=verbose)
    with Interrupts() as interrupts:
        finished = do([bar, interrupts], interrupts.requested)
    if finished is None:
        place = f"{interrupts.iteration:,} of {interrupts.last_iteration:,} iterations"
        raise Interrupted(
            f"interrupted after {place}; to continue: kohonen resume {folder}",
            exit_code=128 + interrupts.signal,
        )
    quality, seconds = finished.card["quality"], finished.trained.seconds
    _print_message(
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
    """Return the variables that apply to an existing run: SOM_VERBOSE."""
    return {name: value for name, value in environment().items() if name == "SOM_VERBOSE"}


def _print_origins(variables: dict[str, str]) -> None:
    present = ", ".join(f"{name}={variables[name]}" for name in VARIABLES if variables.get(name))
    if present:
        click.echo(f"from the environment or .env: {present}", err=True)
    click.echo(f"engine: {describe_engine()}", err=True)


def _print_message(text: str, quiet: bool) -> None:
    if not quiet:
        click.echo(text, err=True)


def _print_result(folder: Path, card: dict[str, Any], as_json: bool) -> None:
    """Print the folder of the run, or its card as JSON."""
    click.echo(json.dumps({"folder": str(folder), "card": card}) if as_json else str(folder))
