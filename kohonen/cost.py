"""What a training will cost, before it starts."""

from typing import NamedTuple

from kohonen.parameters import Parameters

__all__ = ["QUALITY_ITERATIONS", "Cost"]

#: Measuring the quality of a map takes no longer than so many iterations.
QUALITY_ITERATIONS = 2


class Cost(NamedTuple):
    """The time of one step of an engine: one sample shown to the map once.

    Attributes
    ----------
    per_step : float
        Seconds for every step.
    per_dimension : float
        Seconds for every dimension of the data.
    per_value : float
        Seconds for every weight of the map, and one more for every unit.
    per_smoothing : float, default 0
        Seconds, once an iteration, for every weight and every unit, times width plus height.
    pruning : int, default 1
        In few dimensions much of the map can be passed over: where a unit has fewer values than this (one
        more than dimensions), what each costs falls in proportion.
    side : int, default 1
        Units lie in square tiles of so many a side, and what of them is beyond the map's edge costs as well.
    updating : float, default 0
        What an update of the whole map adds to an iteration, where the rest of it costs one; below 0 where
        it takes less time. It falls with the radius, so it tells how the iterations of a training differ;
        measured, with wide margins.
    """

    per_step: float
    per_dimension: float
    per_value: float
    per_smoothing: float = 0.0
    pruning: int = 1
    side: int = 1
    updating: float = 0.0

    def seconds(self, parameters: Parameters, *, samples: int, dimension: int) -> float:
        """Estimate how long it takes to train a map and to measure it."""
        width, height = parameters.width, parameters.height
        steps = samples * self.step(width=width, height=height, dimension=dimension)
        smoothing = self.per_smoothing * width * height * (dimension + 1) * (width + height)
        return (parameters.iterations + QUALITY_ITERATIONS) * (steps + smoothing)

    def step(self, *, width: int, height: int, dimension: int) -> float:
        """Estimate how long one step takes, in seconds."""
        units = -(-width // self.side) * -(-height // self.side) * self.side**2
        values = units * (dimension + 1) * min(1.0, (dimension + 1) / self.pruning)
        return self.per_step + self.per_dimension * dimension + self.per_value * values
