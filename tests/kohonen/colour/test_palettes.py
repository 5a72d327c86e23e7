import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageColor

from kohonen import InvalidColourError, InvalidParameterError
from kohonen.colour import cells, palettes, quantisation
from kohonen.colour.cells import training_data
from kohonen.colour.images import read_picture
from kohonen.colour.palettes import ordered, palette
from kohonen.colour.quantisation import weigh
from kohonen.colour.spaces import SPACES, Space, TrainingSpace
from tests.kohonen.colour.scenes import scene


def length(colours: npt.NDArray[np.uint8]) -> float:
    values = TrainingSpace("oklab").of_srgb(colours / 255)
    return float(np.sqrt((np.diff(values, axis=0) ** 2).sum(axis=1)).sum())


def error(picture: npt.NDArray[np.uint8], colours: npt.NDArray[Any]) -> float:
    flat = picture.reshape(-1, 1, 3).astype(float)
    return float(((flat - colours) ** 2).sum(axis=2).min(axis=1).mean())


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("count", [1, 2, 8, 100])
def test_as_many_colours_as_asked_for(count: int, space: Space) -> None:
    found = palette(scene(), count, space=space, emphasis=1.0)
    assert len(np.unique(found.colours, axis=0)) == count
    assert found.shares.sum() == pytest.approx(1)
    assert len(found.names) == len(found.hex) == len(found.oklch) == count


def test_one_colour_is_the_mean() -> None:
    mean = palette(scene(), 1, space="rgb", emphasis=1.0).colours[0]
    np.testing.assert_allclose(mean, scene().reshape(-1, 3).mean(axis=0), atol=1)


def test_better_than_median_cut() -> None:
    other = Image.fromarray(scene()).quantize(16, method=Image.Quantize.MEDIANCUT)
    own = palette(scene(), 16, space="rgb", emphasis=1.0).colours
    assert error(scene(), own) < error(scene(), np.array(other.getpalette()).reshape(-1, 3))


def test_neighbours_are_similar() -> None:
    found = palette(scene(), 16).colours
    shuffled = [length(np.random.default_rng(seed).permutation(found)) for seed in range(20)]
    assert length(found) < 0.6 * min(shuffled)


def test_a_picture_of_few_colours_gives_exactly_those() -> None:
    colours = np.array([[1, 2, 3], [1, 2, 4], [250, 0, 9], [7, 7, 7]], dtype=np.uint8)
    picture = colours[np.random.default_rng(0).choice(4, (10, 10), p=[0.6, 0.2, 0.1, 0.1])]
    found = palette(picture, 8)
    assert {tuple(colour) for colour in found.colours.tolist()} == {tuple(c) for c in colours.tolist()}
    counts = {tuple(c): (picture == c).all(axis=2).mean() for c in colours}
    for colour, share in zip(found.colours, found.shares, strict=True):
        assert share == pytest.approx(counts[tuple(colour)])


def test_many_colours_in_few_cells_give_as_many_as_asked_for() -> None:
    dark = np.stack([np.arange(200) % 40, np.arange(200) % 23, np.arange(200) % 31], axis=1)[None]
    assert len(palette(dark.astype(np.uint8), 150).colours) == 150


def test_rounding_leaves_no_duplicates() -> None:
    # 60 pixels of 20 near colours, and one pixel each of two far ones: the units crowd at the near ones.
    near = np.stack([np.arange(60) % 20, np.full(60, 9), np.full(60, 9)], axis=1)
    picture = np.vstack([near, [[250, 250, 0]], [[0, 250, 250]]]).astype(np.uint8)[None]
    found = palette(picture, 21, space="oklab", emphasis=1.0).colours
    assert len(np.unique(found, axis=0)) == 21


def test_equal_colours_are_filled_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palettes, "quantise", lambda samples, *_, **__: samples[[0, 0, 0, -1]])
    found = palette(scene(), 4).colours
    assert len(np.unique(found, axis=0)) == 4


def test_colours_to_keep_are_in_it() -> None:
    found = palette(scene(), 6, keep=["gold", "#123456", "gold", [0.5, 0.5, 0.5]])
    assert len(found.colours) == 6
    assert {"#ffd700", "#123456", "#808080"} <= set(found.hex)


def test_only_colours_to_keep() -> None:
    assert palette(scene(), 2, keep=["red", "lime"]).hex in (["#ff0000", "#00ff00"], ["#00ff00", "#ff0000"])
    assert len(palette(np.zeros((2, 2, 3), dtype=np.uint8), 3, keep=["red"]).hex) == 2
    with pytest.raises(InvalidParameterError, match="3 colours to keep are more than the 2"):
        palette(scene(), 2, keep=["red", "lime", "blue"])
    with pytest.raises(InvalidColourError):
        palette(scene(), 2, keep=["rod"])


