"""The application: routes, middleware and error handlers of the service.

ASGI servers run ``app`` (``uvicorn app.app:app``); AWS Lambda calls ``handler`` (`app.aws.api`).
"""

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from app.api import (
    clusters,
    colour,
    continue_training,
    demo,
    health,
    images,
    job_pictures,
    jobs,
    models,
    openapi,
    predictions,
    reports,
    served_model,
    training,
)
from app.api.responses import EXPOSED_HEADERS
from app.deployment import Deployment, MemoryShares, open_gate, open_models
from app.runtime import telemetry
from app.settings import Settings
from app.training.service import TrainingService
from app.web import documentation, errors, security
from app.web.access_log import AccessLog
from app.web.caching import KeptAnswers
from app.web.deadline import RequestDeadline
from app.web.encodings import ContentEncoding
from app.web.head import Head
from app.web.held import HeldMemory
from app.web.prefix import RootPath
from app.web.queries import StrictQuery
from app.web.slashes import TrailingSlashes
from kohonen.engines import describe_engine

__all__ = ["app", "create_app"]

_LOG = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Create the application; the settings are read from the environment by default."""
    settings = settings or Settings()
    made = _Service(
        **openapi.ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        lifespan=_lifespan,
    )
    made.state.settings = settings
    made.state.models = open_models(settings)
    made.state.jobs = Deployment(settings, made.state.models)
    shares = MemoryShares.of(settings)
    made.state.gate = open_gate(settings)
    made.state.answers = KeptAnswers(shares.answers)
    made.state.service = TrainingService(made.state.models, settings, made.state.gate)
    for module in (
        demo,
        training,
        jobs,
        job_pictures,
        models,
        images,
        clusters,
        reports,
        predictions,
        colour,
        continue_training,
        served_model,
        health,
    ):
        # Appended directly: `include_router` would build each route again at the first request.
        made.router.routes.extend(module.router.routes)
    for route in made.routes:
        StrictQuery.install(route)
    documentation.install(made)
    openapi.install(made)
    errors.install(made)
    # The middleware that is added last is called first.
    made.add_middleware(
        HeldMemory, gate=made.state.gate, largest=settings.max_body_bytes, together=shares.bodies
    )
    made.add_middleware(ContentEncoding)
    if settings.api_keys:
        made.add_middleware(security.ApiKey, keys=settings.api_keys)
    made.add_middleware(RequestDeadline, seconds=settings.max_training_seconds)
    made.add_middleware(TrailingSlashes)
    made.add_middleware(Head)
    if settings.allowed_origins:
        made.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    return made


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Configure logging, log the engine and who may call, and start and stop the workers of jobs."""
    settings: Settings = app.state.settings
    telemetry.configure(settings.log_format, settings.log_level)
    _LOG.info("maps are trained by the engine %s", describe_engine())
    if settings.api_keys:
        _LOG.info("callers need a key (SOM_API_KEY)")
    else:
        _LOG.warning(
            "no key is needed: everybody who reaches the service may call it (SOM_API_KEY is not set)"
        )
    app.state.jobs.start()
    yield
    await run_in_threadpool(app.state.jobs.stop)


class _Service(FastAPI):
    """Adds the outermost middleware, since `add_middleware` misses the answers to unexpected errors."""

    def build_middleware_stack(self) -> ASGIApp:
        stack = AccessLog(security.SecurityHeaders(super().build_middleware_stack()))
        return RootPath(stack, self.state.settings.root_path)


def __getattr__(name: str) -> Any:
    """Import ``handler`` on demand: its module sets up the process for AWS Lambda."""
    if name == "handler":
        from app.aws.api import handler

        return handler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


app = create_app()
