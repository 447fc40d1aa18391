"""train.py as a person calls it, on a few synthetic digits."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace

import numpy as np
import pytest
from PIL import Image

import train
from digit_model import checkpoint
from digit_model.architectures import ARCHITECTURES
from digit_model.checkpoint import CONFIG
from digit_model.errors import DigitError
from digit_model.pretrained import BUNDLED_FOLDER
from digit_model.synthesis.digits import draw_digits
from digit_model.training import distributed
from digit_model.training.recipes import RECIPES, Recipe
from digit_model.training.run_state import is_interrupted
from digit_model.training_log import LOG, by_member, epoch_rows, read_log
from tests.helpers import ROOT, free_port
from tests.training.helpers import PAIR, interrupt_after, mini, pair

SHORT = ["--architecture", "dense", "--augment", "shift", "--synthetic", "100"]
SHORT += ["--outliers", "20", "--batch-size", "64"]
SMALL_FOLDER = BUNDLED_FOLDER.with_name("small")
# Enough that the first epochs are over well before the last.
EPOCHS = 8


def start(*arguments):
    """Start train.py in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "train.py", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def finish(process):
    """Return the exit status and the output of a process."""
    output, _ = process.communicate(timeout=200)
    return process.returncode, output


def wait_for_epochs(count, out, process):
    for _ in range(1800):
        if len(epoch_rows(read_log(out / LOG))) >= count or process.poll() is not None:
            return
        time.sleep(0.05)


@pytest.fixture
def here(monkeypatch, capsys, caplog):
    """Call train.py in this process, whose devices JAX has set up already.

    Returns the exit status and everything that was printed or logged.
    """
    monkeypatch.setattr(distributed, "configure_devices", lambda count=None: None)

    def call(*arguments):
        caplog.clear()
        try:
            status = train.main(list(map(str, arguments)))
        except SystemExit as ended:
            status = ended.code
        captured = capsys.readouterr()
        return status, captured.out + captured.err + caplog.text

    return call


@pytest.fixture(scope="module")
def uninterrupted(drawn_mnist, tmp_path_factory):
    """Run train.py in a process of its own; return its folder and its output."""
    out = tmp_path_factory.mktemp("uninterrupted") / "dense"
    status, output = finish(start("--data", drawn_mnist, "--out", out, "--epochs", EPOCHS, *SHORT))
    assert status == 0, output
    return out, output


def test_a_run_writes_a_checkpoint_and_does_not_overwrite_one(here, drawn_mnist, uninterrupted):
    out, output = uninterrupted
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


