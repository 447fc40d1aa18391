"""Fixtures for several test files: drawn digits, checkpoints, and the app on a free port."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import numpy as np
import pytest

from browser.site import make_site
from digit_model import checkpoint, pretrained
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.checkpoint import Checkpoint
from digit_model.pretrained import BUNDLED_FOLDER, Pretrained
from digit_model.synthesis.digits import draw_digits
from page.reader import Readers, ReaderSettings
from tests.helpers import RECORD, ROOT, served

# Most programs of the tests run a few times only: a fifth of the tests' time is saved.
QUICK_COMPILATION = (
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
)


def pytest_configure(config: pytest.Config) -> None:
    """Make JAX compile quickly in all processes of the tests, with one cache for all of them."""
    if hasattr(config, "workerinput"):
        return  # The environment is inherited.
    os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *QUICK_COMPILATION])
    folder = TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    options = {
        "jax_compilation_cache_dir": folder.name,
        "jax_persistent_cache_min_compile_time_secs": 0,
        # The random weights of a network compile in a fraction of the time with these.
        "jax_threefry_partitionable": False,
    }
    for name, value in options.items():
        jax.config.update(name, value)
        os.environ[name.upper()] = str(value)


@pytest.fixture(scope="session")
def drawn_mnist(tmp_path_factory) -> Path:
    """Write an .npz like MNIST's of synthetic digits: 480 for training, 100 for testing."""
    path = tmp_path_factory.mktemp("data") / "drawn.npz"
    train, test = draw_digits(480, seed=0), draw_digits(100, seed=1)
    np.savez(
        path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels
    )
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Save a checkpoint of an untrained network, with a record as train.py writes it."""
    folder = tmp_path_factory.mktemp("checkpoint")
    model = ARCHITECTURES["dense"]()
    checkpoint.save(folder, Checkpoint(model, "dense", Calibration(1.5, 0.1, 100.0), RECORD))
    return folder


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder to which the app under ``app_url`` writes."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="session")
def app_url(app_folder: Path) -> Iterator[str]:
    """Serve the bundled checkpoint by this repository's app.py; return its address."""
    with served(ROOT, app_folder) as (url, _):
        yield url


@pytest.fixture(scope="session")
def readers() -> Iterator[Readers]:
    """Start a reader process with the bundled checkpoint."""
    with closing(Readers(ReaderSettings(model=str(BUNDLED_FOLDER)))) as running:
        yield running


@pytest.fixture(scope="session")
def bundled() -> Pretrained:
    """Load the bundled checkpoint, once for all tests."""
    return pretrained.load({})


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, bundled: Pretrained) -> Path:
    """Make the static page with the bundled network; return its folder."""
    folder = tmp_path_factory.mktemp("site")
    make_site(folder, bundled.checkpoint, bundled.source)
    return folder
