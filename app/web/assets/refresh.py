"""Updates the files of the documentation pages: ``python -m app.web.assets.refresh``.

Needs npm. Fetches the newest releases of the major versions below, and writes their files, their licences and
a manifest of their origins beside this module. Check /docs and /redoc in a browser afterwards.
"""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from kohonen import SelfOrganizingMap
from kohonen.inputs.colours import parse_colours
from kohonen.pictures.maps import draw_map, encode_png

HERE = Path(__file__).parent

#: npm package -> file name here -> its path in the package, or a pattern that one path matches.
PACKAGES = {
    "swagger-ui-dist@5": {
        "swagger-ui-bundle.js": "swagger-ui-bundle.js",
        "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
        "swagger-ui.css": "swagger-ui.css",
        "swagger-ui.LICENSE.txt": "LICENSE",
        "swagger-ui.NOTICE.txt": "NOTICE",
    },
    # The pages are written for version 2, which is half the size of version 3.
    "redoc@2": {
        "redoc.standalone.js": "bundles/redoc.standalone.js",
        "redoc.standalone.js.LICENSE.txt": "bundles/redoc.standalone.js.LICENSE.txt",
        "redoc.worker.js.LICENSE.txt": "bundles/*.worker.js.LICENSE.txt",
        "redoc.LICENSE.txt": "LICENSE",
    },
}

#: ReDoc loads a logo from another host. It silently leaves out an image that cannot be decoded.
LOGO, NO_LOGO = b'src:"https://cdn.redoc.ly/redoc/logo-mini.svg"', b'src:"data:,"'


def main() -> None:
    """Write the files and the manifest."""
    manifest = {}
    for package, files in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            command = ["npm", "pack", package, "--json", "--pack-destination", folder]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            (packed,) = json.loads(answer)
            with tarfile.open(Path(folder) / packed["filename"]) as archive:
                for file, pattern in files.items():
                    path, content = read(archive, pattern)
                    entry = {"package": packed["name"], "version": packed["version"], "path": path}
                    manifest[file] = entry | write(file, content)
    manifest["favicon.png"] = {"package": "kohonen"} | write("favicon.png", favicon())
    text = json.dumps(dict(sorted(manifest.items())), indent=2)
    (HERE / "manifest.json").write_text(text + "\n", encoding="utf-8")


def read(archive: tarfile.TarFile, pattern: str) -> tuple[str, bytes]:
    """Return the path and the content of the only file of a package that matches."""
    (member,) = [name for name in archive.getnames() if fnmatch(name, f"package/{pattern}")]
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member} is not a file")
    return member.removeprefix("package/"), file.read()


def write(file: str, content: bytes) -> dict[str, str]:
    """Write a file, and return its entry in the manifest."""
    entry = {}
    if file == "redoc.standalone.js":
        entry = {"original_sha256": sha256(content), "change": "the logo of another host is left out"}
        content = without_logo(content)
    (HERE / file).write_bytes(content)
    return entry | {"sha256": sha256(content)}


def without_logo(content: bytes) -> bytes:
    """Return ReDoc's code without the address of its logo."""
    if content.count(LOGO) != 1:
        raise ValueError(
            "ReDoc's logo has moved: find the requests to other hosts in its code, and adapt LOGO"
        )
    return content.replace(LOGO, NO_LOGO)


def favicon() -> bytes:
    """Return the icon of the pages: a small map of colours, 32 by 32 pixels."""
    colours = parse_colours(["#e63946", "#ffb703", "#2a9d8f", "#1d3557", "#8338ec"])
    small = SelfOrganizingMap(8, 8, iterations=100, random_state=7).fit(colours)
    return encode_png(draw_map(small.weights_, scale=4))


def sha256(content: bytes) -> str:
    """Return the SHA-256 checksum of bytes."""
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
