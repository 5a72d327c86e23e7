from pathlib import Path

import numpy as np
import pytest

from kohonen.files import most_npy_bytes, npy, parse_npy, write_whole


def test_an_array_comes_back_from_its_file() -> None:
    array = np.random.default_rng(1).random((3, 2, 4))
    assert len(npy(array)) <= most_npy_bytes(3, 2, 4) <= len(npy(array)) + 1024
    np.testing.assert_array_equal(parse_npy(npy(array), 3, 2, 4), array)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (npy(np.zeros((2, 2)))[:-1], "smaller"),
        (b"", "EOF"),
        (npy(np.zeros((2, 2))).replace(b"\x01\x00", b"\x03\x00", 1), "version"),
        (npy(np.zeros((2, 2))).replace(b"False", b"True ", 1), "shape"),
        (npy(np.zeros((2, 3))), "shape"),
        (npy(np.full((2, 2), np.nan)), "finite"),
    ],
)
def test_what_is_no_file_of_the_array(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_npy(content, 2, 2)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, b"before")
    write_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="directory") as failed:
        write_whole(tmp_path / "a", b"text")
    assert str(failed.value).endswith(f": '{tmp_path / 'a'}'")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_that_cannot_be_written_is_reported_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "a"
    with pytest.raises(FileNotFoundError) as failed:
        write_whole(path, b"text")
    assert str(failed.value).endswith(f": '{path}'")
