"""The command line, called in this process and as a program."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from digit_model.__main__ import main
from digit_model.synthesis.digits import draw_digits
from tests.helpers import MNIST, ROOT, needs_mnist


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pictures of a 3 and of a 7, a file that is none, and the digits' labels."""
    folder = tmp_path_factory.mktemp("pictures")
    drawn = draw_digits(10, seed=2)
    for label in (3, 7):
        [index] = np.flatnonzero(drawn.labels == label)
        tile = Image.fromarray(255 - drawn.images[index]).resize((112, 112))
        tile.save(folder / f"{label}.png")
    (folder / "notes.png").write_text("no picture")
    return folder


def test_read_prints_a_line_per_file(files, capsys):
    assert main(["read", "--one", str(files / "3.png"), str(files / "7.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{files / '3.png'}: 3 (")
    assert lines[1].startswith(f"{files / '7.png'}: 7 (")


def test_read_as_json_keeps_the_contract(files, capsys):
    names = [str(files / name) for name in ("3.png", "notes.png", "absent.png", "7.png")]
    assert main(["read", "--json", *names]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["file"] for row in rows] == names
    assert [row.get("text") for row in rows] == ["3", None, None, "7"]
    assert rows[0].keys() == {"file", "text", "digits", "ignored", "seconds"}
    assert rows[1].keys() == {"file", "error"}
    [digit] = rows[0]["digits"]
    assert digit.keys() == {"digit", "confidence", "probabilities", "box", "accepted"}
    assert len(digit["probabilities"]) == 10
    left, top, right, bottom = digit["box"]
    assert 0 <= left < right <= 112
    assert 0 <= top < bottom <= 112


def test_output_that_is_cut_off_by_head_ends_without_a_traceback(files):
    names = [str(files / name) for name in ("3.png", "7.png")] * 20
    command = [sys.executable, "-m", "digit_model", "read", *names]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe) as reading:
        assert b"3.png: 3 (" in reading.stdout.readline()
        reading.stdout.close()
        assert reading.stderr.read() == b""
    assert reading.returncode == 1


def test_an_unreadable_file_is_reported_and_the_rest_is_read(files, capsys):
    assert main(["read", str(files / "notes.png"), str(files / "3.png")]) == 1
    captured = capsys.readouterr()
    assert "notes.png" in captured.err
    assert "3.png: 3" in captured.out


def test_heatmaps_are_written(files, tmp_path, capsys):
    assert main(["read", "--heatmap", str(tmp_path / "maps"), str(files / "3.png")]) == 0
    with Image.open(tmp_path / "maps" / "3.png") as picture:
        pixels = np.asarray(picture.convert("RGB"), int)
    assert np.ptp(pixels, axis=2).max() > 60, "the heat is coloured on a grey picture"


def test_heatmaps_of_files_with_one_name_do_not_overwrite_each_other(files, tmp_path, capsys):
    (tmp_path / "3.jpg").write_bytes((files / "7.png").read_bytes())
    both = [str(files / "3.png"), str(tmp_path / "3.jpg")]
    assert main(["read", "--heatmap", str(tmp_path / "maps"), *both]) == 0
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == ["3-1.png", "3-2.png"]


def test_heatmaps_do_not_overwrite_the_pictures_themselves(files, capsys):
    before = (files / "3.png").read_bytes()
    assert main(["read", "--heatmap", str(files), str(files / "3.png")]) == 1
    assert "Name another" in capsys.readouterr().err
    assert (files / "3.png").read_bytes() == before


def test_steps_are_written_also_where_no_ink_is_found(files, tmp_path, capsys):
    blank = tmp_path / "blank.png"
    Image.new("RGB", (60, 60), "white").save(blank)
    out = tmp_path / "steps"
    names = [str(files / "3.png"), str(blank), str(files / "notes.png")]
    assert main(["read", "--steps", str(out), *names]) == 1
    assert sorted(path.name for path in out.iterdir()) == ["3.png", "blank.png"]
    with Image.open(out / "3.png") as whole, Image.open(out / "blank.png") as part:
        assert whole.height > part.height, "the rest of the steps and the digit are in a second row"


def test_heatmaps_and_steps_do_not_overwrite_each_other(files, tmp_path, capsys):
    folder = str(tmp_path / "both")
    assert main(["read", "--heatmap", folder, "--steps", folder, str(files / "3.png")]) == 1
    assert "two folders" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_reported_in_a_sentence(files, tmp_path, capsys):
    (tmp_path / "3.png").mkdir()
    assert main(["read", "--steps", str(tmp_path), str(files / "3.png")]) == 1
    assert "3.png cannot be written" in capsys.readouterr().err


def write_csv(path, images, labels=None):
    table = images.reshape(len(images), -1).astype(int)
    header = [f"pixel{i}" for i in range(784)]
    if labels is not None:
        table, header = np.column_stack([labels, table]), ["label", *header]
    np.savetxt(path, table, fmt="%d", delimiter=",", header=",".join(header), comments="")


def test_evaluate_scores_a_set(tmp_path, capsys):
    drawn = draw_digits(60, seed=9)
    write_csv(tmp_path / "set.csv", drawn.images, drawn.labels)
    assert main(["evaluate", "--data", str(tmp_path / "set.csv"), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["images"] == 60
    assert scores["accuracy"] == pytest.approx(1 - scores["errors"] / 60)
    assert np.array(scores["confusion"]).sum() == 60
    assert main(["evaluate", "--data", str(tmp_path / "set.csv")]) == 0
    assert "60 images" in capsys.readouterr().out


@needs_mnist
def test_evaluate_repeats_the_scores_of_the_checkpoint(bundled, capsys):
    assert main(["evaluate", "--data", str(MNIST), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    recorded = bundled.checkpoint.record["scores"]["test"]
    assert scores["errors"] == recorded["errors"]
    assert scores["nll"] == pytest.approx(recorded["nll"], abs=1e-4)


def test_submit_writes_a_file_in_the_format_of_kaggle(tmp_path):
    drawn = draw_digits(30, seed=9)
    assert np.mean(submitted(drawn.images, tmp_path) == drawn.labels) > 0.8


def submitted(images, folder):
    """Return the digits of a submission for these images, in Kaggle's numbering."""
    write_csv(folder / "test.csv", images)
    out = folder / "submission.csv"
    assert main(["submit", str(folder / "test.csv"), "--out", str(out)]) == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["ImageId"]) for row in rows] == list(range(1, len(images) + 1))
    return np.array([int(row["Label"]) for row in rows])


@needs_mnist
def test_a_submission_scores_as_the_checkpoint_does(bundled, tmp_path):
    with np.load(MNIST) as mnist:
        wrong = submitted(mnist["x_test"], tmp_path) != mnist["y_test"]
    assert wrong.sum() == bundled.checkpoint.record["scores"]["test"]["errors"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "--data", "absent.npz"],
        ["submit", "absent.csv"],
        ["read", "--model", "no such/place/at all", "x.png"],
        ["read", "--heatmap", __file__, "x.png"],
        ["read", "--steps", __file__, "x.png"],
    ],
)
def test_a_failed_command_prints_one_sentence(arguments, capsys):
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("digit-model: ")
    assert "Traceback" not in captured.err


def test_an_output_that_cannot_be_written_is_reported_in_a_sentence(tmp_path, capsys):
    write_csv(tmp_path / "test.csv", draw_digits(10, seed=0).images)
    out = tmp_path / "absent" / "submission.csv"
    assert main(["submit", str(tmp_path / "test.csv"), "--out", str(out)]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_export_writes_the_network_for_the_static_page(tmp_path, capsys):
    assert main(["export", str(tmp_path / "site")]) == 0
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == [
        "model.json",
        "row_weights.bin",
        "weights.bin",
    ]
    assert "kB of weights" in capsys.readouterr().out


def test_export_says_why_it_cannot_write(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["export", str(tmp_path / "file")]) == 1
    assert "cannot be written" in capsys.readouterr().err
