"""Pictures and animations of jobs, including jobs in progress."""

from fastapi import APIRouter, Request, Response

from app.api.animated import ANIMATION_HEADERS, ANIMATIONS, CONTENT, animated
from app.api.dependencies import AppSettings, HeavyWork, JobsService
from app.api.jobs import RETRY_AFTER, JobId, retry_after
from app.runtime import costs
from app.web.negotiation import choose
from app.web.responses import BINARY, PNG, headers, problems
from kohonen.pictures.maps import draw_map, encode_png

__all__ = ["router"]

router = APIRouter(tags=["jobs"])

_ITERATION = headers("integer", Kohonen_Iteration="Number of iterations that are completed.")


@router.get(
    "/jobs/{job_id}/image",
    summary="The current map of a job",
    operation_id="get_job_image",
    response_class=Response,
    responses={
        200: {
            "description": "The map at the last checkpoint. A header reports its iteration.",
            "headers": _ITERATION | RETRY_AFTER,
            "content": {PNG: BINARY},
        },
        **problems(404, 409, 500, 503),
    },
)
def get_job_image(job_id: JobId, jobs: JobsService, gate: HeavyWork) -> Response:
    """Draw the map at the last checkpoint."""
    with gate.admit("reading", costs.picture(jobs.records.get(job_id).request.shape)):
        job, iteration, weights = jobs.weights(job_id)
        content = encode_png(draw_map(weights, geometry=job.request.training.geometry))
    details = {"Kohonen-Iteration": str(iteration), **retry_after(job), "Cache-Control": "no-cache"}
    return Response(content, media_type=PNG, headers=details)


@router.get(
    "/jobs/{job_id}/animation",
    summary="An animation of the training of a job",
    operation_id="get_job_animation",
    response_class=Response,
    responses={
        200: {
            "description": "The animation up to the last checkpoint. A header reports its iteration.",
            "headers": _ITERATION | ANIMATION_HEADERS | RETRY_AFTER,
            "content": CONTENT,
        },
        **problems(404, 406, 409, 500, 503),
    },
)
def get_job_animation(
    request: Request, job_id: JobId, jobs: JobsService, settings: AppSettings, gate: HeavyWork
) -> Response:
    """Animate the training of a job that was requested with frames: as a GIF, or as `Accept` says.

    While the job is running, the animation ends at the last checkpoint.
    """
    media_type = choose(request.headers.get("accept"), [*ANIMATIONS])
    with gate.admit("reading", costs.animation(jobs.records.get(job_id).request.shape)):
        job, frames = jobs.frames(job_id)
        content, details = animated(frames, job.request.training.geometry, media_type, settings)
    details |= {"Kohonen-Iteration": str(frames[-1].record.iteration), **retry_after(job)}
    details |= {"Cache-Control": "no-cache", "Vary": "Accept"}
    return Response(content, media_type=media_type, headers=details)
