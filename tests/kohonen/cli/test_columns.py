"""``kohonen look``: the report on the terminal, and its options."""

import json
from pathlib import Path

from tests.kohonen.cli.terminal import Terminal

ROWS = "".join(f"{k},{k / 4},{'red' if k % 3 else 'blue'},2020-01-{k + 1:02}\\n" for k in range(12))


def test_a_report_of_the_columns(kohonen: Terminal) -> None:
    Path("a.csv").write_text(
        f"nr,size,hue,day,size\\n{ROWS}".replace("\\n", ",-\\n")
        .replace("size,-", "size")
        .replace("\\n", "\n")
    )
    code, out, err = kohonen("look", "a.csv", "--width", "8", "--height", "6", "--date", "day")
    assert (code, err) == (0, "")
    header, *columns = out.partition("\n\n")[0].splitlines()
    assert header.split() == ["column", "role", "missing", "first", "reason"]
    assert [line.split()[:2] for line in columns][:4] == [
        ["nr", "id"],
        ["size", "number"],
        ["hue", "category"],
        ["day", "number"],
    ]
    assert "note: two columns are called 'size'" in out
    assert "12 rows of 4 values on a map of 8 x 6 units take some" in out
    assert out.splitlines()[-1].startswith(
        "kohonen train --csv a.csv --id nr --only size --categorical hue --date day"
    )


def test_the_command_says_everything(kohonen: Terminal) -> None:
    Path("a.csv").write_text(f"nr;size;hue;day\n{ROWS}".replace(",", ";").replace("\\n", "\n"))
    flags = (
        "--normalisation",
        "size:log",
        "--missing",
        "error",
        "--absent",
        "-9",
        "--ignore",
        "hue",
        "--iterations",
        "3",
    )
    document = json.loads(kohonen("look", "a.csv", "--json", "--width", "3", "--height", "2", *flags)[1])
    assert document["dialect"] == {
        "absent": ["-9"],
        "delimiter": "semicolon",
        "header": True,
        "encoding": "utf-8",
    }
    for part in (
        "--normalisation size:log",
        "--missing error",
        "--absent -9",
        "--ignore hue",
        "--ignore day",
    ):
        assert part in document["command"]
    one = kohonen("look", "a.csv", "--json", "--normalisation", "rank")[1]
    assert "normalisation=rank" in json.loads(one)["call"]
    command = document["command"].split()[1:]
    assert (
        kohonen(*command, "--random-state", "1", "--folder", "run", "-q", "--no-gif", "--no-report")[0] == 0
    )
    card = json.loads(Path("run/card.json").read_text())
    assert [column["role"] for column in card["preparation"]["columns"]] == [
        "id",
        "number",
        "left out",
        "left out",
    ]


def test_a_table_is_trained_on_by_its_name(kohonen: Terminal) -> None:
    Path("a.csv").write_text(f"nr,size,hue,day\n{ROWS}".replace("\\n", "\n"))
    small = (
        "--width",
        "3",
        "--height",
        "2",
        "--iterations",
        "2",
        "-q",
        "--no-gif",
        "--no-report",
        "--folder",
    )
    assert kohonen("train", "a.csv", *small, "run")[0] == 0
    assert kohonen("train", "a.csv", "--csv", "a.csv", *small, "other")[0] == 2
