"""A network learns, is reproducible, and a run that is stopped can be resumed."""

import shutil
import signal
from dataclasses import replace

import keras
import numpy as np
import pytest

from digit_model.arrays import Calibration
from digit_model.data.mnist import LabelledImages
from digit_model.errors import DigitError
from digit_model.training.distillation import Teacher
from digit_model.training.fit import TrainingOptions, fit, refit
from digit_model.training.run_state import is_interrupted, remove_state
from digit_model.training_log import LOG, epoch_rows, read_log
from tests.training.helpers import SHORT, assert_same_weights, interrupt_after, without_seconds

QUIET = TrainingOptions(verbose=0)

pytestmark = pytest.mark.usefixtures("small_architectures")


def test_training_learns_and_logs_every_step_and_epoch(finished):
    result, log = finished
    rows = epoch_rows(log)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert result.epochs == 3
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert result.validation.accuracy > 0.5
    steps = [(row["epoch"], row["step"]) for row in log if "step" in row]
    assert steps == [(epoch, step) for epoch in (1, 2, 3) for step in range(1, 18)]
    seconds = [row["seconds"] for row in log]
    assert seconds == sorted(seconds)
    assert seconds[-1] <= result.seconds


def test_the_same_seed_gives_the_same_weights(digits, finished):
    again = fit(SHORT, *digits, QUIET)
    assert_same_weights(finished[0].model, again.model)


def test_the_best_epoch_is_kept(finished):
    result, log = finished
    best = max(row["val_accuracy"] for row in epoch_rows(log))
    assert result.validation.accuracy == pytest.approx(best, abs=1e-6)


def test_a_refit_keeps_the_last_epoch_and_the_calibration(digits, tmp_path):
    train, validation = digits
    # With wrong validation labels, the epoch that learned least is the best.
    wrong = LabelledImages(validation.images, (validation.labels + 1) % 10)
    worst = fit(SHORT, train, wrong, QUIET)
    # On the many digits that it learns from, the last epoch is the best.
    best = fit(SHORT, train, train, replace(QUIET, folder=tmp_path / "fit"))
    scores = [row["val_accuracy"] for row in epoch_rows(read_log(tmp_path / "fit" / LOG))]
    assert max(scores) == scores[-1] > scores[-2]
    calibration = Calibration(2.0, 0.5, -1.0)
    last = refit(SHORT, train, calibration, replace(QUIET, folder=tmp_path / "refit"))
    assert (last.validation, last.calibration) == (None, calibration)
    assert all("val_accuracy" not in row for row in read_log(tmp_path / "refit" / LOG))
    assert_same_weights(last.model, best.model)
    with pytest.raises(AssertionError):
        assert_same_weights(last.model, worst.model)


@pytest.fixture(scope="module")
def stopped(digits, tmp_path_factory):
    """Interrupt a run in its second epoch; return it and its folder."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patched:
        interrupt_after(patched, 30)
        return fit(SHORT, *digits, replace(QUIET, folder=folder)), folder


def test_a_stopped_run_resumes_as_if_it_had_not_been_stopped(digits, finished, stopped, tmp_path):
    assert stopped[0].epochs == 2
    assert not stopped[0].finished
    folder = shutil.copytree(stopped[1], tmp_path / "run")
    assert is_interrupted(folder)
    resumed = fit(SHORT, *digits, replace(QUIET, folder=folder, resume=True))
    assert_same_weights(resumed.model, finished[0].model)
    assert resumed.epochs == 3
    assert resumed.finished
    assert without_seconds(read_log(folder / LOG)) == without_seconds(finished[1])
    remove_state(folder)
    assert not is_interrupted(folder)


def test_muon_resumes_as_if_it_had_not_been_stopped(digits, tmp_path):
    recipe = replace(
        SHORT, architecture="mini", optimizer="muon", epochs=2, synthetic=0, outliers=0
    )
    train, validation = digits[0][:192], digits[1]
    uninterrupted = fit(recipe, train, validation, QUIET)
    options = replace(QUIET, folder=tmp_path)
    with pytest.MonkeyPatch.context() as patched:
        interrupt_after(patched, 5)
        assert fit(recipe, train, validation, options).epochs == 2
    resumed = fit(recipe, train, validation, replace(options, resume=True))
    assert resumed.finished
    assert_same_weights(resumed.model, uninterrupted.model)


@pytest.mark.parametrize("changed", ["recipe", "images", "outliers", "start", "teacher"])
def test_a_run_with_other_inputs_is_not_resumed(digits, stopped, changed):
    train, validation = digits
    recipe, options = SHORT, replace(QUIET, folder=stopped[1], resume=True)
    if changed == "recipe":
        recipe = replace(SHORT, epochs=4)
    elif changed == "images":
        train = train[::-1]
    elif changed == "outliers":
        options = replace(options, outliers=train.images[:1])
    elif changed == "start":
        options = replace(options, start=stopped[0].model)
    else:
        options = replace(options, teacher=Teacher(stopped[0].model, 1.0, sha256="abc"))
    with pytest.raises(DigitError, match="another recipe or on other images"):
        fit(recipe, train, validation, options)


def test_imagenet_weights_for_another_network_are_a_sentence(digits):
    with pytest.raises(DigitError, match="mobilenetv2 and resnet50"):
        fit(replace(SHORT, pretrained="imagenet"), *digits, QUIET)


@pytest.mark.parametrize("calls", [1, 5])
def test_ctrl_c_ends_early_and_keeps_the_best_so_far(digits, monkeypatch, calls):
    before = signal.getsignal(signal.SIGINT)
    interrupt_after(monkeypatch, calls)
    result = fit(SHORT, *digits, QUIET)
    assert 1 <= result.epochs < SHORT.epochs
    assert all(np.isfinite(weight).all() for weight in result.model.get_weights())
    assert signal.getsignal(signal.SIGINT) is before


def test_a_last_epoch_that_ctrl_c_cuts_short_is_not_finished(digits, monkeypatch):
    interrupt_after(monkeypatch, 5)
    result = fit(replace(SHORT, epochs=1), *digits, QUIET)
    assert (result.epochs, result.finished) == (1, False)


def test_no_global_distribution_remains(finished):
    assert keras.distribution.distribution() is None
