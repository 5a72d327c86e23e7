"""What tells one version of the kernel's sources from another; the library has it compiled in."""

import hashlib
from pathlib import Path

__all__ = ["digest"]


def digest(folder: Path) -> str | None:
    """Return a digest of what the kernel is compiled from, or None where that is not there.

    Parameters
    ----------
    folder : Path
        Where the sources are, and build.py, which has the flags.
    """
    sources = sorted(path for path in folder.iterdir() if path.suffix in {".c", ".h"})
    if not sources:
        return None
    found = hashlib.sha256()
    for path in [folder / "build.py", *sources]:
        content = path.read_bytes()
        found.update(f"{path.name} {len(content)}\n".encode() + content)
    return found.hexdigest()
