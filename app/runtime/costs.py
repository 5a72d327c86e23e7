"""Estimates of the peak memory and the time of heavy work; measured, with margins."""

from app.runtime.gate import Cost
from kohonen.animation.frames import MOST_UNITS

__all__ = [
    "animation",
    "answer",
    "body",
    "clusters",
    "download",
    "picture",
    "pixels",
    "prediction",
    "report",
    "training",
]

Shape = tuple[int, int, int]

#: Bytes of a number of a JSON body as a Python object in a list, of a text, of a list, and of an object.
NUMBER, TEXT, LIST, OBJECT = 64, 80, 160, 400
#: Bytes of a byte of CSV, with the columns and samples that are made of it.
CSV_BYTE = 40
#: Frames of an animation.
MOST_FRAMES = 500


def _weights(shape: Shape) -> int:
    width, height, dimension = shape
    return 8 * width * height * dimension


def answer(shape: Shape) -> Cost:
    """Return the cost of an answer that needs the weights only."""
    return Cost(1.1 * _weights(shape), 3e-9 * _weights(shape))


def picture(shape: Shape, *, pixels: int = 0, samples: int = 0) -> Cost:
    """Return the cost of drawing a view of a map, and of searching its units for samples."""
    width, height, dimension = shape
    pixels = max(pixels, 160_000, width * height)
    seconds = 4e-8 * _weights(shape) + 2e-7 * pixels + 1e-9 * samples * width * height * dimension
    return Cost(2.2 * _weights(shape) + 140 * width * height + 12 * pixels, seconds)


def report(shape: Shape, *, samples: int) -> Cost:
    """Return the cost of a report: several pictures, of which one is in memory at a time."""
    bytes_, seconds = picture(shape, samples=samples)
    return Cost(bytes_ + 600 * samples, 4 * seconds + 0.3)


def clusters(shape: Shape, *, count: int, samples: int = 0) -> Cost:
    """Return the cost of the clusters of a map; `count` is the largest number of them."""
    width, height, _ = shape
    bytes_ = 2.2 * _weights(shape) + 60 * width * height + 1_000 * samples
    return Cost(bytes_, 0.5 + (1e-8 + 1e-9 * count) * _weights(shape))


def prediction(shape: Shape, *, vectors: int) -> Cost:
    """Return the cost of searching a map for vectors."""
    width, height, dimension = shape
    seconds = 1e-8 * _weights(shape) + 1e-9 * vectors * width * height * dimension
    return Cost(2.2 * _weights(shape) + 16 * vectors * dimension, seconds)


def pixels(count: int) -> Cost:
    """Return the cost of choosing colours for the pixels of a picture, and of writing it."""
    return Cost(24 * count, 2.5e-7 * count)


def download(shape: Shape, form: str, *, streamed: bool) -> Cost:
    """Return the cost of a download; one that is not streamed is made as a whole."""
    texts = form in ("json", "csv")
    factor = 1.5 if streamed else 6.0 if texts else 3.5
    return Cost(factor * _weights(shape), (3e-7 if texts else 2e-8) * _weights(shape))


def animation(shape: Shape) -> Cost:
    """Return the cost of the frames of an animation, and of its file."""
    return Cost(8 * min(MOST_UNITS, MOST_FRAMES * shape[0] * shape[1]), 2.0)


def training(shape: Shape, *, samples: int, seconds: float = 0.0) -> Cost:
    """Return the cost of a training, its card, its files and its picture."""
    width, height, dimension = shape
    return Cost(2.5 * _weights(shape) + 160 * width * height + 32 * samples * (dimension + 4), seconds)


def body(content: bytes, *, json: bool) -> Cost:
    """Return the cost of parsing a body."""
    size = len(content)
    if not json:
        return Cost(CSV_BYTE * size, 2e-7 * size)
    numbers, texts = content.count(b","), content.count(b'"') // 2
    lists, objects = content.count(b"["), content.count(b"{")
    return Cost(2 * size + NUMBER * numbers + TEXT * texts + LIST * lists + OBJECT * objects, 1e-7 * size)