def test_emphasis_brings_rare_colours_forward() -> None:
    blue = np.stack([np.zeros(6400), np.zeros(6400), np.arange(6400) // 100 * 4], axis=1)
    picture = np.vstack([blue, [[0, 255, 0]] * 3]).astype(np.uint8)[None]
    nearest = [
        np.abs(palette(picture, 4, emphasis=p).colours.astype(int) - (0, 255, 0)).sum(axis=1).min()
        for p in (1.0, 0.2)
    ]
    assert nearest[0] > 100
    assert nearest[1] == 0


def test_a_picture_of_many_colours_is_counted_by_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    found = palette(noise, 48)
    assert len(np.unique(found.colours, axis=0)) == 48
    assert error(noise, found.colours) < 2000
    monkeypatch.setattr(quantisation, "MOVES", 1)
    assert len(palette(noise, 48).colours) == 48


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"count": 0}, "count"),
        ({"count": 257}, "count"),
        ({"emphasis": 0}, "emphasis"),
        ({"emphasis": 1.1}, "emphasis"),
        ({"space": "lab"}, "space"),
    ],
)
def test_parameters_are_bounded(options: dict[str, object], names: str) -> None:
    with pytest.raises(InvalidParameterError, match=names):
        palette(scene(), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("space", SPACES)
def test_the_same_palette_with_and_without_the_kernel(
    space: Space, without_kernel: Callable[[], None]
) -> None:
    found = palette(scene(), 12, space=space, keep=["gold"])
    without_kernel()
    again = palette(scene(), 12, space=space, keep=["gold"])
    assert again.colours.tobytes() == found.colours.tobytes()
    assert again.shares.tobytes() == found.shares.tobytes()


def test_the_same_palette_everywhere() -> None:
    picture = np.arange(30 * 40 * 3).reshape(30, 40, 3) ** 2 // 7 % 256
    found = palette(picture.astype(np.uint8), 32)
    assert hashlib.sha256(found.colours.tobytes()).hexdigest()[:16] == "5fdfa44cb4d0ba34"


def test_large_pictures_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palettes, "MOST_SAMPLED", 600)
    assert palette(scene(), 8).colours.tobytes() == palette(scene()[::2, ::2], 8).colours.tobytes()
    monkeypatch.setattr(palettes, "MOST_SAMPLED", 100)
    few = np.zeros((20, 20, 3), dtype=np.uint8)
    few[1, 1] = (9, 9, 9)  # is not among every second pixel
    assert len(palette(few, 8).colours) == 2
    hidden = np.zeros((20, 20, 4), dtype=np.uint8)
    hidden[1::2, 1::2] = (5, 6, 7, 255)
    assert palette(hidden, 8).hex == ["#050607"]


def test_given_colours_in_order() -> None:
    names = ["red", "navy", "orange", "blue", "gold", "crimson", "skyblue"]
    found = ordered(names)
    assert sorted(found.hex) == sorted(
        "#{:02x}{:02x}{:02x}".format(*ImageColor.getrgb(name)) for name in names
    )
    given = np.array([ImageColor.getrgb(name)[:3] for name in names], dtype=np.uint8)
    assert length(found.colours) < 0.7 * length(given)
    assert set(found.shares) == {1 / 7}
    assert ordered(["red"]).hex == ["#ff0000"]
    with pytest.raises(InvalidParameterError, match="colours"):
        ordered(["red"] * 257)


def test_colours_have_names_and_hues() -> None:
    found = ordered(["#e50000", "#808080"])
    assert found.names[found.hex.index("#e50000")] == "red"
    grey = found.oklch[found.hex.index("#808080")]
    assert grey[2] == 0
    assert grey[0] == pytest.approx(0.5999, abs=1e-3)


def test_weights_are_powers_of_counts() -> None:
    counts = np.array([4.0, 9.0, 4.0, 1.0])
    np.testing.assert_allclose(weigh(counts, 0.5), [2, 3, 2, 1])
    assert weigh(counts, 1.0) is counts


def test_training_data_are_cells_weighted_by_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = read_picture(scene())
    data = training_data(picture)
    assert data.sample_weight is not None
    assert data.sample_weight.sum() == 2400
    np.testing.assert_allclose(
        (data.samples * data.sample_weight[:, None]).sum(axis=0), scene().reshape(-1, 3).sum(axis=0) / 255
    )
    monkeypatch.setattr(cells, "MOST_SAMPLES", 3)
    assert 3 < len(training_data(picture).samples) < len(data.samples)
