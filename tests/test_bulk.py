"""Many pictures into one file, by several processes."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from digit_model import bulk
from digit_model.__main__ import main
from digit_model.errors import DigitError
from tests.helpers import ROOT, sketch


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Fill a folder with folders of pictures, a text file named like a picture, and other files."""
    folder = tmp_path_factory.mktemp("archive")
    for name, digit in (("a/1.png", 1), ("a/b/3.JPG", 3), ("7.png", 7)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        sketch(digit).save(folder / name)
    (folder / "notes.png").write_text("not a picture")
    (folder / "readme.txt").write_text("not a picture either")
    return folder


def test_folders_and_patterns_stand_for_their_pictures(folder):
    expected = ["7.png", "a/1.png", "a/b/3.JPG", "notes.png"]
    assert bulk.find_pictures([str(folder)]) == [str(folder / name) for name in expected]
    assert bulk.find_pictures([f"{folder}/*.png"]) == [
        str(folder / "7.png"),
        str(folder / "notes.png"),
    ]
    assert bulk.find_pictures([f"{folder}/**/3.*"]) == [str(folder / "a/b/3.JPG")]


def test_a_name_that_matches_nothing_is_kept_so_that_it_is_reported():
    names = ["absent.png", "absent/*.png"]
    assert bulk.find_pictures(names) == names


def test_a_folder_without_pictures_gives_a_sentence(tmp_path, capsys):
    (tmp_path / "notes.txt").touch()
    assert main(["read", str(tmp_path)]) == 1
    assert f"No pictures in {tmp_path}. Looked for .avif .bmp" in capsys.readouterr().err


@pytest.fixture(scope="module", params=["csv", "jsonl"])
def complete(request, folder, tmp_path_factory):
    """Read the pictures by one process; return the path of the file written."""
    out = tmp_path_factory.mktemp("complete") / f"readings.{request.param}"
    main(["read", str(folder), "--jobs", "1", "--out", str(out)])
    return out


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_picture_gets_a_row_and_a_bad_file_its_error(folder, tmp_path, jobs, capsys):
    out = tmp_path / "readings.csv"
    assert (
        main(["read", str(folder), str(folder / "7.png"), "--jobs", str(jobs), "--out", str(out)])
        == 1
    )
    with out.open(newline="") as file:
        rows = {os.path.relpath(row["file"], folder): row for row in csv.DictReader(file)}
    assert {name: row["text"] for name, row in rows.items()} == {
        "7.png": "7",
        "a/1.png": "1",
        "a/b/3.JPG": "3",
        "notes.png": "",
    }
    assert "text file" in rows["notes.png"]["error"]
    assert float(rows["7.png"]["confidence"]) > 0.5
    assert "4 pictures read" in capsys.readouterr().out


@pytest.mark.parametrize("complete", ["jsonl"], indirect=True)
def test_json_lines_hold_what_read_prints_as_json(folder, complete, capsys):
    assert main(["read", str(folder / "7.png"), "--json"]) == 0
    written = json.loads(complete.read_text().splitlines()[0])
    printed = json.loads(capsys.readouterr().out)
    del written["seconds"], printed["seconds"]
    assert written == printed


def test_an_interrupted_run_continues_after_its_last_whole_row(folder, complete, tmp_path, capsys):
    out = tmp_path / complete.name
    command = ["read", str(folder), "--jobs", "1", "--out", str(out)]
    rows = complete.read_text()
    out.write_text(rows[: rows.rindex("a/1.png") + 3])
    main(command)
    assert "3 pictures read" in (said := capsys.readouterr().out)
    assert "1 had a row already" in said
    seconds = r'"seconds": [0-9.]+'
    assert re.sub(seconds, "", out.read_text()) == re.sub(seconds, "", rows)
    main(command)
    assert "0 pictures read" in capsys.readouterr().out


def test_ctrl_c_ends_a_run_with_a_sentence(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    sketch(3, side=140).save(pictures / "0.png")
    for number in range(1, 5000):  # more than can be read before the signal
        (pictures / f"{number}.png").hardlink_to(pictures / "0.png")
    out = tmp_path / "readings.csv"
    command = [sys.executable, "-m", "digit_model", "read", str(pictures), "--out", str(out)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (out.exists() and out.read_text().count("\n") > 8) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.decode().endswith("digit-model: stopped.\n")
    assert "Traceback" not in errors.decode()
    assert 8 < out.read_text().count("\n") < 5001


@pytest.mark.parametrize("content", ["something else\nentirely\n", "file\n"])
def test_a_file_of_another_kind_is_not_extended(tmp_path, content):
    out = tmp_path / "readings.jsonl"
    out.write_text(content)
    with pytest.raises(DigitError, match="was not written by this command"):
        bulk.read_into(out, ["7.png"], jobs=1)
    assert out.read_text() == content


def test_other_suffixes_are_rejected(tmp_path):
    with pytest.raises(DigitError, match=r"must end in \.csv or \.jsonl"):
        bulk.read_into(tmp_path / "readings.txt", ["7.png"], jobs=1)


@pytest.mark.parametrize(
    "arguments", [["--jobs", "2"], ["--out", "x.csv", "--json"], ["--out", "x.csv", "--jobs", "0"]]
)
def test_flags_that_do_not_go_together_are_rejected(arguments, capsys):
    with pytest.raises(SystemExit):
        main(["read", "x.png", *arguments])
    assert "error: " in capsys.readouterr().err
