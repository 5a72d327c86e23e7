"""The OpenAPI document of the service."""

from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter

from app.api.schemas.colour import ColoursBody
from app.api.schemas.continue_training import FitBody, FitFields
from app.api.schemas.health import Problem
from app.api.schemas.models import Predictions, Vector, Vectors
from app.api.schemas.tables import RoleFields
from app.api.schemas.training import TrainingBody, TrainingFields
from app.models import Card
from app.web import security
from app.web.body import reference
from kohonen import __version__

__all__ = ["ABOUT", "install"]

ABOUT: dict[str, Any] = {
    "title": "Kohonen",
    "version": __version__,
    "summary": "Self-organizing maps as a service",
    "description": (
        "Send colours, a picture, numeric vectors or a table: the service trains a [self-organizing map]"
        "(https://en.wikipedia.org/wiki/Self-organizing_map) on them and answers with a picture of it. "
        "Try `POST /train` below: *Try it out*, then *Execute*.\n\n"
        "Errors are problem details (RFC 9457). The `Kohonen-*` headers of a picture report the quality of "
        "its map. Every `GET` also supports `HEAD`."
    ),
    "license_info": {"name": "MIT", "identifier": "MIT"},
    "openapi_tags": [
        {"name": "demo", "description": "A map of random or given colours."},
        {"name": "training", "description": "Train maps on your data."},
        {"name": "colours", "description": "Palettes, and pictures in few colours."},
        {"name": "jobs", "description": "Train in the background, for longer than a request may take."},
        {"name": "models", "description": "Stored models."},
        {"name": "served model", "description": "The same calls for the served model."},
        {"name": "service", "description": "The service itself."},
    ],
}


def install(app: FastAPI) -> None:
    """Make the app's document from its routes, and add the schemas that they only reference."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(**ABOUT_DOCUMENT, routes=app.routes)
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            for model in (Problem, Card, Predictions):
                schema = TypeAdapter(model).json_schema(
                    ref_template="#/components/schemas/{model}", mode="serialization"
                )
                schemas.update(schema.pop("$defs", {}))
                schemas[model.__name__] = schema
            _insert_schemas(made)
            _remove_other_problems(made)
            security.describe(made, required=app.state.settings.api_key is not None)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _insert_schemas(document: dict[str, Any]) -> None:
    """Replace the references of `body.describe` by schemas, which are too slow to build at the start."""
    schemas = {
        reference(model): _schema(model) for model in (ColoursBody, FitBody, TrainingBody, Vector, Vectors)
    }
    schemas |= {reference(model): _in_query(_schema(model)) for model in (FitFields, TrainingFields)}
    for operations in document["paths"].values():
        for operation in operations.values():
            parameters = operation.get("parameters", [])
            parameters.sort(key=lambda one: one["name"] != "view")  # the first on a page
            for described in (*operation.get("requestBody", {}).get("content", {}).values(), *parameters):
                schema = described["schema"]
                described["schema"] = schemas.get(schema.get("$ref"), schema)


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema: dict[str, Any] = jsonable_encoder(model.model_json_schema(), exclude_none=True)
    return schema


def _in_query(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of fields as one exploded object, without lists, which do not explode."""
    lists = {"normalisation", *RoleFields.model_fields}
    fields = {name: field for name, field in schema["properties"].items() if name not in lists}
    properties = {name: _without_null(field) for name, field in fields.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _remove_other_problems(document: dict[str, Any]) -> None:
    """Remove FastAPI's descriptions of invalid requests, which are problem details here."""
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an optional field without null, without lists and without its default."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") not in ("null", "array")]
    others = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**kinds[0], **others} if len(kinds) == 1 else others


#: `get_openapi` and `FastAPI` have different names for the tags.
ABOUT_DOCUMENT = {"tags" if name == "openapi_tags" else name: value for name, value in ABOUT.items()}
