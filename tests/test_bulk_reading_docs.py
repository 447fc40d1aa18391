"""docs/bulk_reading.md: its example with Ray Data runs on a local Ray."""

import csv
import os
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.helpers import ROOT, sketch

PAGE = (ROOT / "docs" / "bulk_reading.md").read_text(encoding="utf-8")


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_the_ray_example_reads_a_folder(tmp_path):
    [example] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "scans").mkdir()
    for digit in (1, 3, 7):
        sketch(digit).save(tmp_path / "scans" / f"{digit}.png")
    (tmp_path / "scans" / "notes.png").write_text("not a picture")
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    rows = {}
    for path in (tmp_path / "readings").glob("*.csv"):
        with path.open(newline="") as file:
            rows |= {os.path.basename(row["file"]): row for row in csv.DictReader(file)}
    assert {name: row["text"] for name, row in rows.items()} == {
        "1.png": "1",
        "3.png": "3",
        "7.png": "7",
        "notes.png": "",
    }
    assert "text file" in rows["notes.png"]["error"]


def test_the_flags_and_columns_on_the_page_exist():
    from digit_model.bulk import COLUMNS

    shown = subprocess.run(
        [sys.executable, "-m", "digit_model", "read", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    for flag in set(re.findall(r"--[a-z]+", PAGE)):
        assert flag in shown.stdout
    for column in COLUMNS:
        assert f"`{column}`" in PAGE
