"""Pictures in: palettes, pictures in few colours, and trainings on pictures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from app.storage.folder import FolderStore
from kohonen.colour.cells import training_data
from kohonen.colour.compression import compress
from kohonen.colour.exports import MEDIA_TYPES
from kohonen.colour.images import read_picture
from kohonen.colour.palettes import palette
from tests.kohonen.colour.scenes import decoded, encoded, scene
from tests.kohonen.colour.test_images import HOSTILE

Decode = Callable[[bytes], npt.NDArray[np.uint8]]
MakeClient = Callable[..., TestClient]
PNG = encoded(scene())
AS_PNG = {"Content-Type": "image/png"}


def post(client: TestClient, path: str, content: bytes = PNG, **headers: str) -> Any:
    return client.post(path, content=content, headers={**AS_PNG, **headers})


def test_a_palette(client: TestClient) -> None:
    answer = post(client, "/palette?count=5&emphasis=1&space=rgb&keep=e63946,gold")
    assert answer.status_code == 200
    colours = answer.json()["colours"]
    expected = palette(scene(), 5, emphasis=1.0, space="rgb", keep=["#e63946", "gold"])
    assert [colour["hex"] for colour in colours] == expected.hex
    assert sum(colour["share"] for colour in colours) == pytest.approx(1, abs=1e-5)
    assert "colours;dur=" in answer.headers["Server-Timing"]


@pytest.mark.parametrize("form", MEDIA_TYPES)
def test_a_palette_in_every_format(client: TestClient, form: Any) -> None:
    by_query = post(client, f"/palette?format={form}")
    by_header = post(client, "/palette", Accept=MEDIA_TYPES[form])
    assert by_query.status_code == by_header.status_code == 200
    assert by_query.headers["Content-Type"].partition(";")[0] == MEDIA_TYPES[form]
    assert by_query.content == by_header.content
    assert by_query.headers["Content-Disposition"] == f'inline; filename="palette.{form}"'


def test_given_colours_are_put_in_order(client: TestClient) -> None:
    answer = client.post("/palette", json={"colours": ["red", "navy", "orange", [0, 0, 1]]})
    assert {colour["hex"] for colour in answer.json()["colours"]} == {
        "#ff0000",
        "#000080",
        "#ffa500",
        "#0000ff",
    }
    wrong = client.post("/palette", json={"colours": ["red", "rod"]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/colours/1"
    assert client.post("/palette", json=["red"]).status_code == 422
    assert client.post("/palette", json={"colours": []}).status_code == 422


@pytest.mark.parametrize("form", ["png", "webp"])
def test_a_picture_in_few_colours(client: TestClient, form: str) -> None:
    answer = post(client, f"/compress?colours=16&dither=0.5&format={form}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"image/{form}"
    made = compress(scene(), 16, dither=0.5)
    np.testing.assert_array_equal(np.asarray(decoded(answer.content).convert("RGB")), made.pixels)
    assert answer.headers["Kohonen-Psnr"] == f"{made.psnr:.2f}"
    assert answer.headers["Kohonen-Colour-Difference"] == f"{made.difference:.3f}"
    assert answer.headers["Kohonen-Colours"] == "16"
    assert answer.headers["Kohonen-Bytes-Before"] == str(len(PNG))
    assert answer.headers["Kohonen-Bytes-After"] == str(len(answer.content))
    assert "Kohonen-Larger" not in answer.headers


def test_a_larger_answer_says_so(client: TestClient) -> None:
    content = encoded(scene(), "JPEG", quality=5)
    answer = client.post("/compress", content=content, headers={"Content-Type": "image/jpeg"})
    assert answer.headers["Kohonen-Larger"] == "true"


def test_notes_are_headers(client: TestClient) -> None:
    from PIL import Image

    frames = [Image.fromarray(scene(seed=seed)) for seed in range(2)]
    content = encoded(frames[0], save_all=True, append_images=frames[1:])
    for path in ("/palette", "/compress"):
        assert post(client, path, content).headers["Kohonen-Notes"] == "only the first of 2 frames is used"


def test_the_colours_of_a_model(client: TestClient) -> None:
    colours = {
        "colours": ["red", "white", "black"],
        "width": 3,
        "height": 3,
        "iterations": 20,
        "name": "flag",
    }
    assert client.post("/train", json=colours).status_code == 201
    answer = post(client, "/compress?palette=flag")
    assert answer.headers["Kohonen-Colours"] == "9"
    assert post(client, "/compress?palette=nothing").status_code == 404
    client.post("/train", json={"data": [[5.0, 1.0], [2.0, 3.0]], "width": 2, "height": 2, "name": "vectors"})
    wrong = post(client, "/compress?palette=vectors")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/palette"


def test_an_answer_too_large_to_send_is_in_the_store(
    make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(store=f"file:{tmp_path}", max_answer_bytes=1000)
    refused = post(client, "/compress")
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:kohonen:problem:answer-too-large"
    monkeypatch.setattr(FolderStore, "link", lambda self, key, **_: f"https://store.example/{key}")
    answer = client.post("/compress", content=PNG, headers=AS_PNG, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Kohonen-Bytes-After"]) > 1000
    key = urlsplit(answer.headers["Location"]).path.lstrip("/")
    assert key.startswith("temporary/")
    assert (tmp_path / key).read_bytes().startswith(b"\x89PNG")


def test_a_training_on_a_picture(client: TestClient) -> None:
    path = "/train?width=6&height=5&random_state=1&name=photo"
    answer = post(client, path, Accept="application/json")
    assert answer.status_code == 201
    card = answer.json()
    data = training_data(read_picture(PNG))
    assert card["parameters"]["algorithm"] == "batch"
    assert card["parameters"]["iterations"] == 100
    assert card["data"]["samples"] == len(data.samples)
    same = {
        "data": data.samples.tolist(), "sample_weight": data.table[:, 3].tolist(), "width": 6, "height": 5,
        "random_state": 1, "algorithm": "batch", "iterations": 100,
    }  # fmt: skip
    again = client.post("/train", json=same)
    assert again.status_code == 200
    assert again.headers["Kohonen-Model-Id"] == card["id"]
    assert post(client, path + "&iterations=3", Accept="image/gif").headers["Content-Type"] == "image/gif"


def test_what_a_training_on_a_picture_refuses(client: TestClient) -> None:
    online = post(client, "/train?width=4&height=4&algorithm=online")
    assert online.json()["errors"][0]["pointer"] == "/sample_weight"
    weighted = post(client, "/train?width=4&height=4&sample_weight=n")
    assert weighted.status_code == 422
    table = post(client, "/train?width=4&height=4&normalisation=rank")
    assert table.status_code == 422


def test_a_texture(client: TestClient, decode: Decode) -> None:
    small = {"colours": ["red", "gold"], "width": 4, "height": 3, "iterations": 5}
    client.post("/train", json={**small, "boundary": "toroidal", "name": "torus"})
    tile = client.get("/models/torus/image?view=texture&scale=7")
    assert decode(tile.content).shape == (21, 28, 3)
    client.post("/train", json={**small, "name": "plane"})
    for path in ("plane/image?view=texture", "torus/image?view=texture&annotated=true"):
        answer = client.get(f"/models/{path}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/view"


@pytest.mark.parametrize("path", ["/palette", "/compress", "/train?width=3&height=3"])
def test_other_media_types_are_refused(client: TestClient, path: str) -> None:
    answer = client.post(path, content=PNG, headers={"Content-Type": "image/gif"})
    assert answer.status_code == 415
    assert "image/webp" in answer.json()["detail"]
    assert client.post("/compress", json={"colours": ["red"]}).status_code == 415


@pytest.mark.parametrize("name", [name for name, (source, _) in HOSTILE.items() if isinstance(source, bytes)])
@pytest.mark.parametrize("path", ["/palette", "/compress", "/train?width=3&height=3"])
def test_hostile_pictures_are_refused(client: TestClient, name: str, path: str) -> None:
    answer = post(client, path, HOSTILE[name][0])
    assert answer.status_code == 422
    assert json.loads(answer.content)["type"] == "urn:kohonen:problem:invalid-request"


def test_pixels_are_bounded(make_client: MakeClient) -> None:
    client = make_client(max_picture_pixels=2399)
    answer = post(client, "/compress")
    assert "over the limit of 2,399" in answer.json()["detail"]
    wrong = [
        "/palette?count=0",
        "/palette?emphasis=2",
        "/palette?keep=rod",
        "/compress?dither=2",
        "/compress?colours=300",
    ]
    for path in wrong:
        assert post(client, path).status_code == 422
    assert post(client, "/compress", Accept="text/css").status_code == 406
