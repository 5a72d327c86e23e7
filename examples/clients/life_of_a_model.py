"""Train a model, name it, view it, use it for predictions, continue its training and delete it.

Needs only Python 3.11: ``python examples/clients/life_of_a_model.py [http://127.0.0.1:5000]``.
"""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


class Kohonen:
    """A client of the service."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def call(self, method: str, path: str, body: Any = None, *, accept: str = "application/json") -> bytes:
        """Send a request and return the body of the response; exit with the text of a problem."""
        headers = {"Accept": accept}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            raise SystemExit(f"{method} {path}: {problem['title']}: {problem['detail']}") from None

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the JSON of the response."""
        return json.loads(self.call(method, path, body))


def main(url: str) -> None:
    """Train, use and delete a model."""
    service = Kohonen(url)
    sunset = {"colours": ["#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51"], "width": 40, "height": 30}
    training = {**sunset, "iterations": 200, "random_state": 7, "name": "python-sunset"}
    card = service.json("POST", "/train", training)
    print(f"trained {card['revision']}, quantization error {card['quality']['quantization_error']:.4f}")

    Path("sunset.png").write_bytes(service.call("GET", "/models/python-sunset/image", accept="image/png"))
    Path("sunset.npy").write_bytes(service.call("GET", "/models/python-sunset/download", accept="*/*"))
    print("saved sunset.png and sunset.npy")

    found = service.json("POST", "/models/python-sunset/predict", {"data": [[1, 0, 0], [0, 0.5, 0.5]]})
    for vector in found["results"]:
        print(f"unit ({vector['bmu_x']}, {vector['bmu_y']}), distance {vector['distance']:.3f}")

    more = {"schedule": "continue", "iterations": 100, "name": "python-sunset"}
    child = service.json("POST", "/models/python-sunset/fit", more)
    print(
        f"continued as {child['revision']}, quantization error {child['quality']['quantization_error']:.4f}"
    )

    for model in service.json("GET", "/models?name=python-sunset&sort=quantization_error")["models"]:
        print(f"{model['revision']}: {model['id']}")
    for made in (child, card):
        service.call("DELETE", f"/models/{made['id']}")
    print("deleted both")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000")
