"""Example requests, which Swagger UI fills in: *Try it out* then shows a picture."""

from typing import Any

__all__ = ["EXAMPLE_ID", "JOB", "TRAINING"]

TRAINING: dict[str, Any] = {
    "colours": {
        "summary": "Three colours, a map of 30 by 20 units",
        "value": {
            "colours": ["#e63946", "gold", [0.1, 0.7, 0.2]],
            "width": 30,
            "height": 20,
            "iterations": 200,
            "random_state": 7,
        },
    },
    "triples": {
        "summary": "Triples from 0 to 255 (select application/json below for the model card)",
        "value": {
            "colours": [[255, 0, 0], [0, 128, 0], [0, 0, 255], [255, 255, 0]],
            "colour_range": 255,
            "width": 40,
            "height": 40,
            "iterations": 300,
            "random_state": 1,
        },
    },
    "table": {
        "summary": "A table with texts and a missing value (GET /models/latest/image draws its planes)",
        "value": {
            "columns": {
                "height": [31.5, 48, 29, 52.3, 33],
                "weight": [4.2, None, 3.9, 19, 4.4],
                "species": ["cat", "dog", "cat", "dog", "cat"],
            },
            "width": 20,
            "height": 14,
            "iterations": 300,
            "random_state": 3,
        },
    },
    "labels": {
        "summary": "A table with labels and ids (GET /models/latest/image?view=pies draws the labels)",
        "value": {
            "columns": {
                "name": ["rex", "tom", "ben", "kit", "max"],
                "height": [52.3, 29, 48, 31.5, 50.1],
                "weight": [19, 3.9, 15.5, 4.2, 17],
                "species": ["dog", "cat", "dog", "cat", None],
            },
            "label": "species",
            "id": "name",
            "width": 10,
            "height": 7,
            "iterations": 300,
            "random_state": 3,
        },
    },
    "vectors": {
        "summary": "Vectors of four values: the picture is the U-matrix",
        "value": {
            "data": [[5.1, 3.5, 1.4, 0.2], [7.0, 3.2, 4.7, 1.4], [6.3, 3.3, 6.0, 2.5], [4.9, 3.0, 1.4, 0.2]],
            "width": 20,
            "height": 14,
            "iterations": 500,
            "random_state": 3,
        },
    },
}

#: Id of the model of the first example, checked by a test.
EXAMPLE_ID = "2ef3640a007443f40c02220e83fa22ee"

JOB: dict[str, Any] = {
    "large": {
        "summary": "Colours of a sunset on a map of 200 by 200 units",
        "value": {
            "colours": ["#0b1026", "#3d1e6d", "#8f2d56", "#d81159", "#ff6b35", "#ffbc42", "#fff3b0"],
            "width": 200,
            "height": 200,
            "iterations": 20_000,
            "random_state": 7,
        },
    },
    **TRAINING,
}
