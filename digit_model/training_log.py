"""The log of a training run: a JSON line per step and per epoch, written by train.py."""

import json
from pathlib import Path

LOG = "log.jsonl"


def read_log(path: Path) -> list[dict]:
    """The lines of a log, up to one that an interruption cut off; none where there is no log."""
    rows: list[dict] = []
    if path.exists():
        for line in path.read_text(encoding="ascii").splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                break
    return rows


def by_member(rows: list[dict]) -> dict[str, list[dict]]:
    """The lines of a log by the column that they are of; that of one network is called ""."""
    found: dict[str, list[dict]] = {}
    for row in rows:
        found.setdefault(row.get("column", ""), []).append(row)
    return found


def write_log(path: Path, rows: list[dict]) -> None:
    """Write a log anew, a line a row."""
    path.write_text("".join(map(format_row, rows)), encoding="ascii")


def epoch_rows(rows: list[dict]) -> list[dict]:
    """Of a log's lines those that end an epoch."""
    return [row for row in rows if "step" not in row]


def format_row(row: dict) -> str:
    return json.dumps(row) + "\n"
