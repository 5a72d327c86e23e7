"""Which units vectors fall on, found and written piece by piece: memory is bounded, whatever is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

from kohonen.data import FloatArray
from kohonen.search import match

__all__ = ["Found", "as_csv", "as_json", "find", "most_bytes"]

#: Vectors that are looked for at a time.
BLOCK = 20_000
#: Characters of a result: two coordinates and a distance with all its digits, and their names in JSON.
_RESULT_BYTES = {"application/json": 80, "text/csv": 40}


@dataclass(frozen=True, slots=True)
class Found:
    """The best matching unit of a vector.

    Attributes
    ----------
    x, y : int
        Where it is.
    distance : float
        The Euclidean distance of its weights to the vector.
    """

    x: int
    y: int
    distance: float


def find(weights: FloatArray, vectors: FloatArray) -> Iterator[list[Found]]:
    """Give the best matching units of vectors (n, dim) on a map (width, height, dim), some at a time."""
    height = weights.shape[1]
    for start in range(0, len(vectors), BLOCK):
        matches = match(weights, vectors[start : start + BLOCK])
        pairs = zip(matches.units[:, 0].tolist(), matches.distances[:, 0].tolist(), strict=True)
        yield [Found(unit // height, unit % height, distance) for unit, distance in pairs]


def as_json(results: Iterator[list[Found]]) -> Iterator[bytes]:
    """Write results as ``{"results": [{"bmu_x": 1, "bmu_y": 2, "distance": 0.5}, ...]}``."""
    opening = '{"results": ['
    for block in results:
        yield (
            opening
            + ", ".join(
                f'{{"bmu_x": {one.x}, "bmu_y": {one.y}, "distance": {one.distance!r}}}' for one in block
            )
        ).encode()
        opening = ", "
    yield b"]}"


def as_csv(results: Iterator[list[Found]]) -> Iterator[bytes]:
    """Write results as a table with a header."""
    yield b"bmu_x,bmu_y,distance\n"
    for block in results:
        yield "".join(f"{one.x},{one.y},{one.distance!r}\n" for one in block).encode()


def most_bytes(media_type: str, vectors: int) -> int:
    """Return how many bytes an answer for so many vectors has, rather too many than too few."""
    return vectors * _RESULT_BYTES[media_type]
