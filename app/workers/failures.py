"""Failures of jobs: when a job is given up, and the problem details that its record holds."""

from app.jobs.record import Job
from app.problems import document, document_of
from app.settings import Settings

__all__ = ["given_up", "problem_of", "reason_to_give_up"]


def reason_to_give_up(job: Job, settings: Settings) -> str | None:
    """Return why a job must not be started again, or None."""
    attempts, slices = settings.max_job_attempts, settings.max_job_slices
    if job.attempts > attempts:
        return (
            f"the training was started {attempts} times without getting further than iteration "
            f"{job.checkpoint.iteration if job.checkpoint else 0}, and its worker was lost each time: "
            "it may need more memory than is available; use a smaller map or fewer samples"
        )
    if job.slices > slices:
        return f"the training is not done after {slices:,} slices, which is the limit"
    return None


def given_up(reason: str) -> dict[str, object]:
    """Return the problem detail of a job that is given up."""
    return document(500, reason, slug="gave-up", title="The training was given up")


def problem_of(error: Exception) -> dict[str, object]:
    """Return the problem detail of an error."""
    try:
        return document_of(error)
    except LookupError:
        detail = f"an internal error occurred ({type(error).__name__}); it has been logged"
        return document(500, detail, slug="failed", title="The training failed")