def test_a_run_starts_from_the_weights_of_a_checkpoint(here, drawn_mnist, uninterrupted, tmp_path):
    still = ["--start", uninterrupted[0], "--epochs", "1", "--learning-rate", "0", *SHORT]
    status, output = here("--data", drawn_mnist, "--out", tmp_path / "second", *still)
    assert status == 0, output
    before, after = checkpoint.load(uninterrupted[0]), checkpoint.load(tmp_path / "second")
    assert after.record["training"]["start"] == before.sha256
    for old, new in zip(
        before.model.trainable_variables, after.model.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(new, old, atol=1e-6)


def test_a_share_of_the_start_is_kept(here, drawn_mnist, uninterrupted, tmp_path):
    run = ["--data", drawn_mnist, "--start", uninterrupted[0], "--epochs", "1", *SHORT]
    found = []
    for share in ("0", "0.25"):
        status, output = here(*run, "--start-share", share, "--out", tmp_path / share)
        assert status == 0, output
        found.append(checkpoint.load(tmp_path / share))
    trained, mean = found
    assert "start_share" not in trained.record["training"]
    assert mean.record["training"]["start_share"] == 0.25
    start = checkpoint.load(uninterrupted[0])
    for old, new, both in zip(
        *(one.model.get_weights() for one in (start, trained, mean)), strict=True
    ):
        np.testing.assert_allclose(both, 0.25 * old + 0.75 * new, atol=1e-6)


def test_the_mean_of_several_trainings(here, drawn_mnist, uninterrupted, tmp_path):
    start, data = uninterrupted[0], ["--data", drawn_mnist]
    parts = [tmp_path / "first", tmp_path / "second"]
    for seed, part in enumerate(parts):
        options = ["--start", start, "--seed", seed, "--epochs", "2", "--out", part, *SHORT]
        assert here(*data, *options)[0] == 0
    out = tmp_path / "mean"
    command = (*data, "--average", *parts, "--out", out)
    status, output = here(*command)
    assert status == 0, output
    found, mean = [checkpoint.load(part) for part in parts], checkpoint.load(out)
    for first, second, both in zip(
        *(one.model.get_weights() for one in (*found, mean)), strict=True
    ):
        np.testing.assert_allclose(both, (first + second) / 2, atol=1e-6)
    training = mean.record["training"]
    assert training["average"] == [one.sha256 for one in found]
    assert training["start"] == checkpoint.load(start).sha256
    assert training["epochs"] == 4
    assert mean.record["scores"]["test"]["images"] == 100
    assert list(by_member(read_log(out / LOG))) == ["first", "second"]
    assert (out / "curves.svg").exists()
    assert "--force" in here(*command)[1]
    status, output = here(*data, "--refit", out, "--out", tmp_path / "refit")
    assert status == 1
    assert "is the mean of several trainings" in output
    status, output = here(*data, "--average", out, BUNDLED_FOLDER, "--out", tmp_path / "other")
    assert status == 1
    assert "can be averaged, and these are cnn and dense" in output


def test_a_start_of_another_architecture_is_refused(here, drawn_mnist, tmp_path):
    status, output = here(
        "--data", drawn_mnist, "--out", tmp_path, "--start", BUNDLED_FOLDER, *SHORT
    )
    assert status == 1
    assert "--architecture cnn" in output


def test_a_student_records_its_teacher(here, drawn_mnist, uninterrupted, tmp_path):
    out, teacher = tmp_path / "taught", uninterrupted[0]
    options = ["--teacher", teacher, "--data", drawn_mnist, "--out", out, "--epochs", "1"]
    status, output = here(*options, *SHORT)
    assert status == 0, output
    assert checkpoint.load(out).record["training"]["teacher"] == checkpoint.load(teacher).sha256


@pytest.fixture
def corrections(tmp_path):
    """A folder with corrections to two digits and to one mark that is not a digit."""
    tiles = draw_digits(3, seed=2).images
    for number, label in enumerate((4, 9, None)):
        folder = tmp_path / "corrections" / str(number)
        folder.mkdir(parents=True)
        Image.fromarray(tiles[number]).save(folder / "tile.png")
        (folder / "record.json").write_text(json.dumps({"correction": label}))
    return tmp_path / "corrections"


def test_corrections_join_the_training_set_of_a_run_and_of_its_refit(
    here, drawn_mnist, corrections, tmp_path
):
    first, second = tmp_path / "first", tmp_path / "second"
    extra = ("--extra", corrections)
    status, output = here(*extra, "--data", drawn_mnist, "--out", first, "--epochs", "1", *SHORT)
    assert status == 0, output
    assert "3 corrections added" in output
    assert checkpoint.load(first).record["training"]["corrections"] == 3
    refit = ("--refit", first, "--data", drawn_mnist, "--out", second)
    status, output = here(*refit)
    assert status == 1
    assert "was trained with 3 corrections, and 0 are given now" in output
    status, output = here(*refit, *extra)
    assert status == 0, output
    assert checkpoint.load(second).record["training"]["corrections"] == 3


def test_ctrl_c_keeps_the_best_epoch_so_far(drawn_mnist, tmp_path):
    out = tmp_path / "dense"
    process = start("--data", drawn_mnist, "--out", out, "--epochs", "2000", *SHORT)
    wait_for_epochs(1, out, process)
    process.send_signal(signal.SIGINT)
    status, output = finish(process)
    assert status == 0, output
    assert "Traceback" not in output
    assert "of 2000 epochs; --resume continues" in output
    assert 1 <= checkpoint.load(out).record["training"]["epochs"] < 2000


def test_a_killed_run_is_resumed_to_the_same_weights(here, drawn_mnist, uninterrupted, tmp_path):
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
    assert checkpoint.load(out).sha256 == checkpoint.load(uninterrupted[0]).sha256


def test_an_ensemble_is_stopped_resumed_and_refitted(here, drawn_mnist, tmp_path, monkeypatch):
    """A small one, with a member without and one with convolutions."""
    monkeypatch.setitem(RECIPES, "pair", PAIR)
    monkeypatch.setitem(ARCHITECTURES, "pair", pair)
    monkeypatch.setitem(ARCHITECTURES, "mini", mini)
    out, again = tmp_path / "ensemble", tmp_path / "again"
    command = ["--recipe", "pair", "--data", drawn_mnist, "--out", out, "--epochs", "1"]
    with monkeypatch.context() as patched:
        interrupt_after(patched, 1)
        status, output = here(*command)
    assert status == 130
    assert "--resume continues" in output
    assert not (out / CONFIG).exists()
    status, output = here(*command, "--resume")
    assert status == 0, output
    record = checkpoint.load(out).record
    assert list(by_member(read_log(out / LOG))) == ["dense", "mini"]
    assert len(record["recipe"]["members"]) == record["training"]["epochs"] == 2
    assert (out / "curves.svg").exists()
    assert not is_interrupted(out)
    status, output = here("--refit", out, "--data", drawn_mnist, "--out", again)
    assert status == 0, output
    refitted = checkpoint.load(again).record
    assert refitted["recipe"] == record["recipe"]
    assert refitted["training"]["members"] == record["training"]["members"]
    assert len(record["training"]["members"]) == 2


def test_a_refit_learns_from_all_images(here, drawn_mnist, uninterrupted, tmp_path):
    out = tmp_path / "refit"
    command = ["--refit", uninterrupted[0], "--data", drawn_mnist, "--out", out]
    status, output = here(*command)
    assert status == 0, output
    assert "480 images to train on, none held out" in output
    before, after = checkpoint.load(uninterrupted[0]), checkpoint.load(out)
    assert after.record["recipe"] == before.record["recipe"]
    assert after.record["training"]["refit"] == before.sha256
    assert after.calibration == before.calibration
    assert list(after.record["scores"]) == ["test"]
    assert all("val_accuracy" not in row for row in read_log(out / LOG))
    assert (out / "curves.svg").exists()
    status, output = here(*command)
    assert status == 1
    assert "--force" in output
    status, output = here("--data", drawn_mnist, "--average", out, "--out", tmp_path / "mean")
    assert status == 1
    assert "none are left to calibrate the mean" in output


def test_a_checkpoint_without_its_recipe_is_not_refitted(
    here, drawn_mnist, uninterrupted, tmp_path
):
    for lost in ("recipe", "training"):
        folder = shutil.copytree(uninterrupted[0], tmp_path / lost)
        config = json.loads((folder / CONFIG).read_text())
        config["recipe"]["members"] = [dict(config["recipe"])]
        del config[lost]
        (folder / CONFIG).write_text(json.dumps(config))
        refit = ("--refit", folder, "--data", drawn_mnist, "--out", tmp_path / "out")
        status, output = here(*refit)
        assert status == 1
        assert "does not record the recipe it was trained with" in output


def test_two_processes_train_the_network_that_one_does(drawn_mnist, uninterrupted, tmp_path):
    command = ("--data", drawn_mnist, "--out", tmp_path, "--epochs", EPOCHS, *SHORT)
    distributed_run = ("--coordinator", f"127.0.0.1:{free_port()}", "--processes", "2")
    pair = [start(*command, *distributed_run, "--rank", rank) for rank in (0, 1)]
    for status, output in map(finish, pair):
        assert status == 0, output
    one, two = checkpoint.load(uninterrupted[0]), checkpoint.load(tmp_path)
    for single, shared in zip(one.model.get_weights(), two.model.get_weights(), strict=True):
        np.testing.assert_allclose(single, shared, atol=1e-4)
    assert one.record["scores"]["test"]["errors"] == two.record["scores"]["test"]["errors"]


def test_eight_devices_train_a_network(drawn_mnist, tmp_path):
    out = tmp_path / "out"
    status, output = finish(
        start("--data", drawn_mnist, "--out", out, "--devices", "8", "--epochs", "1", *SHORT)
    )
    assert status == 0, output
    assert checkpoint.load(out).record["scores"]["validation"]["images"] == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--teacher", "absent"), "no config.json in it. Give a folder that train.py wrote"),
        (("--refit", "absent"), "no config.json in it. Give a folder that train.py wrote"),
        (("--start", "absent"), "no config.json in it. Give a folder that train.py wrote"),
        (("--extra", "absent"), "There is no folder absent"),
        (("--average", "absent"), "no config.json in it. Give a folder that train.py wrote"),
        (("--average", "one", "--epochs", "2"), "--average trains nothing"),
        (("--average", "one", "--start", "two"), "--average trains nothing"),
        (("--average", "one", "--devices", "2"), "--average trains nothing"),
        (("--teacher", "one", "--extra", "two"), "would overrule the corrections"),
        (("--refit", "one", "--recipe", "tiny"), "leave out the recipe's flags"),
        (("--refit", "one", "--epochs", "2"), "leave out the recipe's flags"),
        (
            ("--refit", SMALL_FOLDER, "--start", SMALL_FOLDER),
            "was trained with another --start",
        ),
        (
            ("--refit", SMALL_FOLDER, "--teacher", SMALL_FOLDER),
            "was trained with another --teacher",
        ),
        (("--start-share", "0.5"), "--start-share is for --start CHECKPOINT"),
        (("--start", BUNDLED_FOLDER, "--start-share", "1"), "at least 0 and less than 1"),
        (("--processes", "2"), "--coordinator, --processes and --rank go together"),
        (("--rank", "1"), "--coordinator, --processes and --rank go together"),
        (("--epochs", "0"), "--epochs: 0 is not a number of at least 1"),
        (("--seed", "-1"), "--seed: -1 is not a number of at least 0"),
        (("--learning-rate", "nan"), "--learning-rate: nan is not a number of at least 0"),
        ((*SHORT, "--batch-size", "100000"), "do not fill a batch of 100,000"),
        ((*SHORT, "--devices", "3"), "There are 1 devices, not 3"),
        (
            ("--coordinator", "127.0.0.1:1", "--processes", "2", "--rank", "2"),
            "--rank 2 is out of range",
        ),
        (("--pretrained", "imagenet", *SHORT), "Leave --pretrained out"),
    ],
)
def test_flags_that_cannot_be_followed_are_a_sentence(
    here, drawn_mnist, tmp_path, arguments, message
):
    status, output = here("--data", drawn_mnist, "--out", tmp_path / "out", *arguments)
    assert status in (1, 2)
    assert message in output


