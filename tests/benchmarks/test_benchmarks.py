"""The benchmarks as a person calls them, on a few drawn digits."""

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
from PIL import Image

from digit_model import checkpoint
from digit_model.__main__ import main
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.checkpoint import Checkpoint
from digit_model.training.recipes import RECIPES
from tests.helpers import ROOT

BUNDLED_FOLDER = ROOT / "digit_model" / "bundled"


def run(name, *arguments):
    command = [sys.executable, f"benchmarks/{name}.py", *map(str, arguments)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=250)
    return ended.returncode, ended.stdout + ended.stderr


def test_errors_are_listed_and_drawn(drawn_mnist, tmp_path, capsys):
    data, sheet = tmp_path / "mislabelled.npz", tmp_path / "sheet.png"
    with np.load(drawn_mnist) as arrays:
        mislabelled = dict(arrays)
    mislabelled["y_test"][:3] = (mislabelled["y_test"][:3] + 1) % 10
    np.savez(data, **mislabelled)
    status, output = run("mnist_errors", BUNDLED_FOLDER, "--data", data, "--sheet", sheet)
    assert status == 0, output
    *listed, total = output.strip().splitlines()
    assert main(["evaluate", "--data", str(data), "--json"]) == 0
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert errors >= 3
    assert total.startswith(f"{errors} errors")
    assert sum(" read as " in line for line in listed) == errors
    assert sheet.exists()


def test_the_table_is_written_between_its_marks(drawn_mnist, tmp_path):
    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "architectures.md").read_text())
    options = ("--data", drawn_mnist, "--checkpoints", tmp_path, "--real", tmp_path / "absent")
    status, output = run("architectures", *options, "--only", "dense-plain", "--page", page)
    assert status == 0, output
    [row] = [line for line in page.read_text().splitlines() if line.startswith("| `dense-plain` |")]
    trained = checkpoint.load(tmp_path / "dense-plain").record["scores"]["test"]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == "235,146"
    assert cells[3] == f"{100 * trained['accuracy']:.2f} %"
    assert cells[4].split()[0] == str(trained["errors"])
    assert cells[7:9] == ["–", "–"]
    assert "Not measured yet" not in page.read_text()
    assert page.read_text().endswith((ROOT / "docs" / "architectures.md").read_text()[-100:])


def test_every_seed_of_the_most_accurate_network_and_what_comes_from_it_has_a_row(
    drawn_mnist, tmp_path, monkeypatch, capsys
):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    architectures = importlib.import_module("architectures")
    monkeypatch.setattr(architectures, "ACCURATE", "tiny")
    monkeypatch.setattr(architectures, "REPETITIONS", 1)
    rows = {"TAUGHT": {"small-taught": "dense-plain"}, "REFIT": "tiny-refit"}
    rows["DERIVED"] = rows["TAUGHT"] | {"tiny-refit": "tiny"}
    rows["ROWS"] = ("tiny", *rows["DERIVED"])
    for name, found in rows.items():
        monkeypatch.setattr(architectures, name, found)
    for name in ("tiny", "tiny-1", "small-taught-1", "tiny-refit-1"):
        record = {"recipe": replace(RECIPES["tiny"], epochs=1).as_json()}
        trained = Checkpoint(ARCHITECTURES["tiny"](), "tiny", Calibration(), record)
        checkpoint.save(tmp_path / name, trained)
    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "architectures.md").read_text())
    options = ("--checkpoints", tmp_path, "--seeds", "2", "--only", *rows["ROWS"])
    options += ("--page", page, "--data", drawn_mnist, "--real", tmp_path / "absent")
    monkeypatch.setattr(sys, "argv", ["architectures.py", *map(str, options)])
    assert architectures.main() == 0
    output = capsys.readouterr().out
    assert "| `tiny` |" in output
    assert "| `tiny`, seed 1 |" in output
    assert "The median of 2 seeds of `tiny` is " in output
    assert "| `dense-plain`, taught |" in output
    assert "| `dense-plain`, taught, seed 1 |" in output
    assert "| `tiny`, all images |" in output
    assert "| `tiny`, all images, seed 1 |" in output
    accurate = checkpoint.load(tmp_path / "tiny").sha256
    for name, given in (("small-taught", "teacher"), ("tiny-refit", "refit")):
        assert checkpoint.load(tmp_path / name).record["training"][given] == accurate


def test_times_to_accuracy_stand_side_by_side(drawn_mnist, tmp_path):
    curves, picture = tmp_path / "curves.json", tmp_path / "curves.png"
    options = ("--data", drawn_mnist, "--epochs", "1", "--json", curves, "--picture", picture)
    status, output = run("time_to_accuracy", *options)
    assert status == 0, output
    runs = json.loads(curves.read_text())
    assert {"quick", "Keras example"} <= runs.keys()
    for name, found in runs.items():
        assert f"| {name} |" in output
        assert len(found["accuracies"]) == 1
    with Image.open(picture) as drawn:
        assert drawn.width > 100
