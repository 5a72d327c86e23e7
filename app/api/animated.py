"""Animations of trainings as answers: their media types, headers and size limits."""

from collections.abc import Sequence
from dataclasses import replace

from app.api.schemas.training import FRAMES
from app.settings import Settings
from app.training.request import TrainingRequest
from app.web.negotiation import choose
from app.web.responses import BINARY, JSON, PNG, headers
from kohonen.animation.encode import FORMS, animate
from kohonen.animation.frames import Frame
from kohonen.animation.moments import Moments
from kohonen.geometry import Geometry

__all__ = ["ANIMATIONS", "ANIMATION_HEADERS", "CONTENT", "animated", "negotiate"]

#: Media types of animations, and their forms.
ANIMATIONS = {media_type: form for form, media_type in FORMS.items()}
#: Their description in the OpenAPI document.
CONTENT = dict.fromkeys(ANIMATIONS, BINARY)
#: Their headers.
ANIMATION_HEADERS = headers(
    Kohonen_Frames="Number of frames of an animation.",
    Kohonen_Scale="Pixels of a unit's width in an animation.",
    Kohonen_Scaled_Down="Set to true when an animation is scaled down to keep within the limits.",
)


def negotiate(accept: str | None, training: TrainingRequest) -> tuple[str, TrainingRequest]:
    """Return the media type of the answer to a training, and the training with the frames that it needs.

    With frames only animations are offered. `NotAcceptableError` is raised when the client accepts none.
    """
    if training.frames is not None:
        return choose(accept, [*ANIMATIONS]), training
    media_type = choose(accept, [PNG, JSON, *ANIMATIONS])
    return media_type, replace(training, frames=Moments(FRAMES)) if media_type in ANIMATIONS else training


def animated(
    frames: Sequence[Frame], geometry: Geometry, media_type: str, settings: Settings
) -> tuple[bytes, dict[str, str]]:
    """Return the animation of a training as a file, and its headers."""
    made = animate(
        frames,
        form=ANIMATIONS[media_type],
        geometry=geometry,
        most_bytes=settings.max_answer_bytes,
        most_pixels=settings.max_picture_pixels,
    )
    details = {"Kohonen-Frames": str(made.frames), "Kohonen-Scale": f"{made.scale:g}"}
    if made.reduced:
        details["Kohonen-Scaled-Down"] = "true"
    return made.content, details
