"""Training in the background: jobs."""

import asyncio
import datetime
import math
import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from app.api import body
from app.api.dependencies import AppSettings, Deadline, JobsService, ModelsOfStore
from app.api.examples import EXAMPLE_ID, JOB
from app.api.responses import card_document
from app.api.schemas import Problem
from app.api.training_requests import CSV_EXAMPLE, IdempotencyKey, TrainingQuery, read_training
from app.api.training_schemas import TrainingBody, TrainingFields
from app.errors import FieldError, InvalidRequestError
from app.jobs.record import Job, Progress, State
from app.models import Card, Models
from app.schema import Schema
from app.web.responses import problems, root_path

__all__ = ["LOOK_AGAIN", "JobDocument", "JobId", "retry_after", "router"]

router = APIRouter(tags=["jobs"])

#: Seconds after which to look again at a job that has not begun, and at most at one that has.
QUEUED, LONGEST = 2, 30
#: How long to wait between two looks at a job, in seconds: at first, and at most.
SOONEST, LATEST = 0.1, 1.0


class JobDocument(Schema):
    """A training in the background."""

    id: str = Field(description="The id of the job, and of the model that it makes.")
    state: State
    created_at: datetime.datetime
    started_at: datetime.datetime | None = Field(description="When it was first worked on.")
    updated_at: datetime.datetime = Field(description="When it was last heard of.")
    ended_at: datetime.datetime | None
    attempts: int = Field(description="How often it has begun, failures included, since it last got further.")
    slices: int = Field(description="In how many slices it has been worked on.")
    parameters: dict[str, Any] = Field(description="The parameters, with the seed that is used.")
    names: list[str] = Field(description="The names that its model becomes a revision of.")
    samples: int
    dimension: int
    progress: Progress
    model: Card | None = Field(
        None, description="The card of the model, once the job has succeeded; not in lists."
    )
    problem: Problem | None = Field(None, description="Why the job has failed, if it has.")
    frames: int | None = Field(
        description="How many frames of its animation have been saved; null where none are wanted."
    )
    links: dict[str, str] = Field(
        description="`self`, `image`, `animation` where it has one, and `model` once there is one."
    )


class JobList(Schema):
    """Jobs, the newest first."""

    jobs: list[JobDocument]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last one.")


JobId = Annotated[
    str,
    Path(
        description="The job's id, as `POST /atrain` told it.",
        openapi_examples={"first": {"value": EXAMPLE_ID}},
    ),
]
LOOK_AGAIN = {
    "Retry-After": {
        "description": "Seconds after which to look again, as long as the job has not ended.",
        "schema": {"type": "integer"},
    }
}
_LOCATION = {"Location": {"description": "Where the job is.", "schema": {"type": "string"}}}


