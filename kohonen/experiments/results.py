"""Writes the results of a run after its training."""

import csv
import io
import json
from typing import Any

from kohonen.animation.encode import animate, drawn_units
from kohonen.animation.frames import Frame
from kohonen.card import preparation_of
from kohonen.experiments.experiment import Experiment
from kohonen.experiments.folder import RunFolder
from kohonen.files import npy
from kohonen.inputs.arrays import Dataset, FloatArray
from kohonen.pictures.draw import VIEWS, draw_view
from kohonen.pictures.maps import are_colours, draw_units, encode_png, unit_pixels
from kohonen.report.page import report
from kohonen.training import TrainedMap

__all__ = ["write_results"]

#: Component planes are drawn by default only up to this number.
MOST_PLANES = 64
#: The largest size of an animation; larger ones are scaled down.
MOST_ANIMATION_BYTES, MOST_ANIMATION_PIXELS = 64 * 2**20, 200_000_000


def write_results(
    folder: RunFolder,
    experiment: Experiment,
    data: Dataset,
    trained: TrainedMap,
    card: dict[str, Any],
    frames: list[Frame],
) -> tuple[dict[str, Any], ...]:
    """Write the results of a run, the card last, and return its telemetry."""
    folder.write("weights.npy", npy(trained.weights))
    if data.annotations is not None:
        folder.write(folder.annotations_file.name, data.annotations.encode())
    folder.write("history.csv", _history(card))
    _animation(folder, experiment, frames)
    for view in _views(experiment, trained.weights, data):
        drawn = draw_view(
            view,
            trained.weights,
            data.samples,
            annotations=data.annotations,
            geometry=experiment.parameters.geometry,
            preparation=preparation_of(card),
        )
        folder.write(f"views/{view}.png", drawn)
    if experiment.output.report:
        folder.write("report.html", report(card, trained.weights, data.samples, data.annotations).encode())
    telemetry = folder.telemetry()
    folder.write("card.json", json.dumps(card, indent=2).encode() + b"\n")
    return telemetry


def _history(card: dict[str, Any]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["iteration", "quantization_error"])
    for point in card["quality"]["history"]["points"]:
        writer.writerow([point["iteration"], repr(point["quantization_error"])])
    return text.getvalue().encode()


def _animation(folder: RunFolder, experiment: Experiment, frames: list[Frame]) -> None:
    geometry = experiment.parameters.geometry
    if experiment.output.gif:
        made = animate(
            frames, geometry=geometry, most_bytes=MOST_ANIMATION_BYTES, most_pixels=MOST_ANIMATION_PIXELS
        )
        folder.write("training.gif", made.content)
    if experiment.output.single_frames:
        for frame, units in zip(frames, drawn_units(frames), strict=True):
            pixels = draw_units(units, scale=unit_pixels(*units.shape[:2]), geometry=geometry)
            folder.write(f"frames/{frame.record.iteration:09d}.png", encode_png(pixels))


def _views(experiment: Experiment, weights: FloatArray, data: Dataset) -> list[Any]:
    """Return the views to draw: those of the experiment, or all that suit the data."""
    if experiment.output.views is not None:
        return list(experiment.output.views)
    labelled = data.annotations is not None and bool(data.annotations.labels)
    suitable = {
        "map": are_colours(weights),
        "input-output": are_colours(data.samples),
        "plane": False,
        "labels": labelled,
        "pies": labelled,
        "planes": weights.shape[2] <= MOST_PLANES,
    }
    return [view for view in VIEWS if suitable.get(view, True)]
