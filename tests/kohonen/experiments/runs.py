"""An experiment and a comparison of runs, shared by the tests."""

import json
import re
from pathlib import Path
from typing import Any

EXPERIMENT = """\
run_name: small
data:
  random: {samples: 12, dimension: 3}
parameters: {width: 9, height: 7, iterations: 60, random_state: 3}
output: {frames: 6, single_frames: true, telemetry: 20, checkpoint_seconds: 1e-9}
"""


def told(folder: Path) -> dict[str, Any]:
    """Return the files of a complete run, without the times in them."""
    files: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            files[name] = path.read_bytes()
    card = json.loads(files["card.json"])
    del card["created_at"], card["engine"]["seconds"]
    files["card.json"] = card
    lines = [json.loads(line) for line in files["telemetry.jsonl"].splitlines()]
    elapsed = [line.pop("elapsed_seconds") for line in lines]
    assert elapsed == sorted(elapsed)
    files["telemetry.jsonl"] = lines
    if "report.html" in files:  # which has the same times
        files["report.html"] = re.sub(rb"trained [-0-9: ]+ UTC|[.0-9e-]+ s</td>", b"", files["report.html"])
    return files
