"""Shared by the tests of training: synthetic digits, two small networks and a finished run."""

import pytest

from digit_model.architectures import ARCHITECTURES
from digit_model.data.mnist import split
from digit_model.synthesis.digits import draw_digits
from digit_model.training.fit import TrainingOptions, fit
from digit_model.training_log import LOG, read_log
from tests.training.helpers import SHORT, mini, pair


@pytest.fixture(scope="module")
def small_architectures():
    """Let recipes name the architectures ``mini`` and ``pair``."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(ARCHITECTURES, "mini", mini)
        patched.setitem(ARCHITECTURES, "pair", pair)
        yield


@pytest.fixture(scope="session")
def digits():
    """880 synthetic digits to train on and 80 to validate on."""
    return split(draw_digits(960, seed=5))


@pytest.fixture(scope="session")
def finished(digits, tmp_path_factory):
    """Train by the recipe SHORT; return the result and the log."""
    folder = tmp_path_factory.mktemp("fit")
    return fit(SHORT, *digits, TrainingOptions(folder=folder, verbose=0)), read_log(folder / LOG)
