"""A writer's digits are read alike in JavaScript."""

from dataclasses import asdict

import numpy as np

from digit_model.one_writer import MEAN_LOG_ODDS, read_as_one_writer
from tests.static_page.helpers import store, write_fixtures


def test_a_writers_digits_are_read_as_in_python(node, tmp_path, bundled):
    calibration = bundled.recogniser.calibration
    rng = np.random.default_rng(0)
    pages = []
    for count in (1, 2, 9, 60):
        log_odds = MEAN_LOG_ODDS[rng.integers(0, 10, count)] + rng.normal(0, 2, (count, 10))
        logits = calibration.temperature * log_odds
        adapted = read_as_one_writer(logits, calibration)
        pages.append({"logits": store(tmp_path, logits), "adapted": store(tmp_path, adapted)})
    write_fixtures(tmp_path, {"calibration": asdict(calibration), "pages": pages})
    node("one_writer", tmp_path)
