"""train.py as a person calls it: a short run on drawn digits."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digit_model import checkpoint
from digit_model.training.fit import Recipe
from digit_model.training.strokes import draw_digits

ROOT = Path(__file__).parents[1]
SHORT = ["--architecture", "dense", "--drawn", "100", "--outliers", "20", "--batch-size", "64"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "drawn.npz"
    train, test = draw_digits(960, seed=0), draw_digits(100, seed=1)
    np.savez(
        path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels
    )
    return path


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Starts train.py with the arguments; a run takes from earlier ones what they have compiled."""
    compiled = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }

    def started(*arguments):
        return subprocess.Popen(
            [sys.executable, "train.py", *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | compiled | {"PYTHONUNBUFFERED": "1"},
        )

    return started


def finish(process):
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


@pytest.fixture(scope="module")
def first(start, data, tmp_path_factory):
    """The folder of a run of two epochs, and what it said."""
    out = tmp_path_factory.mktemp("first") / "dense"
    status, output = finish(start("--data", data, "--out", out, "--epochs", "2", *SHORT))
    assert status == 0, output
    return out, output


def test_a_run_writes_a_checkpoint_and_is_not_overwritten(start, data, first):
    out, output = first
    assert "val_accuracy" in output
    saved = checkpoint.load(out)
    assert saved.record["recipe"]["epochs"] == 2
    assert saved.record["scores"]["test"]["images"] == 100
    assert saved.record["training"]["epochs"] == 2
    assert (out / "history.csv").read_text().count("\n") == 3
    status, output = finish(start("--data", data, "--out", out, "--epochs", "2", *SHORT))
    assert status == 1
    assert "--force" in output
    assert checkpoint.load(out).sha256 == saved.sha256


def test_a_run_begins_with_the_weights_of_another(start, data, first, tmp_path):
    still = ["--start", first[0], "--epochs", "1", "--learning-rate", "0", *SHORT]
    status, output = finish(start("--data", data, "--out", tmp_path / "second", *still))
    assert status == 0, output
    before, after = checkpoint.load(first[0]), checkpoint.load(tmp_path / "second")
    assert after.record["training"]["start"] == before.sha256
    for old, new in zip(
        before.model.trainable_variables, after.model.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(new, old, atol=1e-6)


def test_weights_of_another_architecture_are_refused_as_a_start(start, data, tmp_path):
    status, output = finish(
        start("--data", data, "--out", tmp_path, "--start", "digit_model/bundled", *SHORT)
    )
    assert status == 1
    assert "--architecture cnn" in output
    assert "Traceback" not in output


def test_corrections_join_the_training_set(start, data, tmp_path):
    tiles = draw_digits(3, seed=2).images
    for number, label in enumerate((4, 9, None)):
        folder = tmp_path / "said" / str(number)
        folder.mkdir(parents=True)
        Image.fromarray(tiles[number]).save(folder / "tile.png")
        (folder / "record.json").write_text(json.dumps({"correction": label}))
    extra, out = tmp_path / "said", tmp_path / "dense"
    short = ["--data", data, "--out", out, "--epochs", "1", *SHORT]
    status, output = finish(start("--extra", extra, *short))
    assert status == 0, output
    assert "3 corrections besides" in output
    status, output = finish(start("--extra", extra / "absent", "--force", *short))
    assert status == 1
    assert "no folder" in output


def test_ctrl_c_keeps_the_best_so_far(start, data, tmp_path):
    out = tmp_path / "dense"
    process = start("--data", data, "--out", out, "--epochs", "2000", *SHORT)
    wait_for(out / "history.csv", process)
    process.send_signal(signal.SIGINT)
    status, output = finish(process)
    assert status == 0, output
    assert "Traceback" not in output
    assert 1 <= checkpoint.load(out).record["training"]["epochs"] < 2000


def wait_for(path, process):
    for _ in range(900):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.1)


def test_a_missing_file_is_a_sentence(start):
    status, output = finish(start("--data", "absent.npz"))
    assert status == 1
    assert output.strip().startswith("train.py: absent.npz cannot be read")


def test_a_folder_that_cannot_be_made_is_a_sentence(start, data):
    status, output = finish(start("--data", data, "--out", data / "inside"))
    assert status == 1
    assert output.strip().startswith(f"train.py: {data / 'inside'} cannot be made")


def test_every_choice_is_a_flag(start):
    status, output = finish(start("--help"))
    assert status == 0
    for choice in fields(Recipe):
        assert f"--{choice.name.replace('_', '-')}" in output
