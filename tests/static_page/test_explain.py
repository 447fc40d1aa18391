"""Heatmaps in JavaScript are those of Python."""

import numpy as np

from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.checkpoint import Checkpoint
from digit_model.explain import Explainer
from digit_model.export import export
from digit_model.synthesis.digits import draw_digits
from tests.static_page.helpers import store, write_fixtures


def cases(folder, name, model, tiles):
    """Return what both sides explain: each method of a network on each tile."""
    explainer = Explainer(model)
    return [
        {
            "name": name,
            "methods": list(explainer.methods),
            "method": method,
            "digit": digit,
            "tile": store(folder, tile),
            "heatmap": store(folder, explainer.heatmap(tile, digit, method)),
        }
        for method in explainer.methods
        for digit, tile in enumerate(tiles)
    ]


def test_heatmaps_are_those_of_python(node, tmp_path, bundled):
    tiles = draw_digits(4, seed=3).tiles.astype(np.float32)
    export(bundled.checkpoint, tmp_path / "bundled", bundled.source)
    found = cases(tmp_path, "bundled", bundled.checkpoint.model, tiles)
    for architecture in ("cnn_large", "quick", "small", "dense"):
        model = ARCHITECTURES[architecture]()
        export(Checkpoint(model, architecture, Calibration()), tmp_path / architecture, "a test")
        found += cases(tmp_path, architecture, model, tiles[:2])
    write_fixtures(tmp_path, found)
    node("explain", tmp_path)
