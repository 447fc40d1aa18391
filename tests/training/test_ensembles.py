"""Each member of an ensemble is trained on its own, and their logits are averaged."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from digit_model.architectures import members
from digit_model.architectures.ensemble import MEMBERS
from digit_model.arrays import Calibration
from digit_model.data.mnist import LabelledImages
from digit_model.errors import DigitError
from digit_model.training.distillation import Teacher
from digit_model.training.ensembles import fit_ensemble, refit_ensemble
from digit_model.training.fit import TrainingOptions, fit, refit
from digit_model.training.recipes import RECIPES
from digit_model.training.run_state import is_interrupted
from digit_model.training_log import LOG, by_member, epoch_rows, read_log
from tests.training.helpers import (
    DENSE,
    MINI,
    PAIR,
    assert_same_weights,
    interrupt_after,
    without_seconds,
)

QUIET = TrainingOptions(verbose=0)
STEPS = 7

pytestmark = pytest.mark.usefixtures("small_architectures")


@pytest.fixture(scope="module")
def few(digits):
    """Digits that, with the outliers, fill seven batches of ``dense``."""
    return digits[0][: STEPS * 64 - 20], digits[1][:40]


@pytest.fixture(scope="module")
def ensemble(small_architectures, few, tmp_path_factory):
    """Train an ensemble; return the result and its folder."""
    folder = tmp_path_factory.mktemp("ensemble")
    return fit_ensemble(PAIR, *few, replace(QUIET, folder=folder)), folder


def test_each_member_is_what_its_recipe_gives_alone(few, ensemble):
    """But for the temperature, by which the weights of its last layer are divided."""
    alone = fit(MINI, *few, QUIET)
    *expected, kernel, bias = alone.model.get_weights()
    _, member = members(ensemble[0].model)
    *weights, last_kernel, last_bias = member.get_weights()
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    temperature = alone.calibration.temperature
    np.testing.assert_allclose(last_kernel, kernel / temperature, rtol=1e-6)
    np.testing.assert_allclose(last_bias, bias / temperature, rtol=1e-6)


def test_each_refitted_member_is_what_its_recipe_gives_alone(few):
    train, _ = few
    calibrations = Calibration(2.0), Calibration(1.0)
    result = refit_ensemble(PAIR, train, Calibration(0.5), calibrations, QUIET)
    assert (result.calibration, result.validation) == (Calibration(0.5), None)
    assert result.member_calibrations == calibrations
    alone = refit(MINI, train, calibrations[1], QUIET)
    assert_same_weights(members(result.model)[1], alone.model)


def test_the_logits_are_the_mean_over_the_members(few, ensemble):
    tiles, model = few[1].tiles, ensemble[0].model
    each = [member.predict(tiles, verbose=0) for member in members(model)]
    np.testing.assert_allclose(model.predict(tiles, verbose=0), np.mean(each, axis=0), atol=1e-5)


def test_the_log_names_the_members(ensemble):
    result, folder = ensemble
    rows = by_member(epoch_rows(read_log(folder / LOG)))
    epochs = {name: [row["epoch"] for row in of_member] for name, of_member in rows.items()}
    assert epochs == {"dense": [1, 2, 3], "mini": [1, 2]}
    assert (result.epochs, result.finished) == (5, True)
    assert result.seconds >= sum(of_member[-1]["seconds"] for of_member in rows.values())


def test_ctrl_c_in_the_first_member_leaves_no_network_but_can_be_resumed(
    few, ensemble, tmp_path, monkeypatch
):
    options = replace(QUIET, folder=tmp_path)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        interrupt_after(patched, STEPS + 2)
        fit_ensemble(PAIR, *few, options)
    assert is_interrupted(tmp_path)
    resumed = fit_ensemble(PAIR, *few, replace(options, resume=True))
    assert_same_weights(resumed.model, ensemble[0].model)
    uninterrupted = read_log(ensemble[1] / LOG)
    assert without_seconds(read_log(tmp_path / LOG)) == without_seconds(uninterrupted)


def test_a_finished_member_is_not_trained_again(few, ensemble, tmp_path, monkeypatch):
    options = replace(QUIET, folder=tmp_path)
    with monkeypatch.context() as patched:
        interrupt_after(patched, DENSE.epochs * STEPS + 3)
        stopped = fit_ensemble(PAIR, *few, options)
    assert (stopped.epochs, stopped.finished) == (4, False)
    before = by_member(read_log(tmp_path / LOG))["dense"]
    resumed = fit_ensemble(PAIR, *few, replace(options, resume=True))
    assert resumed.finished
    assert_same_weights(resumed.model, ensemble[0].model)
    assert by_member(read_log(tmp_path / LOG))["dense"] == before


def test_a_teacher_teaches_every_member(few, ensemble):
    train, validation = few
    short = PAIR.changed({"epochs": 1, "outliers": 0})
    options = replace(QUIET, teacher=Teacher(ensemble[0].model, 1.0, sha256="abc"))
    mislabelled = LabelledImages(train.images, (train.labels + 1) % 10)
    taught, misled = (
        fit_ensemble(short, images, validation, options) for images in (train, mislabelled)
    )
    assert_same_weights(taught.model, misled.model)


def test_each_member_starts_from_its_own_weights(few, ensemble):
    still = PAIR.changed({"learning_rate": 0.0, "epochs": 1})
    again = fit_ensemble(still, *few, replace(QUIET, start=ensemble[0].model))
    for old, new in zip(members(ensemble[0].model), members(again.model), strict=True):
        for one, other in zip(old.trainable_variables[:-2], new.trainable_variables, strict=False):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_run_with_other_inputs_is_not_resumed(few, ensemble, tmp_path):
    options = replace(QUIET, resume=True, folder=shutil.copytree(ensemble[1], tmp_path / "run"))
    with pytest.raises(DigitError, match="another recipe or on other images"):
        fit_ensemble(PAIR.changed({"seed": 1}), *few, options)
    with pytest.raises(DigitError, match="another recipe or on other images"):
        fit_ensemble(PAIR, few[0][::-1], few[1], options)


def test_changed_settings_apply_to_every_member():
    changed = RECIPES["ensemble"].changed({"epochs": 2, "architecture": "ensemble"})
    assert {member.epochs for member in changed.members} == {2}
    architectures = [member.architecture for member in changed.members]
    assert architectures == ["cnn_large", "cnn", "small"] * 2
    assert changed.total_epochs == 12
    assert RECIPES["ensemble"].changed({"architecture": "tiny"}).members == ()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_members_of_the_same_architecture_have_different_seeds(seed):
    changed = RECIPES["ensemble"].changed({"seed": seed}).changed({"epochs": 2})
    assert [member.seed for member in changed.members] == 3 * [2 * seed] + 3 * [2 * seed + 1]
    assert {member.seed for member in PAIR.changed({"seed": seed}).members} == {seed}


def test_every_member_has_the_recipe_of_its_architecture():
    recipe = RECIPES["ensemble"]
    for name, member in zip(MEMBERS, recipe.members, strict=True):
        assert replace(member, seed=0) == RECIPES[member.architecture]
        assert name.split("-")[0] == member.architecture
    assert recipe.changed({"seed": 0}) == recipe
