"""Curves: each point is at the right place, measured on the grid lines and their labels."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from digit_model import curves
from digit_model.curves import Curve, accuracies_of_log, draw, draw_epochs

SVG = "{http://www.w3.org/2000/svg}"


def row(epoch, **changes):
    scores = {"loss": 0.5, "accuracy": 0.9, "val_loss": 0.4, "val_accuracy": 0.95}
    return {"epoch": epoch, "seconds": 1.0, **scores, **changes}


def points(svg: str) -> dict[str, np.ndarray]:
    """Return the (n, 2) points of each polyline by its class."""
    lines = ElementTree.fromstring(svg).iter("polyline")
    return {
        line.get("class"): np.array(
            [tuple(map(float, p.split(","))) for p in line.get("points").split()]
        )
        for line in lines
    }


def labels(svg: str, anchor: str) -> dict[str, tuple[float, float]]:
    """Return the position of each text with this anchor."""
    return {
        text.text: (float(text.get("x")), float(text.get("y")))
        for text in ElementTree.fromstring(svg).iter("text")
        if text.get("text-anchor") == anchor
    }


def test_accuracies_stand_at_the_height_of_their_labels():
    accuracies = [0.5, 0.9, 0.99, 0.999]
    svg = draw_epochs({"validation": accuracies})
    heights = points(svg)["line-0"][:, 1]
    labelled = labels(svg, "end")
    for accuracy, height in zip(accuracies, heights, strict=True):
        assert labelled[f"{100 * accuracy:.4g}%"][1] - 4 == pytest.approx(height, abs=0.11)


def test_the_scale_is_logarithmic_in_the_error_rate():
    heights = points(draw_epochs({"validation": [0.0, 0.9, 0.99, 0.999]}))["line-0"][:, 1]
    np.testing.assert_allclose(np.diff(heights), np.diff(heights)[0], atol=0.2)
    assert np.diff(heights)[0] < -20, "a better accuracy is higher up"


def test_points_stand_above_the_labels_of_their_places():
    svg = draw({"quick": Curve([10.0, 25.0, 40.0], [0.9, 0.95, 0.99])}, "seconds")
    across = points(svg)["line-0"][:, 0]
    ticks = labels(svg, "middle")
    for place, x in zip(("10", "25", "40"), across, strict=True):
        assert ticks[place][0] == pytest.approx(x, abs=0.11)
    assert "seconds" in ticks


def test_curves_of_different_lengths_share_one_axis():
    svg = draw(
        {"fast": Curve([0, 10], [0.9, 0.99]), "slow": Curve([0, 20], [0.9, 0.95])}, "seconds"
    )
    fast, slow = points(svg)["line-0"], points(svg)["line-1"]
    assert fast[0].tolist() == slow[0].tolist()
    assert fast[-1, 0] - fast[0, 0] == pytest.approx((slow[-1, 0] - slow[0, 0]) / 2, abs=0.11)


@pytest.mark.parametrize(
    "accuracies",
    [[0.1], [1.0], [0.0, 1.0], [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999], [0.9957] * 400],
)
@pytest.mark.parametrize("stand_alone", [False, True])
def test_all_points_lie_between_the_outermost_grid_lines(accuracies, stand_alone):
    svg = draw_epochs({"validation": accuracies}, stand_alone=stand_alone)
    root = ElementTree.fromstring(svg.replace(f' xmlns="{SVG[1:-1]}"', ""))
    grid = [float(line.get("y1")) for line in root.iter("line") if line.get("class") == "grid"]
    [found] = points(svg.replace(f' xmlns="{SVG[1:-1]}"', "")).values()
    assert len(found) == len(accuracies)
    assert len(grid) >= 2
    assert (found >= [curves.LEFT - 0.1, curves.TOP - 0.1]).all()
    assert (found <= [curves.RIGHT + 0.1, curves.BOTTOM + 0.1]).all()


def test_a_stand_alone_picture_names_its_curves_and_nothing_is_markup():
    svg = draw_epochs({"validation": [0.9], "<b>": [0.8]}, stand_alone=True)
    root = ElementTree.fromstring(svg)
    assert {"validation", "<b>"} <= {text.text for text in root.iter(f"{SVG}text")}
    assert ".line-0" in root.find(f"{SVG}style").text


def test_a_log_has_a_curve_for_validation_and_one_for_training():
    rows = [row(1, step=1), row(1), row(2, accuracy=0.97, val_accuracy=0.98)]
    assert accuracies_of_log(rows) == {"validation": (0.95, 0.98), "training": (0.9, 0.97)}


def test_a_refit_has_no_validation_curve():
    rows = [{"epoch": 1, "accuracy": 0.9}, {"epoch": 2, "accuracy": 0.95}]
    assert accuracies_of_log(rows) == {"training": (0.9, 0.95)}


def test_each_member_of_an_ensemble_has_a_curve():
    rows = [
        {"member": name, **row(1, val_accuracy=value)} for name, value in (("a", 0.9), ("b", 0.8))
    ]
    assert accuracies_of_log(rows) == {"a": (0.9,), "b": (0.8,)}
