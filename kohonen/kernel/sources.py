"""The digest of the kernel's sources, which is compiled into the library."""

import hashlib
from pathlib import Path

__all__ = ["digest"]


def digest(folder: Path) -> str | None:
    """Return a digest of the kernel's sources, or None if they are not installed.

    Parameters
    ----------
    folder : Path
        The folder of the sources and of build.py, which holds the flags.
    """
    sources = sorted(path for path in folder.iterdir() if path.suffix in {".c", ".h"})
    if not sources:
        return None
    found = hashlib.sha256()
    for path in [folder / "build.py", *sources]:
        content = path.read_bytes()
        found.update(f"{path.name} {len(content)}\n".encode() + content)
    return found.hexdigest()
