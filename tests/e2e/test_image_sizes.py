"""What the images weigh: a ratchet, since every megabyte is pulled by each cold start."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import Report
from tests.e2e.docker import ROOT, image_bytes

RATCHET = Path(__file__).with_name("image-sizes.json")
#: Compilers and package managers do not make the same bytes twice.
SLACK = 1.01


@pytest.mark.parametrize(
    ("fixture", "dockerfile"), [("plain_image", "Dockerfile"), ("lambda_image", "Dockerfile.aws.lambda")]
)
def test_an_image_adds_no_more_to_its_base_than_before(
    fixture: str, dockerfile: str, request: pytest.FixtureRequest, report: Report
) -> None:
    base = re.findall(r"^FROM (\S+)", (ROOT / dockerfile).read_text(), re.MULTILINE)[-1]
    total = image_bytes(request.getfixturevalue(fixture))
    added = total - image_bytes(base)
    allowed = json.loads(RATCHET.read_text())[dockerfile]
    report(f"{dockerfile}: {total / 1e6:.1f} MB, of which {added / 1e6:.1f} MB on top of {base}")
    assert added <= allowed * SLACK, (
        f"{dockerfile} adds {added:,} bytes to its base, {RATCHET.name} allows {allowed:,}"
    )
    if added < allowed / SLACK:
        report(f"  less than the {allowed:,} bytes in {RATCHET.name}: let it say {added}")
