"""Networks of columns, on a small one: each learns apart, and their logits are averaged."""

import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest

from digit_model.architectures import ARCHITECTURES, members
from digit_model.architectures.dense import dense
from digit_model.architectures.ensemble import MEMBERS
from digit_model.architectures.tiny import tiny
from digit_model.data.mnist import LabelledImages, split
from digit_model.errors import DigitError
from digit_model.synthesis.digits import draw_digits
from digit_model.training.distillation import Teacher
from digit_model.training.ensembles import fit_ensemble
from digit_model.training.fit import TrainingOptions, fit
from digit_model.training.recipes import RECIPES, Recipe
from digit_model.training.run_state import is_interrupted
from digit_model.training_log import LOG, by_member, epoch_rows, read_log
from tests.training.helpers import assert_same_weights, interrupt_after, without_seconds

DENSE = Recipe(
    architecture="dense", epochs=3, synthetic=0, outliers=20, batch_size=64, augment="shift"
)
TINY = replace(DENSE, architecture="tiny", epochs=2, outliers=0, learning_rate=3e-3)
PAIR = Recipe(architecture="pair", members=(DENSE, TINY))
STEPS = 7


def pair():
    tiles = keras.Input((28, 28))
    return keras.Model(tiles, keras.layers.Average()([dense()(tiles), tiny()(tiles)]))


@pytest.fixture(scope="module")
def drawn():
    train, validation = split(draw_digits(528, seed=5))
    return train[: STEPS * 64 - 20], validation


@pytest.fixture(scope="module", autouse=True)
def known():
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(ARCHITECTURES, "pair", pair)
        yield


@pytest.fixture(scope="module")
def trained(drawn, tmp_path_factory):
    """The network, and the folder that the training left."""
    folder = tmp_path_factory.mktemp("columns")
    return fit_ensemble(PAIR, *drawn, TrainingOptions(folder=folder, verbose=0)), folder


def test_each_column_is_what_its_recipe_makes_alone(drawn, trained):
    """But for the temperature, by which its last layer's weights are divided."""
    alone = fit(TINY, *drawn, TrainingOptions(verbose=0))
    *below, kernel, bias = alone.model.get_weights()
    _, column = members(trained[0].model)
    *found, last_kernel, last_bias = column.get_weights()
    for one, other in zip(found, below, strict=True):
        np.testing.assert_array_equal(one, other)
    temperature = alone.calibration.temperature
    np.testing.assert_allclose(last_kernel, kernel / temperature, rtol=1e-6)
    np.testing.assert_allclose(last_bias, bias / temperature, rtol=1e-6)


def test_the_logits_are_the_mean_of_the_members(drawn, trained):
    tiles = drawn[1].tiles
    model = trained[0].model
    each = [column.predict(tiles, verbose=0) for column in members(model)]
    np.testing.assert_allclose(model.predict(tiles, verbose=0), np.mean(each, axis=0), atol=1e-5)


def test_the_log_tells_the_columns_apart(trained):
    result, folder = trained
    ended = by_member(epoch_rows(read_log(folder / LOG)))
    assert {name: [row["epoch"] for row in rows] for name, rows in ended.items()} == {
        "dense": [1, 2, 3],
        "tiny": [1, 2],
    }
    assert (result.epochs, result.finished) == (5, True)
    assert result.seconds >= sum(rows[-1]["seconds"] for rows in ended.values())


def test_ctrl_c_in_the_first_column_leaves_no_network_but_the_run_goes_on(
    drawn, trained, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        interrupt_after(patched, STEPS + 2)
        fit_ensemble(PAIR, *drawn, TrainingOptions(folder=tmp_path, verbose=0))
    assert is_interrupted(tmp_path)
    resumed = fit_ensemble(PAIR, *drawn, TrainingOptions(folder=tmp_path, resume=True, verbose=0))
    assert_same_weights(resumed.model, trained[0].model)
    whole = read_log(trained[1] / LOG)
    assert without_seconds(read_log(tmp_path / LOG)) == without_seconds(whole)


def test_a_column_that_is_done_is_not_trained_again(drawn, trained, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        interrupt_after(patched, DENSE.epochs * STEPS + 3)
        stopped = fit_ensemble(PAIR, *drawn, TrainingOptions(folder=tmp_path, verbose=0))
    assert (stopped.epochs, stopped.finished) == (4, False)
    before = by_member(read_log(tmp_path / LOG))["dense"]
    resumed = fit_ensemble(PAIR, *drawn, TrainingOptions(folder=tmp_path, resume=True, verbose=0))
    assert resumed.finished
    assert_same_weights(resumed.model, trained[0].model)
    assert by_member(read_log(tmp_path / LOG))["dense"] == before


def test_a_teacher_teaches_every_column(drawn, trained):
    train, validation = drawn
    short = PAIR.changed({"epochs": 1, "outliers": 0})
    teacher = Teacher(trained[0].model, 1.0, sha256="abc")
    mislabelled = LabelledImages(train.images, (train.labels + 1) % 10)
    taught, misled = (
        fit_ensemble(short, given, validation, TrainingOptions(teacher=teacher, verbose=0))
        for given in (train, mislabelled)
    )
    assert_same_weights(taught.model, misled.model)


def test_a_training_begins_with_each_columns_own_weights(drawn, trained):
    still = PAIR.changed({"learning_rate": 0.0, "epochs": 1})
    again = fit_ensemble(still, *drawn, TrainingOptions(start=trained[0].model, verbose=0))
    for old, new in zip(members(trained[0].model), members(again.model), strict=True):
        for one, other in zip(old.trainable_variables[:-2], new.trainable_variables, strict=False):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_another_run_does_not_resume(drawn, trained, tmp_path):
    shutil.copytree(trained[1], tmp_path / "run")
    with pytest.raises(DigitError, match="another recipe or on other images"):
        fit_ensemble(
            PAIR.changed({"seed": 1}), *drawn, TrainingOptions(folder=tmp_path / "run", resume=True)
        )
    with pytest.raises(DigitError, match="another recipe or on other images"):
        fit_ensemble(
            PAIR, drawn[0][::-1], drawn[1], TrainingOptions(folder=tmp_path / "run", resume=True)
        )


def test_choices_go_for_every_column():
    changed = RECIPES["ensemble"].changed({"epochs": 2, "architecture": "ensemble"})
    assert {column.epochs for column in changed.members} == {2}
    kept = [column.architecture for column in changed.members]
    assert kept == ["cnn_large", "cnn", "small"] * 2
    assert changed.total_epochs == 12
    assert RECIPES["ensemble"].changed({"architecture": "tiny"}).members == ()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_columns_that_are_alike_learn_with_seeds_of_their_own(seed):
    changed = RECIPES["ensemble"].changed({"seed": seed}).changed({"epochs": 2})
    assert [column.seed for column in changed.members] == 3 * [2 * seed] + 3 * [2 * seed + 1]
    assert {column.seed for column in PAIR.changed({"seed": seed}).members} == {seed}


def test_every_column_of_deep_cnn_learns_by_its_own_recipe():
    recipe = RECIPES["ensemble"]
    for name, column in zip(MEMBERS, recipe.members, strict=True):
        assert replace(column, seed=0) == RECIPES[column.architecture]
        assert name.split("-")[0] == column.architecture
    assert recipe.changed({"seed": 0}) == recipe
