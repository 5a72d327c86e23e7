"""Lists the keys of a store page by page."""

from collections.abc import Iterator

from app.storage.port import Store

__all__ = ["keys_from"]


def keys_from(store: Store, folder: str, *, start_after: str = "", page: int = 1000) -> Iterator[str]:
    """Yield the keys of a folder in order, fetched page by page."""
    last = folder + start_after if start_after else ""
    while True:
        keys = store.keys(folder, start_after=last, limit=page)
        yield from keys
        if len(keys) < page:
            return
        last = keys[-1]
