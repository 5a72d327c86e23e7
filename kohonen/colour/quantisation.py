"""Chooses the colours of a palette: a chain of units, trained on the cells of a picture, and then k-means.

The chain is a map of one row, trained in batch from the samples' first principal axis to a small radius, so
that neighbours are similar colours. Rounds of k-means follow (iterations at a radius without neighbours), and
moves: units of little use are removed, and units of large error are split in two, in their place in the
chain.

References
----------
B. Fritzke, "The LBG-U method for vector quantization: an improvement over LBG inspired from neural networks",
Neural Processing Letters 5, 35-45 (1997): the utility of a unit.
"""

from typing import NamedTuple

import numpy as np

from kohonen import arithmetic
from kohonen.colour.pixels import IntArray, Mask
from kohonen.engines import default_engine
from kohonen.engines.search import match
from kohonen.inputs.arrays import FloatArray
from kohonen.schedule import Schedule

__all__ = ["arrange", "quantise", "weigh"]

#: Iterations of the chain, its final radius, and the exponent of the weights meanwhile.
ITERATIONS, FINAL_RADIUS, EXPONENT = 10, 0.3, 0.6
#: Samples that the chain is trained on, about: evenly spaced cells are enough for its order.
ORDERED = 4096
#: A radius at which no unit has a neighbour.
ALONE = 0.1
#: Moves at most, the share of the units that move at a time, and rounds of k-means after each and at the end.
MOVES, SHARE, ROUNDS, POLISH = 6, 0.04, 2, 4
#: A unit moves if its utility is below this part of the error that it is moved to.
USEFUL = 0.5
#: Units for a colour, and iterations, of a chain that puts colours in order.
FINER, ORDERING = 4, 40
#: Squarings of a covariance until its largest eigenvector is left.
SQUARINGS = 24


class _Chain(NamedTuple):
    """The units of a chain.

    Attributes
    ----------
    colours : ndarray of shape (k, dim)
        Their weights.
    fixed : ndarray of bool of shape (k,)
        The units that keep their weights.
    """

    colours: FloatArray
    fixed: Mask


def weigh(counts: FloatArray, exponent: float) -> FloatArray:
    """Return powers of counts, which are whole numbers and recur."""
    if exponent == 1.0:
        return counts
    found, places = np.unique(counts, return_inverse=True)
    powers: FloatArray = arithmetic.power(found, exponent)[places]
    return powers


