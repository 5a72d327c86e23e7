"""Estimates the time of a training before it starts."""

from typing import NamedTuple

from kohonen.parameters import Parameters

__all__ = ["QUALITY_ITERATIONS", "Cost"]

#: Measuring the quality of a map takes at most the time of this many iterations.
QUALITY_ITERATIONS = 2


class Cost(NamedTuple):
    """Cost model of an engine; a step presents one sample to the map once.

    Attributes
    ----------
    per_step : float
        Seconds per step.
    per_dimension : float
        Seconds per step and dimension of the data.
    per_value : float
        Seconds per step and value; a unit has one value per weight and one more.
    per_smoothing : float, default 0
        Seconds per iteration and value, times width plus height.
    pruning : int, default 1
        In few dimensions a search skips much of the map: if a unit has fewer values than this, the cost per
        value falls in proportion.
    side : int, default 1
        Side of the square tiles of units; tiles count in full at the map's edge.
    updating : float, default 0
        The cost of updating the whole map, relative to the rest of an iteration; negative if iterations get
        slower as the radius shrinks. It describes how iterations of a training differ; measured, with wide
        margins.
    """

    per_step: float
    per_dimension: float
    per_value: float
    per_smoothing: float = 0.0
    pruning: int = 1
    side: int = 1
    updating: float = 0.0

    def seconds(self, parameters: Parameters, *, samples: int, dimension: int) -> float:
        """Estimate the seconds needed to train a map and to measure its quality."""
        width, height = parameters.width, parameters.height
        steps = samples * self.step(width=width, height=height, dimension=dimension)
        smoothing = self.per_smoothing * width * height * (dimension + 1) * (width + height)
        return (parameters.iterations + QUALITY_ITERATIONS) * (steps + smoothing)

    def step(self, *, width: int, height: int, dimension: int) -> float:
        """Estimate the seconds of one step."""
        units = -(-width // self.side) * -(-height // self.side) * self.side**2
        values = units * (dimension + 1) * min(1.0, (dimension + 1) / self.pruning)
        return self.per_step + self.per_dimension * dimension + self.per_value * values
