"""The examples are what they say: request bodies that can be sent as they are."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.app import create_app
from app.settings import Settings
from kohonen import Parameters, read_csv
from kohonen.inputs.colours import parse_colours

ROOT = Path(__file__).parents[1]
PALETTES = sorted((ROOT / "examples" / "palettes").glob("*.json"))


def test_there_are_palettes() -> None:
    assert PALETTES


@pytest.mark.parametrize("path", PALETTES, ids=lambda path: path.stem)
def test_a_palette_is_a_training_request(path: Path) -> None:
    request = json.loads(path.read_text(encoding="utf-8"))
    colours = parse_colours(request.pop("colours"))
    assert 24 <= len(colours) <= 48
    assert len({row.tobytes() for row in colours}) == len(colours)
    assert Parameters(**request).random_state is not None


def test_the_table_is_what_the_readme_says() -> None:
    """Three clusters agree with the classes for 129 of 150 flowers; a few may fall otherwise elsewhere."""
    path = ROOT / "examples" / "tables" / "iris.csv"
    (command,) = re.findall(r'"localhost:5000(/train\?\S*label=class\S*)"', (ROOT / "README.md").read_text())
    client = TestClient(create_app(Settings(store="memory:", max_training_seconds=600)))
    headers = {"content-type": "text/csv"}
    client.post(command, content=path.read_bytes(), headers=headers).raise_for_status()
    told = client.get("/models/iris/clusters?k=3").json()
    assert told["components"] == [
        "sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)",
    ]  # fmt: skip
    kinds = read_csv(path.read_bytes(), label="class").labels["class"]
    pairs = Counter(zip((one["cluster"] for one in told["samples"]), kinds, strict=True))
    agreeing = sum(max(count for (at, _), count in pairs.items() if at == cluster) for cluster in range(3))
    assert agreeing == pytest.approx(129, abs=3)
