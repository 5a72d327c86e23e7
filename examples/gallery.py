"""The pictures of the gallery in the README: `make examples` makes them anew.

Some are answers of the service to the requests that the README shows with curl; the others are made with the
library, from tables that come with scikit-learn. How far clusters and known classes agree is printed.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from sklearn.datasets import load_iris, load_wine
from sklearn.metrics import adjusted_rand_score

from app.app import create_app
from kohonen import SelfOrganizingMap
from kohonen.clusters import cluster_units
from kohonen.figures import encode_figure, plot_clusters, plot_component_planes, plot_hits, plot_samples

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"


def main() -> None:
    """Make all pictures."""
    requests()
    table("iris", load_iris())
    table("wine", load_wine())


def requests() -> None:
    """Ask the service."""
    client = TestClient(create_app())
    palette = json.loads((ROOT / "examples" / "palettes" / "starry-night.json").read_text())

    def train(body: dict[str, Any], accept: str = "*/*") -> bytes:
        answer = client.post("/train", json=body, headers={"Accept": accept})
        answer.raise_for_status()
        return answer.content

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
    """Train a hexagonal map on a table of classes that are known, and look at it."""
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
    agreeing = 0
    for number in set(found):
        own = [kind for kind, cluster in zip(kinds, found, strict=True) if cluster == number]
        agreeing += max(own.count(kind) for kind in set(own))
    rand = adjusted_rand_score(known.target, np.array(found))
    print(f"{name}: {agreeing} of {len(kinds)} samples are in a cluster of mostly their class")
    print(f"{name}: adjusted Rand index {rand:.2f}; k=auto takes {cluster_units(weights).count}")


def write(name: str, content: bytes) -> None:
    """Write a picture, and say how large it is."""
    (IMAGES / name).write_bytes(content)
    print(f"docs/images/{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
