"""Watching a job: its map as it is now, and how it came to be so."""

from fastapi import APIRouter, Request, Response

from app.api.animation import ANIMATIONS, CONTENT, TOLD, animated
from app.api.dependencies import AppSettings, JobsService
from app.api.jobs import LOOK_AGAIN, JobId, retry_after
from app.api.negotiation import choose
from app.web.responses import PNG, problems
from kohonen.pictures import draw_map, encode_png

__all__ = ["router"]

router = APIRouter(tags=["jobs"])

_ITERATION = {"Kohonen-Iteration": {"description": "Iterations done.", "schema": {"type": "integer"}}}


@router.get(
    "/jobs/{job_id}/image",
    summary="The map of a job as it is now",
    operation_id="get_job_image",
    response_class=Response,
    responses={
        200: {
            "description": "The map as of the last checkpoint, and of which iteration that is.",
            "headers": {
                **_ITERATION,
                **LOOK_AGAIN,
            },
            "content": {PNG: {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(404, 409, 500, 503),
    },
)
def get_job_image(job_id: JobId, jobs: JobsService) -> Response:
    """Draw the map as of the last checkpoint, so that people can watch it learn."""
    job, iteration, weights = jobs.weights(job_id)
    headers = {"Kohonen-Iteration": str(iteration), **retry_after(job), "Cache-Control": "no-cache"}
    return Response(
        encode_png(draw_map(weights, geometry=job.request.training.geometry)), media_type=PNG, headers=headers
    )


@router.get(
    "/jobs/{job_id}/animation",
    summary="The training of a job, animated",
    operation_id="get_job_animation",
    response_class=Response,
    responses={
        200: {
            "description": "The animation as of the last checkpoint, and of which iteration that is.",
            "headers": {
                **_ITERATION,
                **{
                    name: {"description": description, "schema": {"type": "string"}}
                    for name, description in TOLD.items()
                },
                **LOOK_AGAIN,
            },
            "content": CONTENT,
        },
        **problems(404, 406, 409, 500, 503),
    },
)
def get_job_animation(request: Request, job_id: JobId, jobs: JobsService, settings: AppSettings) -> Response:
    """Animate the training of a job whose request has asked for frames: a GIF, or what `Accept` says.

    While the job is under way, it is animated as far as it is saved.
    """
    media_type = choose(request.headers.get("accept"), [*ANIMATIONS])
    job, frames = jobs.frames(job_id)
    content, told = animated(frames, job.request.training.geometry, media_type, settings)
    iteration = str(frames[-1].record.iteration)
    headers = {"Kohonen-Iteration": iteration, **told, **retry_after(job)}
    headers |= {"Cache-Control": "no-cache", "Vary": "Accept"}
    return Response(content, media_type=media_type, headers=headers)
