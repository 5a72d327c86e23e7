"""README.md, docs/settings.md and docs/limits.md agree with the code."""

import re
from pathlib import Path

import pytest

from app.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
#: All documents for users: the README and the pages of docs.
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHERS = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "examples/README.md")
TABLES = "".join((ROOT / "docs" / name).read_text() for name in ("settings.md", "limits.md"))
ROWS = {
    name: cells[0].strip().strip("`")
    for name, *cells in (line.strip("|").split("|") for line in TABLES.splitlines() if line.startswith("| `"))
    for name in re.findall(r"`([A-Z][A-Z_0-9]+)`", name)
}
#: The variable of each setting.
VARIABLES = {
    str(field.validation_alias or f"SOM_{name.upper()}"): field
    for name, field in Settings.model_fields.items()
}
#: Defaults that the tables give in words, and those that share a row.
SPOKEN = {
    "SOM_TRAININGS": "one a core",
    "SOM_WORKERS": "one a core",
    "SOM_READS": "one a core",
    "SOM_MEMORY": "what the container or function leaves",
    "SOM_ALLOWED_ORIGINS": "none",
    "SOM_ROOT_PATH": "none",
}
SHARED = {"HOST", "PORT"}


@pytest.mark.parametrize("variable", sorted(set(VARIABLES) - SHARED))
def test_every_setting_is_in_the_tables(variable: str) -> None:
    default = VARIABLES[variable].default
    spoken = (
        "none" if default is None else str(default).lower() if isinstance(default, bool) else f"{default}"
    )
    assert ROWS[variable] == (SPOKEN.get(variable) or spoken.removesuffix(".0"))


def test_no_setting_is_made_up() -> None:
    assert set(ROWS) == set(VARIABLES)


def test_the_speed_that_is_claimed_was_measured() -> None:
    claimed = re.search(r"in a (\d+)(?:st|nd|rd|th)\s+of\s+the\s+time", README)
    table = (ROOT / "docs" / "benchmarks.md").read_text()
    # Seconds, and in bold how many times faster than the simple loop, of the native engine on workload A.
    measured = re.search(r"^\| A \| [\d.]+ \(\*\*([\d.]+)\*\*\)", table, re.MULTILINE)
    assert claimed
    assert measured
    assert int(claimed[1]) == round(float(measured[1])), "write docs/benchmarks.md's figure into README.md"


def test_it_is_short() -> None:
    assert 150 <= len(README.splitlines()) <= 180


def test_every_page_is_listed() -> None:
    for path in PAGES[1:]:
        assert f"](docs/{path.name})" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures_are_there(page: Path) -> None:
    for path in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text()):
        assert (page.parent / path).stat().st_size > 1000


@pytest.mark.parametrize(
    "page", [*PAGES, *(ROOT / name for name in OTHERS)], ids=lambda page: f"{page.parent.name}/{page.name}"
)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
