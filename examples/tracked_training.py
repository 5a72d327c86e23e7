"""Train the map of The Starry Night's colours, and log it to MLflow (MLFLOW_TRACKING_URI).

The same colours, parameters and seed are a training request of the service: `make train` does both, and the
map that the API then serves is the one that MLflow knows.
"""

import json
from pathlib import Path

import mlflow

from kohonen import SelfOrganizingMap
from kohonen.colours import parse_colours
from kohonen.mlflow import Tracking, log_som_model

PALETTE = Path(__file__).with_name("palettes") / "starry-night.json"

if __name__ == "__main__":
    request = json.loads(PALETTE.read_text())
    samples = parse_colours(request.pop("colours"))
    with mlflow.start_run(run_name="starry-night") as run:
        som = SelfOrganizingMap(**request).fit(samples, observers=[Tracking()])
        log_som_model(som, samples, feature_names=["red", "green", "blue"])
    print(f"MLflow has it as run {run.info.run_id}")
