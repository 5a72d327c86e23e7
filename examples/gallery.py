"""Makes the pictures of the README and docs/gallery.md; `make examples` runs it.

Some are the service's responses to the requests that these pages show with curl. The others show tables of
scikit-learn, by the library and by the service. The agreement of clusters and known classes is printed.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from sklearn.datasets import load_iris, load_wine
from sklearn.metrics import adjusted_rand_score

from app.app import create_app
from kohonen import SelfOrganizingMap
from kohonen.analysis.clusters import cluster_units
from kohonen.pictures.figures import (
    encode_figure,
    plot_clusters,
    plot_component_planes,
    plot_hits,
    plot_samples,
)

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"


def main() -> None:
    """Make all pictures."""
    requests()
    table("iris", load_iris())
    table("wine", load_wine())
    as_csv("iris", load_iris())
    as_csv("wine", load_wine())


def requests() -> None:
    """Make the pictures of the requests to the service."""
    client = TestClient(create_app())
    palette = json.loads((ROOT / "examples" / "palettes" / "starry-night.json").read_text())

    def train(body: dict[str, Any], accept: str = "*/*", query: str = "") -> bytes:
        answer = client.post(f"/train{query}", json=body, headers={"Accept": accept})
        answer.raise_for_status()
        return answer.content

    demo = client.get("/?random_state=7")
    demo.raise_for_status()
    write("demo.png", demo.content)
    three = {"colours": ["#e63946", "gold", [0.1, 0.7, 0.2]], "width": 30, "height": 20, "iterations": 200}
    write("three-colours.png", train({**three, "random_state": 7}))
    borders = client.get("/models/latest/image?view=u-matrix")
    borders.raise_for_status()
    write("borders.png", borders.content)
    write("starry-night.png", train(palette, query="?view=input-output"))
    write("learning.gif", train({**palette, "frames": 24}, "image/gif"))
    hexagons = {"width": 24, "height": 18, "iterations": 300, "grid": "hexagonal", "boundary": "toroidal"}
    train({**palette, **hexagons})
    for name, query in {
        "hexagonal-torus.png": "view=input-output",
        "hexagonal-u-matrix.png": "view=u-matrix&annotated=true",
        "hexagonal-clusters.png": "view=clusters&k=5",
    }.items():
        answer = client.get(f"/models/latest/image?{query}")
        answer.raise_for_status()
        write(name, answer.content)


def table(name: str, known: Any) -> None:
    """Train a hexagonal map on a table with known classes, and draw its views."""
    mean, spread = known.data.mean(axis=0), known.data.std(axis=0)
    samples = (known.data - mean) / spread
    kinds = [str(known.target_names[kind]) for kind in known.target]
    columns = [column.removesuffix(" (cm)").replace("_", " ") for column in known.feature_names]

    som = SelfOrganizingMap(10, 7, random_state=1, initialisation="pca", grid="hexagonal").fit(samples)
    weights, geometry = som.weights_, som.parameters.geometry
    in_their_units = weights * spread + mean
    planes = plot_component_planes(in_their_units, component_names=columns, geometry=geometry)
    write(f"{name}-planes.png", encode_figure(planes, dpi=70))
    title = f"{name.capitalize()}: samples on the U-matrix"
    where = plot_samples(weights, samples, labels=kinds, geometry=geometry, title=title)
    write(f"{name}-samples.png", encode_figure(where))
    write(f"{name}-clusters.png", encode_figure(plot_clusters(weights, k=3, geometry=geometry)))
    write(f"{name}-hits.png", encode_figure(plot_hits(weights, samples, geometry=geometry)))

    labels = cluster_units(weights, 3).labels
    found = [int(labels[x, y]) for x, y in som.predict(samples)]
    rand = adjusted_rand_score(known.target, np.array(found))
    print(f"{name}: {agreement(kinds, found)} of {len(kinds)} samples are in a cluster of mostly their class")
    print(f"{name}: adjusted Rand index {rand:.2f}; k=auto takes {cluster_units(weights).count}")


def as_csv(name: str, known: Any) -> None:
    """Send a table to the service as CSV, complete and with a tenth of its values missing."""
    kinds = [str(known.target_names[kind]) for kind in known.target]
    values = known.data.tolist()
    if name == "iris":  # which is an example file, too
        (ROOT / "examples" / "tables" / "iris.csv").write_text(csv_of(known, values, kinds))
    client = TestClient(create_app())
    query = "width=10&height=7&iterations=300&random_state=1&initialisation=pca&grid=hexagonal&label=class"
    missing = np.random.default_rng(0).random(known.data.shape) < 0.1
    gaps = [
        [None if absent else one for one, absent in zip(*row, strict=True)]
        for row in zip(values, missing, strict=True)
    ]
    for model, rows in ((name, values), (f"{name}-gaps", gaps)):
        answer = client.post(
            f"/train?{query}&name={model}",
            content=csv_of(known, rows, kinds),
            headers={"content-type": "text/csv", "Accept": "application/json"},
        )
        answer.raise_for_status()
        absent = answer.json()["data"]["missing"]
        for count in (3, "auto"):
            clusters = client.get(f"/models/{model}/clusters?k={count}").json()
            found = [one["cluster"] for one in clusters["samples"]]
            rand = adjusted_rand_score(known.target, found)
            print(
                f"{model} as CSV, {absent} values missing, k={clusters['k']}: "
                f"{agreement(kinds, found)} of {len(kinds)} samples are in a cluster of mostly "
                f"their class; adjusted Rand index {rand:.2f}"
            )
        for picture, view in {"table": "planes", "pies": "pies"}.items() if model == "iris" else ():
            answer = client.get(f"/models/{model}/image?view={view}&annotated=true")
            answer.raise_for_status()
            write(f"{model}-{picture}.png", answer.content)


def csv_of(known: Any, rows: list[list[Any]], kinds: list[str]) -> str:
    """Return a table with its classes as CSV."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*known.feature_names, "class"])
    writer.writerows([*row, kind] for row, kind in zip(rows, kinds, strict=True))
    return file.getvalue()


def agreement(kinds: list[str], found: list[int]) -> int:
    """Return the number of samples that are in a cluster of mostly their class."""
    agreeing = 0
    for number in set(found):
        own = [kind for kind, cluster in zip(kinds, found, strict=True) if cluster == number]
        agreeing += max(own.count(kind) for kind in set(own))
    return agreeing


def write(name: str, content: bytes) -> None:
    """Write a picture, and print its size."""
    (IMAGES / name).write_bytes(content)
    print(f"docs/images/{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
