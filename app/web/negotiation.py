"""Content negotiation (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from app.errors import NotAcceptableError

__all__ = ["choose"]


def choose(accept: str | None, offered: Sequence[str]) -> str:
    """Return the offered media type that an ``Accept`` header prefers; the first of equal quality.

    Without a header any is accepted. `NotAcceptableError` is raised when the client accepts none.
    """
    ranges = [_parse(part) for part in (accept or "*/*").split(",") if part.strip()]
    best = max(offered, key=lambda media_type: _quality(media_type, ranges))
    if _quality(best, ranges) <= 0:
        raise NotAcceptableError(f"Accept is {accept}, but must allow {' or '.join(offered)}")
    return best


def _parse(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media_range, float(value)
            except ValueError:
                return media_range, 0.0
    return media_range, 1.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the quality that the most specific matching range gives a media type."""
    for candidate in (media_type, media_type.split("/")[0] + "/*", "*/*"):
        for media_range, quality in ranges:
            if media_range == candidate:
                return quality
    return 0.0
