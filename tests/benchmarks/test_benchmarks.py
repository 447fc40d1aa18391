"""The benchmarks as a person calls them, on a few drawn digits."""

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from digit_model import checkpoint
from digit_model.__main__ import main
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.checkpoint import Checkpoint
from digit_model.pretrained import BUNDLED_FOLDER
from digit_model.training.recipes import RECIPES
from tests.helpers import ROOT


def run(name, *arguments):
    command = [sys.executable, f"benchmarks/{name}.py", *map(str, arguments)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=250)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def benchmarks(monkeypatch):
    """Import a benchmark by its name."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module


def test_errors_are_listed_and_drawn(benchmarks, drawn_mnist, tmp_path, capsys):
    data, sheet = tmp_path / "mislabelled.npz", tmp_path / "sheet.png"
    with np.load(drawn_mnist) as arrays:
        mislabelled = dict(arrays)
    mislabelled["y_test"][:3] = (mislabelled["y_test"][:3] + 1) % 10
    np.savez(data, **mislabelled)
    arguments = [str(BUNDLED_FOLDER), "--data", str(data), "--sheet", str(sheet)]
    assert benchmarks("mnist_errors").main(arguments) == 0
    *listed, total = capsys.readouterr().out.strip().splitlines()
    assert main(["evaluate", "--data", str(data), "--json"]) == 0
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert errors >= 3
    assert total.startswith(f"{errors} errors")
    assert sum(" read as " in line for line in listed) == errors
    assert sheet.exists()


@pytest.fixture
def architectures(benchmarks, monkeypatch):
    """The benchmark as a module, with the network timed once instead of thirty times."""
    module = benchmarks("architectures")
    monkeypatch.setattr(module, "LATENCY_REPETITIONS", 1)
    return module


def save_untrained(folder, **training):
    recipe = replace(RECIPES["dense"], seed=training.pop("seed", 0)).as_json()
    record = {"recipe": recipe, "training": {"epochs": 1, "seconds": 120.0, **training}}
    model = ARCHITECTURES["dense"]()
    return checkpoint.save(folder, Checkpoint(model, "dense", Calibration(), record))


def cells_of(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_shipped_checkpoints_have_a_row_each_on_the_page(architectures, drawn_mnist, tmp_path):
    """What is written is what the checkpoints answer; the rest of the page stays."""
    page, shipped = tmp_path / "page.md", tmp_path / "shipped"
    original = (ROOT / "docs" / "architectures.md").read_text()
    page.write_text(original)
    saved = save_untrained(shipped)
    save_untrained(shipped / "taught", seed=2, teacher="0" * 64)
    save_untrained(shipped / "refit", refit="0" * 64)
    save_untrained(shipped / "mean", seed=7, start="0" * 64, average=["1" * 64, "2" * 64])
    options = ("--checkpoints", shipped, "--page", page, "--data", drawn_mnist)
    assert architectures.main([*map(str, options), "--real", str(tmp_path / "absent")]) == 0
    written = page.read_text()
    table = written.split(architectures.BEGIN)[1].split(architectures.END)[0]
    rows = [cells_of(line) for line in table.splitlines() if line.startswith("| `dense`")]
    assert [row[0] for row in rows] == [
        "`dense`",
        "`dense`, continued, mean of 2",
        "`dense`, all images",
        "`dense`, taught, seed 2",
    ]
    with np.load(drawn_mnist) as arrays:
        answers = saved.model.predict(arrays["x_test"] / np.float32(255), verbose=0).argmax(1)
        errors = (answers != arrays["y_test"]).sum()
    assert rows[0][1] == "235,146"
    assert rows[0][3] == f"{100 - errors:.2f} %"
    assert rows[0][4].split()[0] == str(errors)
    assert rows[0][7:10] == ["–", "–", "2 min"]
    before, after = original.split(architectures.BEGIN)[0], original.split(architectures.END)[1]
    assert written.startswith(before)
    assert written.endswith(after)


def test_other_projects_stand_beside_the_best_network_of_their_kind(
    architectures, drawn_mnist, tmp_path, capsys
):
    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "architectures.md").read_text())
    save_untrained(tmp_path / "one")
    options = ("--checkpoints", tmp_path, "--page", page, "--data", drawn_mnist)
    assert architectures.main([*map(str, options), "--real", str(tmp_path / "absent")]) == 0
    lines = capsys.readouterr().out.splitlines()
    [ours] = [cells_of(line)[3] for line in lines if line.startswith("| `dense`")]
    kinds = {cells_of(line)[0]: cells_of(line)[1:] for line in lines if line.startswith("| ")}
    elsewhere = "94.91 %, 97.44 %, 97.97 %, 98.31 %, 98.72 %"
    assert kinds["fully connected"] == [elsewhere, ours]
    assert kinds["ResNet50"] == ["78.01 %", "–"]


def test_a_folder_without_checkpoints_is_a_sentence(architectures, drawn_mnist, tmp_path, capsys):
    options = ["--checkpoints", str(tmp_path), "--data", str(drawn_mnist)]
    assert architectures.main(options) == 1
    assert f"There is no checkpoint in {tmp_path}" in capsys.readouterr().err


def test_each_kind_of_drawn_picture_has_a_row(benchmarks):
    code, printed = run("drawn_rows", "--count", 1)
    assert code == 0, printed
    kinds = [line.split(" | ")[0].strip("| ") for line in printed.splitlines()]
    assert kinds[2:] == list(benchmarks("drawn_rows").KINDS)


def test_one_process_and_several_are_compared(benchmarks, monkeypatch, capsys):
    bulk, read = benchmarks("bulk"), []

    def seconds_to_read(folder, jobs):
        read.append((len(list(folder.glob("*.png"))), jobs))
        return 6.0 / jobs

    monkeypatch.setattr(bulk, "seconds_to_read", seconds_to_read)
    monkeypatch.setattr(sys, "argv", ["bulk.py", "--count", "3", "--rounds", "2"])
    assert bulk.main() == 0
    assert read == [(3, 1), (3, 2), (3, 2), (3, 1)]
    assert "2 processes read 2.00 times as fast" in capsys.readouterr().out


def test_times_to_accuracy_stand_side_by_side(drawn_mnist, tmp_path):
    curves, picture = tmp_path / "curves.json", tmp_path / "curves.svg"
    options = ("--data", drawn_mnist, "--epochs", "1", "--json", curves, "--picture", picture)
    status, output = run("time_to_accuracy", *options)
    assert status == 0, output
    runs = json.loads(curves.read_text())
    assert {"quick", "Keras example"} <= runs.keys()
    for name, found in runs.items():
        assert f"| {name} |" in output
        assert len(found["accuracies"]) == 1
    assert picture.read_text(encoding="utf-8").count("<polyline") == len(runs)
