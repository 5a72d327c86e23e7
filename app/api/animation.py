"""Answers that move: which kind of file, and how large."""

from dataclasses import replace

from app.api.negotiation import choose
from app.api.responses import JSON, PNG
from app.settings import Settings
from app.training import Outcome, TrainingRequest
from kohonen.animation import FORMS, animate

__all__ = ["ANIMATIONS", "FRAMES", "animated", "negotiate"]

#: Media types of animations, and their forms.
ANIMATIONS = {media_type: form for form, media_type in FORMS.items()}
#: Frames of an animation that is asked for by its media type alone.
FRAMES = 24


def negotiate(accept: str | None, training: TrainingRequest) -> tuple[str, TrainingRequest]:
    """Return the media type of the answer to a training, and the training with the frames that this needs.

    Raises
    ------
    NotAcceptableError
        When the client accepts nothing that there is; with frames that is animations only.
    """
    if training.frames is not None:
        return choose(accept, [*ANIMATIONS]), training
    media_type = choose(accept, [PNG, JSON, *ANIMATIONS])
    return media_type, replace(training, frames=FRAMES) if media_type in ANIMATIONS else training


def animated(
    outcome: Outcome, training: TrainingRequest, media_type: str, settings: Settings
) -> tuple[bytes, dict[str, str]]:
    """Return the animation of a training as a file, and what headers say of it."""
    made = animate(
        outcome.frames,
        form=ANIMATIONS[media_type],
        geometry=training.parameters.geometry,
        most_bytes=settings.max_answer_bytes,
        most_pixels=settings.max_picture_pixels,
    )
    headers = {"Kohonen-Frames": str(made.frames), "Kohonen-Scale": f"{made.scale:g}"}
    if made.reduced:
        headers["Kohonen-Scaled-Down"] = "true"
    return made.content, headers
