import shutil
import signal
from dataclasses import replace

import keras
import numpy as np
import pytest

from digit_model.arrays import Calibration
from digit_model.data.mnist import LabelledImages, split
from digit_model.errors import DigitError
from digit_model.synthesis.digits import draw_digits
from digit_model.training.batches import AugmentedBatches
from digit_model.training.distillation import Teacher
from digit_model.training.fit import TrainingOptions, fit, refit
from digit_model.training.recipes import Recipe
from digit_model.training.run_state import is_interrupted, remove_state
from digit_model.training_log import LOG, epoch_rows, read_log
from tests.training.helpers import assert_same_weights, interrupt_after, without_seconds

SHORT = Recipe(
    architecture="dense", epochs=3, synthetic=200, outliers=40, batch_size=64, augment="shift"
)


@pytest.fixture(scope="module")
def drawn():
    return split(draw_digits(960, seed=5))


@pytest.fixture(scope="module")
def trained(drawn, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    return fit(SHORT, *drawn, TrainingOptions(folder=folder, verbose=0)), read_log(folder / LOG)


def test_training_learns_and_writes_a_line_a_step_and_an_epoch(trained):
    result, log = trained
    ended = epoch_rows(log)
    assert [row["epoch"] for row in ended] == [1, 2, 3]
    assert result.epochs == 3
    assert ended[-1]["loss"] < ended[0]["loss"]
    assert result.validation.accuracy > 0.5
    steps = [(row["epoch"], row["step"]) for row in log if "step" in row]
    assert steps == [(epoch, step) for epoch in (1, 2, 3) for step in range(1, 18)]
    seconds = [row["seconds"] for row in log]
    assert seconds == sorted(seconds)
    assert seconds[-1] <= result.seconds


def test_the_seed_decides_the_weights(drawn, trained):
    again = fit(SHORT, *drawn, TrainingOptions(verbose=0))
    assert_same_weights(trained[0].model, again.model)


def test_the_best_epoch_is_kept(trained):
    result, log = trained
    best = max(row["val_accuracy"] for row in epoch_rows(log))
    assert result.validation.accuracy == pytest.approx(best, abs=1e-6)


def test_without_images_held_out_the_last_epoch_is_kept(drawn, trained, tmp_path):
    train, validation = drawn
    # By wrong labels the epoch that learned least is the best.
    wrong = LabelledImages(validation.images, (validation.labels + 1) % 10)
    worst = fit(SHORT, train, wrong, TrainingOptions(verbose=0))
    calibration = Calibration(2.0, 0.5, -1.0)
    last = refit(SHORT, train, calibration, TrainingOptions(folder=tmp_path, verbose=0))
    assert (last.validation, last.calibration) == (None, calibration)
    assert all("val_accuracy" not in row for row in read_log(tmp_path / LOG))
    scores = [row["val_accuracy"] for row in epoch_rows(trained[1])]
    assert max(scores) == scores[-1] > scores[-2]
    assert_same_weights(last.model, trained[0].model)
    with pytest.raises(AssertionError):
        assert_same_weights(last.model, worst.model)


@pytest.fixture(scope="module")
def stopped(drawn, tmp_path_factory):
    """A run that Ctrl-C ended in its second epoch, and its folder."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patched:
        interrupt_after(patched, 30)
        return fit(SHORT, *drawn, TrainingOptions(folder=folder, verbose=0)), folder


def test_a_run_stopped_early_goes_on_as_if_it_had_not_been(drawn, trained, stopped, tmp_path):
    assert stopped[0].epochs == 2
    assert not stopped[0].finished
    folder = shutil.copytree(stopped[1], tmp_path / "run")
    assert is_interrupted(folder)
    resumed = fit(SHORT, *drawn, TrainingOptions(folder=folder, resume=True, verbose=0))
    assert_same_weights(resumed.model, trained[0].model)
    assert resumed.epochs == 3
    assert resumed.finished
    assert without_seconds(read_log(folder / LOG)) == without_seconds(trained[1])
    remove_state(folder)
    assert not is_interrupted(folder)


def test_muon_too_goes_on_as_if_it_had_not_been_stopped(drawn, tmp_path):
    recipe = replace(
        SHORT, architecture="quick", optimizer="muon", epochs=2, synthetic=0, outliers=0
    )
    train, validation = drawn[0][:192], drawn[1]
    whole = fit(recipe, train, validation, TrainingOptions(verbose=0))
    with pytest.MonkeyPatch.context() as patched:
        interrupt_after(patched, 5)
        assert (
            fit(recipe, train, validation, TrainingOptions(folder=tmp_path, verbose=0)).epochs == 2
        )
    resumed = fit(
        recipe, train, validation, TrainingOptions(folder=tmp_path, resume=True, verbose=0)
    )
    assert resumed.finished
    assert_same_weights(resumed.model, whole.model)


@pytest.mark.parametrize("changed", ["recipe", "images", "outliers", "start", "teacher"])
def test_another_run_does_not_resume(drawn, stopped, changed):
    train, validation = drawn
    recipe, others = SHORT, {}
    if changed == "recipe":
        recipe = replace(SHORT, epochs=4)
    elif changed == "images":
        train = train[::-1]
    elif changed == "outliers":
        others = {"outliers": train.images[:1]}
    elif changed == "start":
        others = {"start": stopped[0].model}
    else:
        others = {"teacher": Teacher(stopped[0].model, 1.0, sha256="abc")}
    with pytest.raises(DigitError, match="another recipe or on other images"):
        fit(
            recipe,
            train,
            validation,
            TrainingOptions(folder=stopped[1], resume=True, verbose=0, **others),
        )


def test_weights_for_another_network_are_a_sentence(drawn):
    with pytest.raises(DigitError, match="mobilenetv2 and resnet50"):
        fit(replace(SHORT, pretrained="imagenet"), *drawn, TrainingOptions(verbose=0))


@pytest.mark.parametrize(("devices", "says"), [(3, "are 1 devices"), (0, "are 1 devices")])
def test_devices_that_are_not_there_are_a_sentence(drawn, devices, says):
    with pytest.raises(DigitError, match=says):
        fit(SHORT, *drawn, TrainingOptions(devices=devices, verbose=0))


@pytest.mark.parametrize("calls", [1, 5])
def test_ctrl_c_ends_early_and_keeps_the_best_so_far(drawn, monkeypatch, calls):
    before = signal.getsignal(signal.SIGINT)
    interrupt_after(monkeypatch, calls)
    result = fit(SHORT, *drawn, TrainingOptions(verbose=0))
    assert 1 <= result.epochs < SHORT.epochs
    assert all(np.isfinite(weight).all() for weight in result.model.get_weights())
    assert signal.getsignal(signal.SIGINT) is before


def test_a_last_epoch_that_ctrl_c_cut_is_not_finished(drawn, monkeypatch):
    interrupt_after(monkeypatch, 5)
    result = fit(replace(SHORT, epochs=1), *drawn, TrainingOptions(verbose=0))
    assert (result.epochs, result.finished) == (1, False)


def test_batches_hang_on_seed_epoch_and_number_alone():
    images = draw_digits(256, seed=0).images
    targets = np.eye(256, 10, dtype=np.float32)
    one, other = (AugmentedBatches(images, targets, SHORT) for _ in range(2))
    one[0], one[1]
    np.testing.assert_array_equal(one[2][0], other[2][0])
    first = one[2][0]
    one.on_epoch_end()
    assert not np.array_equal(one[2][0], first)


def test_no_global_distribution_is_left(trained):
    assert keras.distribution.distribution() is None