@pytest.fixture
def chosen_recipe(here, monkeypatch, drawn_mnist, tmp_path):
    """Return the recipe that train.py would train by with these flags."""

    def choose(*flags):
        recipes = []

        def stop(recipe, *_):
            recipes.append(recipe)
            raise DigitError("This is enough.")

        monkeypatch.setattr(train, "fit", stop)
        monkeypatch.setattr(train, "fit_ensemble", stop)
        here("--data", drawn_mnist, "--out", tmp_path / "out", *flags)
        return recipes[0]

    return choose


@pytest.mark.parametrize("flag", ["--architecture", "--recipe"])
def test_an_architecture_comes_with_its_recipe(chosen_recipe, flag):
    assert chosen_recipe(flag, "tiny", "--epochs", "1") == replace(RECIPES["tiny"], epochs=1)


@pytest.mark.parametrize(
    ("former", "current"),
    [
        (("--recipe", "deep_cnn"), RECIPES["ensemble"]),
        (("--architecture", "deep"), RECIPES["cnn_large"]),
        (("--drawn", "7"), replace(RECIPES["cnn"], synthetic=7)),
    ],
)
def test_former_names_in_flags_are_understood(chosen_recipe, former, current):
    assert chosen_recipe(*former) == current


def test_a_missing_file_is_a_sentence(here):
    status, output = here("--data", "absent.npz")
    assert status == 1
    assert output.strip().startswith("train.py: absent.npz cannot be read")


def test_a_folder_that_cannot_be_created_is_a_sentence(here, drawn_mnist):
    status, output = here("--data", drawn_mnist, "--out", drawn_mnist / "inside")
    assert status == 1
    assert output.strip().startswith(f"train.py: {drawn_mnist / 'inside'} cannot be created")


def test_every_setting_of_a_recipe_is_a_flag(here):
    status, output = here("--help")
    assert status == 0
    for name in {setting.name for setting in fields(Recipe)} - {"members"}:
        assert f"--{name.replace('_', '-')}" in output
