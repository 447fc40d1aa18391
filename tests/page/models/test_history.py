"""Training curves: read from a log, and drawn within their picture."""

import xml.etree.ElementTree as ElementTree

import pytest

from digit_model.training_log import LOG
from page.models import history
from page.models.history import read_history


@pytest.mark.parametrize(
    "text",
    [
        *("", "1\n", "[]\n", '{"loss": 0.5}\n', '{"accuracy": 0.5, "val_accuracy": NaN}\n'),
        *('{"accuracy": 0.5, "val_accuracy": 2}\n', "[" * 10_000, "\0", "äöü", '"epoch"\n'),
        '{"column": [], "accuracy": 0.5, "val_accuracy": 0.5}\n',
    ],
)
def test_an_invalid_log_gives_no_curves(tmp_path, text):
    (tmp_path / LOG).write_text(text, encoding="utf-8")
    assert read_history(tmp_path / LOG) == {}
    assert read_history(tmp_path / "none.jsonl") == {}


@pytest.mark.parametrize(
    "shares",
    [[0.1], [1.0], [0.0, 1.0], [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999], [0.9957] * 400],
)
def test_curves_stay_within_their_picture(shares):
    svg = ElementTree.fromstring(history.draw({"validation": shares, "training": shares}))
    rows = [float(line.get("y1")) for line in svg.iter("line")]
    assert len(rows) >= 2
    for curve in svg.iter("polyline"):
        points = [tuple(map(float, point.split(","))) for point in curve.get("points").split()]
        assert len(points) == len(shares)
        assert all(0 <= x <= history.WIDTH and 0 <= y <= history.HEIGHT for x, y in points)
        heights = [y for _, y in points]
        assert heights == sorted(heights, reverse=True)  # the better the higher
