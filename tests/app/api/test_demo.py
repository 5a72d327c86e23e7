from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from kohonen import SelfOrganizingMap

Decode = Callable[[bytes], npt.NDArray[np.uint8]]
MakeClient = Callable[..., TestClient]


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


def test_a_map_of_given_colours_as_an_address(client: TestClient, decode: Decode) -> None:
    query = "colours=e63946,gold,1a9850&width=6&height=4&iterations=20&random_state=7"
    answer = client.get(f"/kohonen?{query}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    strip = decode(answer.content)[10]
    assert [strip[x].tolist() for x in (50, 200, 350)] == [[230, 57, 70], [255, 215, 0], [26, 152, 80]]
    again = client.get(f"/kohonen?{query}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"/kohonen?{query}&space=oklab")
    assert other.headers["ETag"] != answer.headers["ETag"]
    assert decode(other.content)[10].tolist() == strip.tolist()
    assert decode(other.content)[20:].tolist() != decode(answer.content)[20:].tolist()
    assert client.head(f"/kohonen?{query}").headers["ETag"] == answer.headers["ETag"]


def test_only_an_address_with_a_seed_is_cached(client: TestClient, make_client: MakeClient) -> None:
    small = "width=3&height=3&iterations=2"
    assert "Cache-Control" not in client.get(f"/kohonen?colours=red,blue&{small}").headers
    keyed = make_client(api_key="0123456789abcdef")
    answer = keyed.get(f"/kohonen?random_state=1&{small}", headers={"X-API-Key": "0123456789abcdef"})
    assert answer.headers["Cache-Control"] == "private, max-age=86400"


def test_what_is_no_colour_is_refused(client: TestClient) -> None:
    answer = client.get("/kohonen?colours=e63946,golf&width=3&height=3")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/colours/1"
