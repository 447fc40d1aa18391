"""The skeleton file is complete; of a damaged one the error names the damaged shape."""

import copy
import json
from importlib import resources

import pytest

from digit_model.arrays import DIGITS
from digit_model.synthesis import skeletons
from digit_model.synthesis.skeletons import load_skeletons, parse_skeletons

CONTENT = json.loads(
    resources.files(skeletons.__package__).joinpath("skeletons.json").read_text(encoding="ascii")
)


@pytest.fixture
def content():
    return copy.deepcopy(CONTENT)


def test_every_digit_has_handwritten_and_printed_shapes():
    loaded = load_skeletons()
    assert set(loaded.digits) == set(loaded.printed) == set(range(DIGITS))
    assert min(len(shapes.skeletons) for shapes in loaded.digits.values()) >= 5


def test_the_points_of_the_file_are_the_control_points(content):
    shape = content["digits"]["7"]["shapes"][0]
    points = [(0.0, 0.0), (1.0, 0.0), (0.5, 1.0)]
    shape["strokes"] = [{"curve": points}, {"lines": points}]
    curve, lines = parse_skeletons(json.dumps(content)).digits[7].skeletons[shape["name"]]
    assert curve == tuple(points)
    assert lines == (points[0], points[1], points[1], points[2])


@pytest.mark.parametrize(
    ("strokes", "fault"),
    [
        ([], "no stroke"),
        ([{"curve": [[0, 0]]}], "fewer than two points"),
        ([{"arc": [[0, 0], [1, 1]]}], "unknown kind 'arc'"),
        ([{"lines": [[0, 0], [1, 7]]}], "outside of the unit box"),
    ],
)
def test_a_damaged_shape_is_named(content, strokes, fault):
    shape = content["digits"]["3"]["shapes"][1]
    shape["strokes"] = strokes
    with pytest.raises(ValueError, match=f"digits 3, '{shape['name']}'.*{fault}"):
        parse_skeletons(json.dumps(content))


def test_a_missing_digit_is_named(content):
    del content["printed"]["4"]
    with pytest.raises(ValueError, match="printed must hold the labels 0 to 9"):
        parse_skeletons(json.dumps(content))


def test_two_shapes_of_one_name_are_refused(content):
    content["signs"].append(content["signs"][0])
    with pytest.raises(ValueError, match="two shapes called 'A'"):
        parse_skeletons(json.dumps(content))


def test_a_digit_without_shapes_is_refused(content):
    content["digits"]["5"]["shapes"] = []
    with pytest.raises(ValueError, match="digits 5 holds no shape"):
        parse_skeletons(json.dumps(content))


def test_aspects_must_be_a_range(content):
    content["digits"]["2"]["aspects"] = [0.9, 0.4]
    with pytest.raises(ValueError, match="aspects of digits 2"):
        parse_skeletons(json.dumps(content))
