"""Tables as people have them, in tests/tables, and what is right for each."""

import json
from pathlib import Path
from typing import Any

__all__ = ["CASES", "FOLDER", "check", "check_error", "name_of"]

FOLDER = Path(__file__).parent / "tables"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))


def name_of(case: dict[str, Any]) -> str:
    """Return the name of a case as a test."""
    return " ".join([case["file"], *case["options"]])


def applies(case: dict[str, Any], door: str) -> bool:
    """Return whether a case applies to a way of reading it."""
    return door in case.get("doors", (door,))


def check(case: dict[str, Any], columns: list[dict[str, Any]], notes: list[str], rows: int) -> None:
    """Compare the columns and notes of a look, or of a card, with those of a case."""
    assert rows == case["rows"]
    by_name = {column["name"]: column for column in columns}
    if "" in case["columns"]:
        by_name[""] = by_name.pop(columns[0]["name"])
    for name, wanted in case["columns"].items():
        found = by_name.pop(name)
        roles = wanted["role"] if isinstance(wanted["role"], list) else [wanted["role"]]
        assert found["role"] in roles, found
        assert found["reason"]
        assert found["missing"] == wanted.get("missing", found["missing"])
        if "first" in wanted and "first" in found:
            assert found["first"] == wanted["first"]
    assert {column["role"] for column in by_name.values()} <= {"left out"}
    said = " ".join([*notes, *(f"{column['name']} {column['reason']}" for column in columns)]).lower()
    for word in case["told"]:
        assert any(one.lower() in said for one in word.split("|")), word


def check_error(case: dict[str, Any], message: str) -> None:
    """Check that a message holds the words of a case."""
    for word in case["mentions"]:
        assert any(one in message for one in word.split("|")), (word, message)
