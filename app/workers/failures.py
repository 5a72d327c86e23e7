"""Failures of jobs: when a job is given up, and the problem details that its record holds."""

from typing import Any

from app.jobs.record import Job
from app.problems import document, document_of
from app.settings import Settings

__all__ = ["given_up", "problem_of"]


def given_up(job: Job, settings: Settings) -> dict[str, Any] | None:
    """Return the problem detail of a job that must not be started again, or None."""
    attempts, slices = settings.max_job_attempts, settings.max_job_slices
    if job.attempts > attempts:
        reason = (
            f"the training was started {attempts} times without getting further than iteration "
            f"{job.checkpoint.iteration if job.checkpoint else 0}, and its worker was lost each time: "
            "it may need more memory than is available; use a smaller map or fewer samples"
        )
    elif job.slices > slices:
        reason = f"the training is not done after {slices:,} slices, which is the limit"
    else:
        return None
    return document(500, reason, slug="gave-up", title="The training was given up")


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the problem detail of an error."""
    try:
        return document_of(error)
    except LookupError:
        detail = f"an internal error occurred ({type(error).__name__}); it has been logged"
        return document(500, detail, slug="failed", title="The training failed")