def quantise(
    samples: FloatArray, counts: FloatArray, count: int, *, emphasis: float = 1.0, fixed: FloatArray
) -> FloatArray:
    """Return the colours that represent samples best.

    Parameters
    ----------
    samples : ndarray of shape (n, dim)
        The colours of the cells of a picture.
    counts : ndarray of shape (n,)
        Their numbers of pixels.
    count : int
        The number of colours wanted, at most n.
    emphasis : float, default 1
        The exponent of the counts: below 1, rare colours count more.
    fixed : ndarray of shape (m, dim)
        Colours that must be among them, at most `count`.

    Returns
    -------
    ndarray of shape (count, dim)
        The colours; neighbours are similar.
    """
    weight = weigh(counts, emphasis)
    chain = _Chain(np.empty((0, samples.shape[1])), np.empty(0, dtype=bool))
    free = count - len(fixed)
    if free:
        some = slice(None, None, -(-len(samples) // max(ORDERED, 16 * free)))
        begun = _line(samples[some], weight[some], free)
        schedule = Schedule(ITERATIONS, free / 4, 1.0, FINAL_RADIUS)
        trained = _iterate(begun, samples[some], weigh(counts[some], min(emphasis, EXPONENT)), schedule)
        chain = _Chain(trained, np.zeros(free, dtype=bool))
    for colour in fixed:
        chain = _insert(chain, colour)
    chain = _rounds(chain, samples, weight, ROUNDS)
    for _ in range(MOVES):
        moved = _move(chain, samples, weight)
        if moved is None:
            break
        chain = _rounds(moved, samples, weight, ROUNDS)
    return _rounds(chain, samples, weight, POLISH).colours


def arrange(colours: FloatArray) -> IntArray:
    """Return an order of colours (n, dim) in which neighbours are similar: by a chain trained on them."""
    count = FINER * len(colours)
    every = np.ones(len(colours))
    chain = _line(colours, every, count)
    schedule = Schedule(ORDERING, count / 4, 1.0, 1.0)
    units = match(_iterate(chain, colours, every, schedule)[:, None], colours).units[:, 0]
    return units.argsort(kind="stable")


def _iterate(units: FloatArray, samples: FloatArray, weight: FloatArray, schedule: Schedule) -> FloatArray:
    """Train a chain in batch."""
    engine = default_engine("batch")(units[:, None], samples, schedule, sample_weight=weight)  # type: ignore[call-arg]
    engine.run(0, schedule.iterations)
    return engine.weights()[:, 0]


def _rounds(chain: _Chain, samples: FloatArray, weight: FloatArray, rounds: int) -> _Chain:
    """Do rounds of k-means; fixed units keep their weights."""
    if not chain.fixed.any():
        return chain._replace(colours=_iterate(chain.colours, samples, weight, _k_means(rounds)))
    for _ in range(rounds):
        colours = _iterate(chain.colours, samples, weight, _k_means(1))
        chain = chain._replace(colours=np.where(chain.fixed[:, None], chain.colours, colours))
    return chain


def _k_means(rounds: int) -> Schedule:
    return Schedule(rounds, ALONE, 1.0, ALONE)


def _line(samples: FloatArray, weight: FloatArray, count: int) -> FloatArray:
    """Return evenly spaced points on the first principal axis, a standard deviation to each side."""
    mean, axis = (found[0] for found in _axes(samples, weight, np.zeros(len(samples), dtype=np.int64), 1))
    places = np.linspace(-1.0, 1.0, count) if count > 1 else np.zeros(1)
    return np.asarray(mean + places[:, None] * axis)


def _move(chain: _Chain, samples: FloatArray, weight: FloatArray) -> _Chain | None:
    """Remove the units of least utility, and split those of largest error; None if there are none to move."""
    colours, fixed = chain
    size = len(colours)
    if size < 2:
        return None
    near, distances = match(colours[:, None], samples, count=2)
    squared = distances * distances
    errors = np.bincount(near[:, 0], weight * squared[:, 0], size)
    utility = np.bincount(near[:, 0], weight * (squared[:, 1] - squared[:, 0]), size)
    utility[fixed] = np.inf
    count = max(1, int(SHARE * size))
    least, largest = utility.argsort(kind="stable")[:count], (-errors).argsort(kind="stable")[:count]
    removed = least[utility[least] < USEFUL * errors[largest]]
    if not len(removed):
        return None
    kept = np.delete(np.arange(size), removed)
    left = _Chain(colours[kept], fixed[kept])
    # Other samples keep their nearest unit.
    units, nearest = kept.searchsorted(near[:, 0]), squared[:, 0]
    moved = np.flatnonzero(np.isin(near[:, 0], removed))
    if len(moved):
        found = match(left.colours[:, None], samples[moved])
        units[moved], nearest[moved] = found.units[:, 0], found.distances[:, 0] * found.distances[:, 0]
    errors = np.bincount(units, weight * nearest, len(kept))
    split = np.sort((-errors).argsort(kind="stable")[: len(removed)])
    inside = np.isin(units, split)
    _, axes = _axes(samples[inside], weight[inside], units[inside], len(kept))
    return _split(left, split, 0.8 * axes)


def _split(chain: _Chain, units: IntArray, axes: FloatArray) -> _Chain:
    """Replace units by two, along their axes (k, dim), in the direction of the chain; fixed ones stay."""
    colours, fixed = chain
    last = len(colours) - 1
    before, after = (np.clip(np.arange(last + 1) + step, 0, last) for step in (-1, 1))
    axes[_dot(axes, colours[after] - colours[before]) < 0.0] *= -1.0
    places = np.insert(np.arange(last + 1), units, units)
    second = np.diff(places, prepend=-1) == 0
    found = colours[places]
    found[second] += axes[units]
    first = np.flatnonzero(second) - 1
    found[first] -= np.where(fixed[units, None], 0.0, axes[units])
    return _Chain(found, fixed[places] & ~second)


def _insert(chain: _Chain, colour: FloatArray) -> _Chain:
    """Insert a fixed unit where the chain becomes longest by least."""
    colours = chain.colours
    there = np.sqrt(_dot(colours - colour, colours - colour))
    steps = np.sqrt(_dot(np.diff(colours, axis=0), np.diff(colours, axis=0)))
    longer = np.concatenate([there[:1], there[:-1] + there[1:] - steps, there[-1:]])
    place = int(longer.argmin()) if len(longer) else 0
    return _Chain(np.insert(colours, place, colour, axis=0), np.insert(chain.fixed, place, True))


def _axes(
    samples: FloatArray, weight: FloatArray, units: IntArray, count: int
) -> tuple[FloatArray, FloatArray]:
    """Return the means of each unit's samples, and the first principal axes, as long as a standard deviation.

    Sums run in the order of the samples. An eigenvector is found by squaring the covariance repeatedly.
    """
    dimension = samples.shape[1]
    totals = np.bincount(units, weight, count)
    totals[totals == 0.0] = 1.0
    means = np.stack([np.bincount(units, weight * column, count) / totals for column in samples.T], axis=1)
    deviations = samples - means[units]
    covariance = np.empty((count, dimension, dimension))
    for i in range(dimension):
        for j in range(i, dimension):
            products = weight * deviations[:, i] * deviations[:, j]
            covariance[:, i, j] = covariance[:, j, i] = np.bincount(units, products, count) / totals
    power = covariance
    for _ in range(SQUARINGS):
        trace = np.add.reduce([power[:, k, k] for k in range(dimension)])
        power = power / np.where(trace > 0.0, trace, 1.0)[:, None, None]
        power = np.add.reduce([power[:, :, k, None] * power[:, None, k, :] for k in range(dimension)])
    longest = np.stack([power[:, k, k] for k in range(dimension)], axis=1).argmax(axis=1)
    direction = np.take_along_axis(power, longest[:, None, None], axis=2)[:, :, 0]
    length = np.sqrt(_dot(direction, direction))[:, None]
    direction = direction / np.where(length > 0.0, length, 1.0)
    image = np.stack([_dot(covariance[:, k], direction) for k in range(dimension)], axis=1)
    return means, direction * np.sqrt(np.maximum(_dot(image, direction), 0.0))[:, None]


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the products of rows (n, dim), summed in order of dimension."""
    total = a[:, 0] * b[:, 0]
    for k in range(1, a.shape[1]):
        total = total + a[:, k] * b[:, k]
    return total
