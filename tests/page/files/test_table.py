"""The table of many files and its CSV."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_model.arrays import Box, Digit, Placement, Reading
from page.files import table as batch
from page.files.rows import failed_row, reading_row
from tests.helpers import sketch
from tests.page.helpers import parse_csv


def reading(*digits: int, accepted: bool = True) -> Reading:
    marks = []
    for row, digit in enumerate(digits):
        probabilities = np.full(10, 0.01, np.float32)
        probabilities[digit] = 0.91
        tile = np.zeros((28, 28), np.float32)
        marks.append(
            Digit(tile, Placement(0, 0, 1, 1), Box(0, 0, 9, 9), row, probabilities, accepted)
        )
    return Reading(np.full((40, 40, 3), 255, np.uint8), tuple(marks), 0.01)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n")), max_size=5))
def test_file_names_survive_the_csv_and_none_is_a_formula(names):
    header, *rows = parse_csv(batch.as_csv([failed_row(name, "It is blank.") for name in names]))
    assert tuple(header) == batch.COLUMNS
    assert [row[0] for row in rows] == [
        f"'{name}" if name.startswith(batch.FORMULA_STARTS) else name for name in names
    ]
    for row in rows:
        assert not row[0].startswith(batch.FORMULA_STARTS)


def test_the_csv_has_rows_of_digits_and_counts_unclear_marks():
    rows = [reading_row("a.png", reading(4, 7)), reading_row("b.png", reading(3, accepted=False))]
    _, first, second = parse_csv(batch.as_csv(rows))
    assert first == ["a.png", "4 7", "0.9100", "0", ""]
    assert second == ["b.png", "", "0.9100", "1", ""]


def test_a_file_name_is_escaped():
    html = batch.table([failed_row("<img src=x>.png", "<script>alert(1)</script>")], 1)
    assert "<img src=x" not in html
    assert "<script" not in html


def test_the_csv_is_offered_once_everything_is_read():
    assert "<progress" in batch.table([failed_row("a", "It is blank.")], 2)
    done = batch.table([failed_row("a", "It is blank.")], 1)
    assert "<progress" not in done
    assert 'download="digits.csv"' in done


def test_a_bad_file_among_good_ones_keeps_its_row(readers, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "UPDATE_SECONDS", 0)
    sketch(7).save(tmp_path / "seven.png")
    (tmp_path / "bad.png").write_bytes(b"no picture at all")
    sketch(4, 7).save(tmp_path / "two.png")
    files = [(f"my {name}", tmp_path / name) for name in ("seven.png", "bad.png", "two.png")]
    *_, last = shown = list(batch.read_files(readers, files, None))
    assert [re.search(r"\d of \d", html)[0] for html in shown[:3]] == ["1 of 3", "2 of 3", "3 of 3"]
    rows = re.findall("<tr>.*?</tr>", last)[1:]
    assert [re.search(r'row">(.*?)<', row)[1] for row in rows] == [name for name, _ in files]
    assert 'class="number"><span class="digits">7</span><' in rows[0]
    assert "text file" in rows[1]
    assert 'class="number"><span class="digits">47</span><' in rows[2]


def test_no_more_than_the_limit_is_read(readers, tmp_path):
    missing = [(f"{n}.png", tmp_path / f"{n}.png") for n in range(batch.MAX_FILES + 5)]
    *_, last = batch.read_files(readers, missing, None)
    assert last.count("<tr>") == batch.MAX_FILES + 1
    assert f"only the first {batch.MAX_FILES} of {len(missing)} files" in last
    assert str(tmp_path) not in last


def test_without_files_the_hint_is_shown(readers):
    assert list(batch.read_files(readers, [], None)) == [batch.empty()]


@pytest.mark.parametrize("name", ["a.png", "ä b.png", "=cmd.png"])
def test_an_error_uses_the_visitor_s_file_name(readers, tmp_path, name):
    *_, last = batch.read_files(readers, [(name, tmp_path / "stored.png")], None)
    assert "stored.png" not in last
