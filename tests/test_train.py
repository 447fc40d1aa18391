"""train.py as a person calls it: a short run on drawn digits."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import train
from digit_model import checkpoint
from digit_model.architectures.ensemble import MEMBERS
from digit_model.checkpoint import CONFIG
from digit_model.errors import DigitError
from digit_model.synthesis.digits import draw_digits
from digit_model.training import distributed
from digit_model.training.recipes import RECIPES, Recipe
from digit_model.training.run_state import is_interrupted
from digit_model.training_log import LOG, by_member, epoch_rows, read_log
from tests.helpers import free_port
from tests.training.helpers import interrupt_after

ROOT = Path(__file__).parents[1]
BUNDLED_FOLDER = ROOT / "digit_model" / "bundled" / "cnn"
SHORT = ["--architecture", "dense", "--augment", "shift", "--drawn", "100", "--outliers", "20"]
SHORT += ["--batch-size", "64"]
# Long enough that the first of these epochs are behind well before the last.
EPOCHS = 20


@pytest.fixture(scope="module")
def start():
    """Starts train.py with the arguments."""

    def started(*arguments):
        return subprocess.Popen(
            [sys.executable, "train.py", *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )

    return started


@pytest.fixture
def here(monkeypatch, capsys):
    """Calls train.py in this process, in which JAX has its devices already."""
    monkeypatch.setattr(distributed, "configure_devices", lambda count=None: None)

    def called(*arguments):
        try:
            status = train.main(list(map(str, arguments)))
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr()
        return status, said.out + said.err

    return called


def finish(process):
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


@pytest.fixture(scope="module")
def whole(start, drawn_mnist, tmp_path_factory):
    """The folder of a run that nothing interrupted, and what it said."""
    out = tmp_path_factory.mktemp("whole") / "dense"
    status, output = finish(start("--data", drawn_mnist, "--out", out, "--epochs", EPOCHS, *SHORT))
    assert status == 0, output
    return out, output


def test_a_run_writes_a_checkpoint_and_is_not_overwritten(here, drawn_mnist, whole):
    out, output = whole
    assert "val_accuracy" in output
    saved = checkpoint.load(out)
    assert saved.record["recipe"]["epochs"] == EPOCHS
    assert saved.record["scores"]["test"]["images"] == 100
    assert saved.record["training"]["epochs"] == EPOCHS
    assert len(epoch_rows(read_log(out / LOG))) == EPOCHS
    assert sorted(path.name for path in out.iterdir()) == [
        "config.json",
        "curves.svg",
        "log.jsonl",
        "model.weights.h5",
    ]
    status, output = here("--data", drawn_mnist, "--out", out, "--epochs", EPOCHS, *SHORT)
    assert status == 1
    assert "--force" in output
    assert checkpoint.load(out).sha256 == saved.sha256


def test_a_run_begins_with_the_weights_of_another(start, drawn_mnist, whole, tmp_path):
    still = ["--start", whole[0], "--epochs", "1", "--learning-rate", "0", *SHORT]
    status, output = finish(start("--data", drawn_mnist, "--out", tmp_path / "second", *still))
    assert status == 0, output
    before, after = checkpoint.load(whole[0]), checkpoint.load(tmp_path / "second")
    assert after.record["training"]["start"] == before.sha256
    for old, new in zip(
        before.model.trainable_variables, after.model.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(new, old, atol=1e-6)


def test_weights_of_another_architecture_are_refused_as_a_start(here, drawn_mnist, tmp_path):
    status, output = here(
        "--data",
        drawn_mnist,
        "--out",
        tmp_path,
        "--start",
        BUNDLED_FOLDER,
        *SHORT,
    )
    assert status == 1
    assert "--architecture cnn" in output


def test_corrections_join_the_training_set(start, here, drawn_mnist, tmp_path):
    tiles = draw_digits(3, seed=2).images
    for number, label in enumerate((4, 9, None)):
        folder = tmp_path / "said" / str(number)
        folder.mkdir(parents=True)
        Image.fromarray(tiles[number]).save(folder / "tile.png")
        (folder / "record.json").write_text(json.dumps({"correction": label}))
    extra, out = tmp_path / "said", tmp_path / "dense"
    short = ["--data", drawn_mnist, "--out", out, "--epochs", "1", *SHORT]
    status, output = finish(start("--extra", extra, *short))
    assert status == 0, output
    assert "3 corrections added" in output
    assert checkpoint.load(out).record["training"]["corrections"] == 3
    status, output = here("--extra", extra / "absent", "--force", *short)
    assert status == 1
    assert "no folder" in output
    refit = ["--refit", out, "--data", drawn_mnist, "--out", tmp_path / "refit"]
    status, output = here(*refit)
    assert status == 1
    assert "was trained with 3 corrections, and 0 are given now" in output
    status, output = here(*refit, "--extra", extra)
    assert status == 0, output
    assert checkpoint.load(tmp_path / "refit").record["training"]["corrections"] == 3


def test_a_network_learns_from_another(start, drawn_mnist, whole, tmp_path):
    out = tmp_path / "taught"
    taught = ["--teacher", whole[0], "--data", drawn_mnist, "--out", out, "--epochs", "1", *SHORT]
    status, output = finish(start(*taught))
    assert status == 0, output
    assert checkpoint.load(out).record["training"]["teacher"] == checkpoint.load(whole[0]).sha256


def test_ctrl_c_keeps_the_best_so_far(start, drawn_mnist, tmp_path):
    out = tmp_path / "dense"
    process = start("--data", drawn_mnist, "--out", out, "--epochs", "2000", *SHORT)
    wait_for_epochs(1, out, process)
    process.send_signal(signal.SIGINT)
    status, output = finish(process)
    assert status == 0, output
    assert "Traceback" not in output
    assert "of 2000 epochs; --resume continues" in output
    assert 1 <= checkpoint.load(out).record["training"]["epochs"] < 2000


def wait_for_epochs(count, out, process):
    for _ in range(1800):
        if len(epoch_rows(read_log(out / LOG))) >= count or process.poll() is not None:
            return
        time.sleep(0.05)


def test_a_killed_run_is_resumed(start, here, drawn_mnist, whole, tmp_path):
    out = tmp_path / "dense"
    command = ("--data", drawn_mnist, "--out", out, "--epochs", EPOCHS, *SHORT)
    process = start(*command)
    wait_for_epochs(2, out, process)
    process.kill()
    finish(process)
    status, output = here(*command)
    assert status == 1
    assert "--resume" in output
    status, output = finish(start(*command, "--resume"))
    assert status == 0, output
    assert f"Epoch 1/{EPOCHS}" not in output
    assert checkpoint.load(out).record["training"]["epochs"] == EPOCHS
    assert [row["epoch"] for row in epoch_rows(read_log(out / LOG))] == list(range(1, EPOCHS + 1))
    assert checkpoint.load(out).sha256 == checkpoint.load(whole[0]).sha256


def test_a_network_of_columns_is_stopped_and_goes_on(here, drawn_mnist, tmp_path, monkeypatch):
    out = tmp_path / "ensemble"
    command = ["--recipe", "ensemble", "--data", drawn_mnist, "--out", out, "--epochs", "1"]
    command += ["--drawn", "0", "--outliers", "0", "--batch-size", "200"]
    with monkeypatch.context() as patched:
        interrupt_after(patched, 1)
        status, output = here(*command)
    assert status == 130
    assert "--resume continues" in output
    assert not (out / CONFIG).exists()
    status, output = here(*command, "--resume")
    assert status == 0, output
    record = checkpoint.load(out).record
    assert list(by_member(read_log(out / LOG))) == list(MEMBERS)
    assert len(record["recipe"]["members"]) == record["training"]["epochs"] == len(MEMBERS)
    assert (out / "curves.svg").exists()
    assert not is_interrupted(out)
    anew = tmp_path / "anew"
    status, output = here("--refit", out, "--data", drawn_mnist, "--out", anew)
    assert status == 0, output
    found = checkpoint.load(anew).record
    assert found["recipe"] == record["recipe"]
    assert found["training"]["members"] == record["training"]["members"]
    assert len(record["training"]["members"]) == len(MEMBERS)


def test_a_network_learns_anew_from_all_images(start, here, drawn_mnist, whole, tmp_path):
    out = tmp_path / "anew"
    command = ["--refit", whole[0], "--data", drawn_mnist, "--out", out]
    status, output = finish(start(*command))
    assert status == 0, output
    assert "none held out" in output
    before, after = checkpoint.load(whole[0]), checkpoint.load(out)
    assert after.record["recipe"] == before.record["recipe"]
    assert after.record["training"]["refit"] == before.sha256
    assert after.calibration == before.calibration
    assert list(after.record["scores"]) == ["test"]
    assert all("val_accuracy" not in row for row in read_log(out / LOG))
    assert (out / "curves.svg").exists()
    status, output = here(*command)
    assert status == 1
    assert "--force" in output


def test_a_checkpoint_without_its_recipe_is_not_trained_anew(here, drawn_mnist, whole, tmp_path):
    for lost in ("recipe", "training"):
        folder = shutil.copytree(whole[0], tmp_path / lost)
        config = json.loads((folder / CONFIG).read_text())
        config["recipe"]["members"] = [dict(config["recipe"])]
        del config[lost]
        (folder / CONFIG).write_text(json.dumps(config))
        refit = ("--refit", folder, "--data", drawn_mnist, "--out", tmp_path / "out")
        status, output = here(*refit)
        assert status == 1
        assert "does not record the recipe it was trained with" in output


def test_two_processes_train_what_one_does(start, drawn_mnist, whole, tmp_path):
    common = ("--data", drawn_mnist, "--epochs", EPOCHS, *SHORT, "--out", tmp_path / "two")
    together = ("--coordinator", f"127.0.0.1:{free_port()}", "--processes", "2")
    pair = [start(*common, *together, "--rank", rank) for rank in (0, 1)]
    for status, output in map(finish, pair):
        assert status == 0, output
    one, two = checkpoint.load(whole[0]), checkpoint.load(tmp_path / "two")
    for single, shared in zip(one.model.get_weights(), two.model.get_weights(), strict=True):
        np.testing.assert_allclose(single, shared, atol=1e-4)
    assert one.record["scores"]["test"]["errors"] == two.record["scores"]["test"]["errors"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("--teacher", "absent"),
            "no config.json in it. Give a folder that train.py wrote",
        ),
        (("--teacher", "one", "--extra", "two"), "would overrule the corrections"),
        (
            ("--refit", "absent"),
            "no config.json in it. Give a folder that train.py wrote",
        ),
        (("--refit", "one", "--recipe", "tiny"), "leave out the recipe's flags"),
        (("--refit", "one", "--epochs", "2"), "leave out the recipe's flags"),
        (
            ("--refit", BUNDLED_FOLDER, "--start", BUNDLED_FOLDER),
            "was trained with another --start",
        ),
        (
            ("--refit", BUNDLED_FOLDER, "--teacher", BUNDLED_FOLDER),
            "was trained with another --teacher",
        ),
        (("--processes", "2"), "--coordinator, --processes and --rank go together"),
        (("--rank", "1"), "--coordinator, --processes and --rank go together"),
        (("--epochs", "0"), "--epochs: 0 is not a number of at least 1"),
        (("--seed", "-1"), "--seed: -1 is not a number of at least 0"),
        (("--learning-rate", "nan"), "--learning-rate: nan is not a number of at least 0"),
        ((*SHORT, "--batch-size", "100000"), "do not fill a batch of 100,000"),
        (
            ("--coordinator", "127.0.0.1:1", "--processes", "2", "--rank", "2"),
            "--rank 2 is out of range",
        ),
        (("--pretrained", "imagenet", *SHORT), "Leave --pretrained out"),
    ],
)
def test_what_does_not_go_together_is_a_sentence(here, drawn_mnist, tmp_path, arguments, says):
    status, output = here("--data", drawn_mnist, "--out", tmp_path / "out", *arguments)
    assert status in (1, 2)
    assert says in output


def test_eight_devices_train_a_network(start, drawn_mnist, tmp_path):
    out = tmp_path / "out"
    status, output = finish(
        start("--data", drawn_mnist, "--out", out, "--devices", "8", "--epochs", "1", *SHORT)
    )
    assert status == 0, output
    assert checkpoint.load(out).record["scores"]["validation"]["images"] == 40


def test_devices_that_do_not_divide_the_batches_are_a_sentence(start, drawn_mnist, tmp_path):
    status, output = finish(
        start("--data", drawn_mnist, "--out", tmp_path / "out", "--devices", "100", *SHORT)
    )
    assert status == 1
    assert "do not divide" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("chosen", ["--architecture", "--recipe"])
def test_an_architecture_comes_with_its_recipe(here, monkeypatch, drawn_mnist, tmp_path, chosen):
    recipes = []

    def asked(recipe, *_, **__):
        recipes.append(recipe)
        raise DigitError("That is all there is to see.")

    monkeypatch.setattr(train, "fit", asked)
    here("--data", drawn_mnist, "--out", tmp_path / "tiny", chosen, "tiny", "--epochs", "1")
    assert recipes == [replace(RECIPES["tiny"], epochs=1)]


def test_a_missing_file_is_a_sentence(here):
    status, output = here("--data", "absent.npz")
    assert status == 1
    assert output.strip().startswith("train.py: absent.npz cannot be read")


def test_a_folder_that_cannot_be_made_is_a_sentence(here, drawn_mnist):
    status, output = here("--data", drawn_mnist, "--out", drawn_mnist / "inside")
    assert status == 1
    assert output.strip().startswith(f"train.py: {drawn_mnist / 'inside'} cannot be created")


def test_every_choice_is_a_flag(here):
    status, output = here("--help")
    assert status == 0
    for name in {choice.name for choice in fields(Recipe)} - {"members"}:
        assert f"--{name.replace('_', '-')}" in output
