"""Read and write the log of a training run: one line of JSON per step and per epoch."""

import json
from collections.abc import Iterable
from pathlib import Path

LOG = "log.jsonl"


def read_log(path: Path) -> list[dict]:
    """Return the rows of a log, up to a line that an interruption truncated; [] without a file."""
    rows: list[dict] = []
    if path.exists():
        for line in path.read_text(encoding="ascii").splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                break
    return rows


def by_member(rows: list[dict]) -> dict[str, list[dict]]:
    """Group the rows by the ensemble member that they belong to; a single network is called ""."""
    members: dict[str, list[dict]] = {}
    for row in rows:
        members.setdefault(row.get("member", row.get("column", "")), []).append(row)
    return members


def write_log(path: Path, rows: list[dict]) -> None:
    """Write a log file with these rows, replacing an earlier one."""
    path.write_text("".join(map(format_row, rows)), encoding="ascii")


def write_member_logs(path: Path, members: Iterable[tuple[str, list[dict]]]) -> None:
    """Write the rows of several trainings, each with its name, into one log for ``by_member``."""
    write_log(path, [{"member": name, **row} for name, rows in members for row in rows])


def epoch_rows(rows: list[dict]) -> list[dict]:
    """Return the rows that end an epoch."""
    return [row for row in rows if "step" not in row]


def format_row(row: dict) -> str:
    """Return a row as a line of JSON with its newline."""
    return json.dumps(row) + "\n"
