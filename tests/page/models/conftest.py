"""A folder of checkpoints and the models in it, for the tests of the Models tab."""

from pathlib import Path

import pytest

from digit_model.training_log import LOG
from page.models.registry import ModelRegistry
from tests.page.helpers import TRAINING_LOG, write_checkpoint, write_random_mnist


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """Fill a folder with a checkpoint, a damaged one, and a training run that has only begun."""
    folder = tmp_path_factory.mktemp("checkpoints") / "runs"
    write_checkpoint(folder / "dense")
    (folder / "<b>").mkdir()
    (folder / "<b>" / "config.json").write_text("{}")
    (folder / "begun").mkdir()
    (folder / "begun" / LOG).write_text(TRAINING_LOG)
    return folder


@pytest.fixture(scope="module")
def mnist(tmp_path_factory) -> Path:
    return write_random_mnist(tmp_path_factory.mktemp("data") / "mnist.npz")


@pytest.fixture(scope="module")
def registry(bundled, runs) -> ModelRegistry:
    """Register the bundled checkpoint and those in ``runs``, verified."""
    registry = ModelRegistry(bundled, runs)
    list(registry.check())
    return registry
