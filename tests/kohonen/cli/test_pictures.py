import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.kohonen.cli.terminal import Terminal
from tests.kohonen.colour.scenes import encoded, scene


@pytest.fixture
def picture(kohonen: Terminal) -> Path:
    Path("scene.png").write_bytes(encoded(scene()))
    return Path("scene.png")


def test_a_palette_is_printed(kohonen: Terminal, picture: Path) -> None:
    code, out, err = kohonen("palette", str(picture), "--count", "3", "--keep", "gold")
    lines = out.splitlines()
    assert (code, err, len(lines)) == (0, "", 3)
    assert any(line.startswith("#ffd700") and line.endswith("sunflower yellow") for line in lines)


def test_a_palette_is_written(kohonen: Terminal, picture: Path) -> None:
    assert kohonen("palette", str(picture), "-o", "out.json", "--space", "rgb") == (0, "out.json\n", "")
    assert len(json.loads(Path("out.json").read_text())["colours"]) == 8
    code, _, err = kohonen("palette", str(picture), "-o", "out.txt")
    assert code == 2
    assert ".ase" in err
    assert kohonen("palette", str(picture), "--count", "300")[0] == 2


def test_notes_are_printed(kohonen: Terminal) -> None:
    Path("red.jpg").write_bytes(encoded(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "JPEG"))
    assert "CMYK" in kohonen("palette", "red.jpg")[2]


def test_a_picture_is_compressed(kohonen: Terminal, picture: Path) -> None:
    code, out, err = kohonen("compress", str(picture), "-o", "small.png", "--colours", "16")
    assert (code, err) == (0, "")
    assert out.startswith("small.png: 16 colours, PSNR ")
    with Image.open("small.png") as image:
        assert image.mode == "P"
        assert image.size == (60, 40)
    assert kohonen("compress", str(picture), "-o", "small.webp", "-q") == (0, "", "")
    with Image.open("small.webp") as image:
        assert image.format == "WEBP"


def test_many_pictures_are_compressed_and_others_reported(kohonen: Terminal, picture: Path) -> None:
    Path("two.jpg").write_bytes(encoded(scene(seed=2), "JPEG", quality=5))
    Path("text.png").write_bytes(b"no picture")
    code, out, err = kohonen("compress", str(picture), "text.png", "two.jpg", "-o", "out", "--webp")
    assert code == 1
    assert "text.png: the file is not a PNG" in err
    assert [line.partition(":")[0] for line in out.splitlines()] == ["out/scene.webp", "out/two.webp"]
    assert "larger than the original" in out.splitlines()[1]
    code, _, err = kohonen("compress", str(picture), "two.jpg", "-o", "one.png")
    assert code == 2
    assert "folder" in err


def test_a_texture(kohonen: Terminal) -> None:
    small = ("--width", "5", "--height", "4", "--iterations", "9", "--no-gif", "-q")
    assert kohonen("train", *small, "--boundary", "toroidal", "--folder", "torus")[0] == 0
    assert kohonen("texture", "torus", "--scale", "3", "-o", "tile.png") == (0, "tile.png\n", "")
    with Image.open("tile.png") as image:
        assert np.asarray(image).shape == (12, 15, 3)
    assert kohonen("train", *small, "--folder", "plane")[0] == 0
    code, _, err = kohonen("texture", "plane")
    assert code == 2
    assert "toroidal" in err


def test_no_picture_is_written_over(kohonen: Terminal, picture: Path) -> None:
    before = picture.read_bytes()
    Path("other").mkdir()
    Path("other/scene.jpg").write_bytes(encoded(scene(seed=2), "JPEG"))
    for arguments in (
        (str(picture), "-o", "scene.png"),
        (str(picture), "-o", "."),
        (str(picture), "other/scene.jpg", "-o", "out"),
    ):
        code, _, err = kohonen("compress", *arguments)
        assert code == 2
        assert "scene.png" in err
    assert picture.read_bytes() == before
    assert not Path("out").exists()
