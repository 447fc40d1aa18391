"""Heatmaps in JavaScript are those of Python."""

import numpy as np
import pytest

from digit_model import checkpoint
from digit_model.arrays import Calibration
from digit_model.checkpoint import Checkpoint
from digit_model.explain import Explainer
from digit_model.export import export
from digit_model.pretrained import BUNDLED_FOLDER
from digit_model.synthesis.digits import draw_digits
from tests.static_page.helpers import (
    random_network,
    store,
    take_exported_weights,
    write_fixtures,
)


@pytest.fixture(scope="module")
def tiles():
    return draw_digits(4, seed=3).tiles.astype(np.float32)


def cases(folder, name, checkpoint, tiles):
    """Export a network; return what both sides explain: each of its methods on each tile."""
    export(checkpoint, folder / name, "a test")
    take_exported_weights(checkpoint.model, folder / name)
    explainer = Explainer(checkpoint.model)
    return [
        {
            "name": name,
            "methods": list(explainer.methods),
            "method": method,
            "digit": digit,
            "tile": store(folder, tile),
            "heatmap": store(folder, explainer.heatmap(tile, digit, method)),
            "other": (digit + 5) % 10,
            "contrast": store(folder, explainer.contrast(tile, digit, (digit + 5) % 10, method)),
        }
        for method in explainer.methods
        for digit, tile in enumerate(tiles)
    ]


def test_heatmaps_of_trained_networks_are_those_of_python(node, tmp_path, tiles):
    found = []
    for name in ("cnn", "quick", "dense"):
        found += cases(tmp_path, name, checkpoint.load(BUNDLED_FOLDER.parent / name), tiles)
    write_fixtures(tmp_path, found)
    node("explain", tmp_path)


def test_heatmaps_of_random_networks_are_those_of_python(node, tmp_path, tiles):
    found = []
    for architecture in ("cnn_large", "small"):
        random = Checkpoint(random_network(architecture), architecture, Calibration())
        found += cases(tmp_path, architecture, random, tiles[:2])
    write_fixtures(tmp_path, found)
    node("explain", tmp_path)