@router.post(
    "/atrain",
    summary="Train a map in the background; answers with the job",
    operation_id="train_in_background",
    status_code=202,
    response_model=JobDocument,
    responses={
        202: {"description": "The job, which will be done.", "headers": {**_LOCATION, **LOOK_AGAIN}},
        200: {"description": "The job, which is done.", "headers": _LOCATION, "model": JobDocument},
        **problems(400, 413, 415, 422, 500, 503),
    },
    openapi_extra=body.describe(TrainingBody, JOB, csv=CSV_EXAMPLE, fields=TrainingFields),
)
async def train_in_background(
    request: Request,
    jobs: JobsService,
    models: ModelsOfStore,
    settings: AppSettings,
    query: Annotated[TrainingQuery, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take a training that may take hours, and answer at once.

    The body is that of `POST /train`, and so is the model. The same request again is the same job: the one
    that is under way or has made the model; one that failed or was cancelled is queued once more. With
    `frames` the job makes an animation, too; asked for a model that has none, it is trained again.
    """
    training = await read_training(
        request, query, settings, idempotency_key, most_samples=settings.max_job_samples
    )
    if not training.persist:
        message = "a job is there to make a model that is stored: leave persist out, or ask POST /train"
        raise InvalidRequestError([FieldError("/persist", message)])

    def submit() -> tuple[Job, dict[str, Any]]:
        job = jobs.submit(training)
        return job, _document(job, request, models)

    job, document = await run_in_threadpool(submit)
    headers = {**retry_after(job), "Location": document["links"]["self"]}
    return JSONResponse(document, status_code=200 if job.ended else 202, headers=headers)


@router.get(
    "/jobs",
    summary="The jobs, the newest first",
    operation_id="list_jobs",
    response_model=JobList,
    responses=problems(422, 503),
)
def list_jobs(
    request: Request,
    jobs: JobsService,
    max_results: Annotated[int, Query(ge=1, le=100, description="Jobs of a page, at most.")] = 10,
    cursor: Annotated[
        str, Query(pattern=r"^(\d{15}-[0-9a-f]{32})?$", description="The `cursor` of the page before.")
    ] = "",
) -> Response:
    """List jobs, those that have ended included."""
    page, following = jobs.page(limit=max_results, cursor=cursor)
    documents = [_document(job, request) for job in page]
    return JSONResponse({"jobs": documents, "next_cursor": following})


@router.get(
    "/jobs/{job_id}",
    summary="A job: its state, its progress, its model",
    operation_id="get_job",
    response_model=JobDocument,
    responses={200: {"description": "The job.", "headers": LOOK_AGAIN}, **problems(404, 422, 500, 503)},
)
async def get_job(
    request: Request,
    job_id: JobId,
    jobs: JobsService,
    models: ModelsOfStore,
    settings: AppSettings,
    deadline: Deadline,
    wait: Annotated[
        float, Query(ge=0, le=3600, description="Seconds to wait for the job to end, as far as allowed.")
    ] = 0.0,
) -> Response:
    """Tell how far a job is, and when to look again.

    With `wait` the answer comes once the job has ended, or after so many seconds; a deployment may allow less
    (`max_wait_seconds` of `GET /limits`).
    """
    until = min(time.monotonic() + min(wait, settings.max_wait_seconds), deadline)
    pause = SOONEST
    while True:
        job = await run_in_threadpool(jobs.get, job_id)
        left = until - time.monotonic()
        if job.ended or left <= 0:
            break
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, LATEST)
    document = await run_in_threadpool(_document, job, request, models)
    return JSONResponse(document, headers={**retry_after(job), "Cache-Control": "no-cache"})


@router.delete(
    "/jobs/{job_id}",
    summary="Cancel a job",
    operation_id="cancel_job",
    response_model=JobDocument,
    responses=problems(404, 500, 503),
)
def cancel_job(request: Request, job_id: JobId, jobs: JobsService, models: ModelsOfStore) -> Response:
    """Cancel a job, and keep its record; of one that has ended, remove the frames.

    Whoever trains it stops within a second or two. The same request again goes on from the last checkpoint.
    """
    return JSONResponse(_document(jobs.cancel(job_id), request, models))


def _document(job: Job, request: Request, models: Models | None = None) -> dict[str, Any]:
    """Return a job as JSON; with its model, where the models are given."""
    root = root_path(request)
    place = f"{root}/jobs/{job.id}"
    links = {"self": place, "image": f"{place}/image"}
    if job.request.frames is not None:
        links["animation"] = f"{place}/animation"
    if job.state == "succeeded":
        links["model"] = f"{root}/models/{job.id}"
    document = JobDocument(
        **job.model_dump(include=_SHARED),
        parameters=job.request.parameters,
        samples=job.request.samples,
        dimension=job.request.dimension,
        frames=None if job.request.frames is None else sum(piece.count for piece in job.frames),
        links=links,
    ).model_dump(mode="json")
    if job.problem is not None:
        document["problem"] = job.problem
    card = models.find(job.id) if models and job.state == "succeeded" else None
    if card is not None:
        document["model"] = card_document(card, request)
    return document


def retry_after(job: Job) -> dict[str, str]:
    """Say when to look again at a job, as headers."""
    if job.ended:
        return {}
    left = job.progress.seconds_left
    return {"Retry-After": str(QUEUED if left is None else min(LONGEST, max(1, math.ceil(left))))}


_SHARED = {
    "id", "state", "created_at", "started_at", "updated_at", "ended_at", "attempts", "slices", "progress",
    "names",
}  # fmt: skip
