"""Limits on the cost of trainings, predictions and tables, checked before they start."""

import math
from collections.abc import Iterator
from dataclasses import replace

from app.errors import FieldError, OverLimitError
from app.settings import Settings
from app.training.request import TrainingRequest
from kohonen.engines import default_engine
from kohonen.engines.cost import QUALITY_ITERATIONS
from kohonen.pictures.maps import picture_size, unit_pixels

__all__ = [
    "check",
    "check_job",
    "check_prediction",
    "check_samples",
    "check_table",
    "check_values",
    "estimate",
    "most_rows",
]

#: Seconds to compare a vector with a unit: a constant part, and a part per dimension.
COMPARISON_SECONDS = 8e-9
DIMENSION_SECONDS = 0.5e-9
#: The part per dimension where vectors have missing values.
MASKED_SECONDS = 3e-9
#: Values of the samples of a table: some 100 MB.
MOST_TABLE_VALUES = 2**24


def most_rows(limits: Settings) -> int:
    """Return the maximum number of rows of a table, whose cost is bounded by its values and by the time."""
    return max(limits.max_samples, limits.max_job_samples)


def estimate(request: TrainingRequest) -> float:
    """Return an upper estimate of the seconds that a training takes."""
    samples, dimension = request.samples.shape
    parameters = replace(request.parameters, iterations=request.iterations)
    # The fastest engines do not support missing values.
    engine = default_engine(parameters.algorithm)
    return engine.cost.seconds(parameters, samples=samples, dimension=dimension)


def check(request: TrainingRequest, *, limits: Settings, seconds: float) -> None:
    """Refuse a training that is over a limit, or that is estimated to take longer than `seconds`.

    `OverLimitError` lists all values that are over their limits, with the limits.
    """
    errors = list(_too_large(request, limits, limits.max_samples))
    expected = estimate(request)
    if not errors and expected > seconds:
        errors.append(_too_long(request, expected, seconds))
    if errors:
        as_job = request.may_be_job and not any(_too_large(request, limits, limits.max_job_samples))
        if as_job and expected <= limits.max_job_seconds:
            last = errors.pop()
            advice = "; or send the same request to POST /atrain, as a job, which may take longer"
            errors.append(FieldError(last.pointer, last.message + advice))
        raise OverLimitError(errors)


def check_job(request: TrainingRequest, *, limits: Settings) -> None:
    """Refuse a job that is over a limit, as `check` does."""
    errors = list(_too_large(request, limits, limits.max_job_samples))
    if not errors:
        expected = estimate(request)
        if expected > limits.max_job_seconds:
            errors.append(_too_long(request, expected, limits.max_job_seconds))
        iteration = expected / (request.iterations + QUALITY_ITERATIONS)
        if iteration > limits.max_iteration_seconds:
            most = limits.max_iteration_seconds
            message = (
                f"an iteration would take some {iteration:.3g} seconds, and {most:.3g} are allowed, since a "
                "training is saved between iterations: use fewer units or fewer samples"
            )
            errors.append(FieldError(f"/{request.field}", message))
    if errors:
        raise OverLimitError(errors)


def check_prediction(
    shape: tuple[int, int, int], *, vectors: int, limits: Settings, seconds: float, masked: bool = False
) -> None:
    """Refuse a prediction of more vectors than a map (width, height, dimension) allows in some seconds.

    `masked` says whether vectors have missing values.
    """
    width, height, dimension = shape
    by_dimension = MASKED_SECONDS if masked else DIMENSION_SECONDS
    each = width * height * (COMPARISON_SECONDS + by_dimension * dimension)
    allowed = min(limits.max_vectors, max(1, math.floor(max(0.0, seconds) / each)))
    if vectors > allowed:
        message = f"{vectors:,} vectors are over the limit of {allowed:,} for this map: send fewer at a time"
        raise OverLimitError([FieldError("/data", message)])


def check_table(rows: int, components: int, *, limits: Settings) -> None:
    """Refuse a table of too many or too large samples, before it is prepared."""
    asked = [
        ("{} rows are", rows, most_rows(limits)),
        (
            "{} values a sample, one for a number and one for each category, are",
            components,
            limits.max_dimension,
        ),
    ]
    for phrase, value, most in asked:
        if value > most:
            message = f"{phrase.format(f'{value:,}')} over the limit of {most:,}"
            raise OverLimitError([FieldError("/columns", message)])
    check_values(rows, components)


def check_values(rows: int, components: int, *, field: str = "columns") -> None:
    """Refuse a table of too many values: each category is one, however short its name is."""
    if rows * components > MOST_TABLE_VALUES:
        message = (
            f"{rows:,} rows of {components:,} values, one for a number and one for each category, are over "
            f"the limit of {MOST_TABLE_VALUES:,} values: leave columns out, or send fewer rows"
        )
        raise OverLimitError([FieldError(f"/{field}", message)])


def check_samples(samples: int, *, limits: Settings, field: str) -> None:
    """Refuse more samples than are allowed, before they are drawn."""
    if samples > limits.max_samples:
        message = f"{samples:,} samples is over the limit of {limits.max_samples:,}"
        raise OverLimitError([FieldError(f"/{field}", message)])


def _too_long(request: TrainingRequest, expected: float, seconds: float) -> FieldError:
    allowed = max(1, math.floor(request.iterations * seconds / expected))
    return FieldError(
        "/iterations",
        f"the training would take some {expected:.3g} seconds, and {seconds:.3g} are allowed: "
        f"use fewer iterations (about {allowed}), fewer units or fewer samples",
    )


def _too_large(request: TrainingRequest, limits: Settings, most_samples: int) -> Iterator[FieldError]:
    parameters, (samples, dimension) = request.parameters, request.samples.shape
    width, height = parameters.width, parameters.height
    rows, columns = picture_size(width, height, unit_pixels(width, height), parameters.geometry)
    if request.field == "columns":
        most_samples = most_rows(limits)
    asked = [
        ("width", "a width of {}", width, limits.max_side),
        ("height", "a height of {}", height, limits.max_side),
        ("width", "a map of {} units", width * height, limits.max_units),
        ("width", "a picture of {} pixels", rows * columns, limits.max_picture_pixels),
        ("iterations", "{} iterations", request.iterations, limits.max_iterations),
        (request.field, "{} samples", samples, most_samples),
        (request.field, "{} values a sample", dimension, limits.max_dimension),
        ("width", "a map of {} weights", width * height * dimension, limits.max_weights),
    ]
    for name, phrase, value, most in asked:
        if value > most:
            yield FieldError(f"/{name}", f"{phrase.format(f'{value:,}')} is over the limit of {most:,}")
