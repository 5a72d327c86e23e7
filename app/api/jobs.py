"""Routes of jobs: trainings in the background."""

import asyncio
import datetime
import math
import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import AppSettings, Deadline, JobsService, ModelsOfStore
from app.api.responses import card_document
from app.api.schemas.examples import EXAMPLE_ID, JOB
from app.api.schemas.health import Problem
from app.api.schemas.training import TrainingBody, TrainingFields
from app.api.schemas.training_input import CSV_EXAMPLE, IdempotencyKey, TrainingQuery, read_training
from app.errors import FieldError, InvalidRequestError
from app.jobs.record import Job, Progress, State
from app.models import Card, Models
from app.schema import Schema
from app.web import body
from app.web.responses import headers, problems, root_path

__all__ = ["RETRY_AFTER", "JobDocument", "JobId", "retry_after", "router"]

router = APIRouter(tags=["jobs"])

#: ``Retry-After`` in seconds, of a queued job, and at most of a running one.
RETRY_QUEUED, RETRY_LONGEST = 2, 30
#: Seconds between two reads of a job that a request waits for: the first pause, and the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0


class JobDocument(Schema):
    """A training in the background."""

    id: str = Field(description="The id of the job, and of its model.")
    state: State
    created_at: datetime.datetime
    started_at: datetime.datetime | None = Field(description="When it was first started.")
    updated_at: datetime.datetime = Field(description="When its record was last changed.")
    ended_at: datetime.datetime | None
    attempts: int = Field(description="Number of starts since the last progress, including failures.")
    slices: int = Field(description="Number of slices in which it has been worked on.")
    parameters: dict[str, Any] = Field(description="The parameters, with the seed.")
    names: list[str] = Field(description="The names under which its model is stored as a revision.")
    samples: int
    dimension: int
    progress: Progress
    model: Card | None = Field(
        None, description="The card of the model, if the job has succeeded; not in lists."
    )
    problem: Problem | None = Field(None, description="The reason of the failure, if the job has failed.")
    frames: int | None = Field(
        description="Number of frames of its animation that are saved; null without an animation."
    )
    links: dict[str, str] = Field(
        description="`self`, `image`, `animation` if it has one, and `model` if the job has succeeded."
    )


class JobList(Schema):
    """A page of jobs, the newest first."""

    jobs: list[JobDocument]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last one.")


JobId = Annotated[
    str,
    Path(
        description="The job's id, as returned by `POST /atrain`.",
        openapi_examples={"first": {"value": EXAMPLE_ID}},
    ),
]
RETRY_AFTER = headers(
    "integer", Retry_After="Seconds after which to request the job again; absent if it has ended."
)
_LOCATION = headers(Location="The path of the job.")


@router.post(
    "/atrain",
    summary="Train a map in the background; answers with the job",
    operation_id="train_in_background",
    status_code=202,
    response_model=JobDocument,
    responses={
        202: {"description": "The job, which is queued or running.", "headers": {**_LOCATION, **RETRY_AFTER}},
        200: {"description": "The job, which has ended.", "headers": _LOCATION, "model": JobDocument},
        **problems(400, 413, 415, 422, 500, 503),
    },
    openapi_extra=body.describe(TrainingBody, JOB, csv=CSV_EXAMPLE, fields=TrainingFields, pictures=True),
)
async def train_in_background(
    request: Request,
    jobs: JobsService,
    models: ModelsOfStore,
    settings: AppSettings,
    query: Annotated[TrainingQuery, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue a training that may take hours, and answer immediately.

    The body and the model are those of `POST /train`. The same request again returns the same job, if it
    is unfinished or has succeeded; a job that failed or was cancelled is queued again. With `frames` the job
    also makes an animation; a model that was trained without one is trained again.
    """
    training = await read_training(
        request, query, settings, idempotency_key, most_samples=settings.max_job_samples
    )
    if not training.persist:
        message = "a job stores its model: leave persist out, or use POST /train instead"
        raise InvalidRequestError([FieldError("/persist", message)])

    def submit() -> tuple[Job, dict[str, Any]]:
        job = jobs.submit(training)
        return job, _document(job, request, models)

    job, document = await run_in_threadpool(submit)
    details = {**retry_after(job), "Location": document["links"]["self"]}
    return JSONResponse(document, status_code=200 if job.ended else 202, headers=details)


@router.get(
    "/jobs",
    summary="List jobs, the newest first",
    operation_id="list_jobs",
    response_model=JobList,
    responses=problems(422, 503),
)
def list_jobs(
    request: Request,
    jobs: JobsService,
    max_results: Annotated[int, Query(ge=1, le=100, description="Maximum number of jobs of a page.")] = 10,
    cursor: Annotated[
        str, Query(pattern=r"^(\d{15}-[0-9a-f]{32})?$", description="`next_cursor` of the previous page.")
    ] = "",
) -> Response:
    """List jobs, including those that have ended."""
    page, following = jobs.records.page(limit=max_results, cursor=cursor)
    documents = [_document(job, request) for job in page]
    return JSONResponse({"jobs": documents, "next_cursor": following})


@router.get(
    "/jobs/{job_id}",
    summary="The state and progress of a job, and its model",
    operation_id="get_job",
    response_model=JobDocument,
    responses={200: {"description": "The job.", "headers": RETRY_AFTER}, **problems(404, 422, 500, 503)},
)
async def get_job(
    request: Request,
    job_id: JobId,
    jobs: JobsService,
    models: ModelsOfStore,
    settings: AppSettings,
    deadline: Deadline,
    wait: Annotated[
        float, Query(ge=0, le=3600, description="Seconds to wait for the job to end, up to the limit.")
    ] = 0.0,
) -> Response:
    """Return the state and progress of a job, and when to request it again.

    With `wait` the answer is sent when the job has ended, or after that number of seconds; a deployment may
    allow less (`max_wait_seconds` of `GET /limits`).
    """
    until = min(time.monotonic() + min(wait, settings.max_wait_seconds), deadline)
    pause = FIRST_PAUSE
    while True:
        job = await run_in_threadpool(jobs.records.get, job_id)
        left = until - time.monotonic()
        if job.ended or left <= 0:
            break
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)
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
    """Cancel a job, and keep its record. If it has ended, its frames are deleted.

    The worker stops within a second or two. The same request again continues from the last checkpoint.
    """
    return JSONResponse(_document(jobs.records.cancel(job_id), request, models))


def _document(job: Job, request: Request, models: Models | None = None) -> dict[str, Any]:
    """Return a job as JSON; with `models`, including the card of its model."""
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
    """Return the header that says when to request a job again, or none if it has ended."""
    if job.ended:
        return {}
    left = job.progress.seconds_left
    return {"Retry-After": str(RETRY_QUEUED if left is None else min(RETRY_LONGEST, max(1, math.ceil(left))))}


_SHARED = {
    "id", "state", "created_at", "started_at", "updated_at", "ended_at", "attempts", "slices", "progress",
    "names",
}  # fmt: skip
