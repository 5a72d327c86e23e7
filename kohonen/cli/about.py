"""The commands ``kohonen info`` and ``bench``."""

import json
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from kohonen import Parameters, __version__
from kohonen.cli.progress import duration
from kohonen.engines import ENGINES, Engine, describe_engine
from kohonen.engines.cores import cores
from kohonen.experiments.folder import RunFolder
from kohonen.experiments.sources import random_samples
from kohonen.initialisation import initial_weights
from kohonen.kernel import kernel

__all__ = ["bench", "info"]

#: The number of iterations of the training that `bench` samples and extrapolates to.
ITERATIONS = 1000


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def info(folder: Path | None, as_json: bool) -> None:
    """Print version and engine, or a summary of the run in FOLDER."""
    document = _installation() if folder is None else _run(RunFolder.open(folder))
    if as_json:
        click.echo(json.dumps(document))
        return
    for name, value in _flat(document):
        click.echo(f"{name:<36}{value}")


def _installation() -> dict[str, Any]:
    found = kernel()
    return {
        "version": __version__,
        "engine": describe_engine(),
        "instruction_set": found.instruction_set if found else None,
        "cores": cores(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }


def _run(folder: RunFolder) -> dict[str, Any]:
    if folder.complete:
        return {"state": "complete", **folder.card()}
    experiment, saved = folder.experiment(), folder.saved()
    return {
        "state": "not complete",
        "run_name": experiment.run_name,
        "iteration": saved.iteration if saved else 0,
        "iterations": experiment.parameters.iterations,
        "go_on_with": f"kohonen resume {folder.path}",
    }


def _flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a document with their dotted names; long lists are left out."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif not isinstance(value, list) or len(value) <= 3:
            yield f"{prefix}{name}", "-" if value is None else value


class _Size(click.ParamType[tuple[int, int]]):
    """The size of a map, as in 100x60."""

    name = "WxH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        sides = str(value).split("x")
        if len(sides) != 2 or not all(side.isascii() and side.isdigit() and int(side) for side in sides):
            self.fail(f"a size must be WIDTHxHEIGHT, as in 100x60, but is {value!r}", param, ctx)
        return int(sides[0]), int(sides[1])


@click.command()
@click.argument("sizes", type=_Size(), nargs=-1)
@click.option("--samples", type=click.IntRange(1), default=20, show_default=True, help="Number of samples.")
@click.option("--input-dim", type=click.IntRange(1), default=3, show_default=True, help="Values per sample.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=0.5,
    show_default=True,
    help="Seconds per measurement.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def bench(
    sizes: tuple[tuple[int, int], ...], samples: int, input_dim: int, seconds: float, as_json: bool
) -> None:
    """Measure the speed of the engines on this machine, on maps of SIZES (20x20, 100x100).

    An iteration shows all samples to the map once. The iterations measured are spread over a training of 1000
    iterations, to estimate its duration. docs/benchmarks.md has thorough measurements.
    """
    measured = [
        _measure(kind, algorithm, size, random_samples(samples, input_dim, 0), seconds)
        for size in sizes or ((20, 20), (100, 100))
        for algorithm, kinds in ENGINES.items()
        for kind in kinds
        if kind.name != "native" or kernel()
    ]
    if as_json:
        click.echo(json.dumps(measured))
        return
    click.echo(f"{'map':<12}{'algorithm':<11}{'engine':<9}{'an iteration':>16}{'1000 iterations':>18}")
    for one in measured:
        size = f"{one['width']}x{one['height']}"
        iteration = f"{1e3 * one['iteration_seconds']:.3f} ms"
        whole = duration(one["iteration_seconds"] * ITERATIONS)
        click.echo(f"{size:<12}{one['algorithm']:<11}{one['engine']:<9}{iteration:>16}{whole:>18}")


def _measure(
    kind: type[Engine], algorithm: Any, size: tuple[int, int], samples: Any, seconds: float
) -> dict[str, Any]:
    """Time single iterations spread over a training, until the time is up."""
    parameters = Parameters(width=size[0], height=size[1], random_state=0, algorithm=algorithm)
    engine = kind(initial_weights(parameters, samples), samples, parameters.schedule)
    until = time.perf_counter() + seconds
    spent, done = 0.0, 0
    # Steps of this length, modulo ITERATIONS, are spread over the training however many are done.
    for turn in range(ITERATIONS):
        iteration = turn * 619 % ITERATIONS
        began = time.perf_counter()
        engine.run(iteration, iteration + 1)
        ended = time.perf_counter()
        spent, done = spent + ended - began, done + 1
        if ended > until:
            break
    return {
        "width": size[0],
        "height": size[1],
        "algorithm": algorithm,
        "engine": kind.name,
        "samples": len(samples),
        "dimension": samples.shape[1],
        "iteration_seconds": spent / done,
        "iterations": done,
    }
