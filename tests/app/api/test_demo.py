from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from kohonen import SelfOrganizingMap

Decode = Callable[[bytes], npt.NDArray[np.uint8]]


@pytest.mark.parametrize("path", ["/", "/kohonen", "/kohonen/"])
def test_colours_above_their_map(client: TestClient, decode: Decode, path: str) -> None:
    query = "input_size=5&width=10&height=5&iterations=20&random_state=3"
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'inline; filename="kohonen_som_input_output.png"'
    assert answer.headers["Kohonen-Random-State"] == "3"
    pixels = decode(answer.content)
    assert pixels.shape == (220, 400, 3)
    colours = np.random.default_rng([3, 1]).random((5, 3))
    for i, colour in enumerate(colours):
        assert pixels[10, 80 * i + 40].tolist() == np.rint(colour * 255).tolist()
    som = SelfOrganizingMap(10, 5, iterations=20, random_state=3).fit(colours)
    assert pixels[20 + 40 * 1 + 5, 40 * 7 + 5].tolist() == np.rint(som.weights_[7, 1] * 255).tolist()


def test_the_default_is_400_by_420(client: TestClient, decode: Decode) -> None:
    answer = client.get("/")
    assert decode(answer.content).shape == (420, 400, 3)


def test_stores_nothing(client: TestClient) -> None:
    answer = client.get("/?width=3&height=3&iterations=1")
    assert client.get(f"/models/{answer.headers['Kohonen-Model-Id']}").status_code == 404


def test_a_drawn_seed_gives_the_picture_again(client: TestClient) -> None:
    first = client.get("/?width=9&height=9&iterations=9")
    again = client.get(
        f"/?width=9&height=9&iterations=9&random_state={first.headers['Kohonen-Random-State']}"
    )
    assert again.content == first.content
