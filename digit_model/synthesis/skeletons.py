"""Load the skeletons of digits and signs from skeletons.json.

A skeleton is a tuple of strokes. A stroke is a tuple of control points (x, y) in a unit box, x to
the right and y down, joined by a smooth curve. A point given twice in a row is a corner.

In the file a stroke is either ``{"curve": points}``, taken as it stands, or ``{"lines": points}``,
whose inner points are all corners.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from ..arrays import DIGITS

Point: TypeAlias = tuple[float, float]
Stroke: TypeAlias = tuple[Point, ...]
Skeleton: TypeAlias = tuple[Stroke, ...]

_FILE = "skeletons.json"
# Some strokes begin or end a little outside of the unit box.
_MIN_COORDINATE, _MAX_COORDINATE = -0.1, 1.1


@dataclass(frozen=True)
class DigitShapes:
    """The shapes of one digit.

    skeletons: by name. aspects: the smallest and largest ratio of width to height.
    """

    skeletons: dict[str, Skeleton]
    aspects: tuple[float, float]


@dataclass(frozen=True)
class Skeletons:
    """All skeletons: digits as people write them, by label; as type prints them; signs, by name.

    The signs are letters and symbols that nobody writes for a digit: no O, o, D, Q, l, I, i, |, /,
    Z, z, S, s, b, q, g, B, C, c, J, L, G, and no y on a U, which is an open 4 or 9.
    """

    digits: dict[int, DigitShapes]
    printed: dict[int, DigitShapes]
    signs: dict[str, Skeleton]


@cache
def load_skeletons() -> Skeletons:
    """Read the file that ships with the package. Raises ValueError if its content is invalid."""
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="ascii")
    return parse_skeletons(text)


def parse_skeletons(text: str) -> Skeletons:
    """Parse and verify the JSON text of a skeleton file. Raises ValueError naming the shape."""
    content = json.loads(text)
    return Skeletons(
        digits=_digits(content, "digits"),
        printed=_digits(content, "printed"),
        signs=_named(content["signs"], "signs"),
    )


def straight(*points: Point) -> Stroke:
    """Return the stroke through the points in straight lines: each inner point is a corner."""
    corners = (point for point in points[1:-1] for _ in range(2))
    return (points[0], *corners, points[-1])


def _digits(content: dict[str, Any], style: str) -> dict[int, DigitShapes]:
    labels = [str(label) for label in range(DIGITS)]
    if list(content[style]) != labels:
        raise ValueError(f"{_FILE}: {style} must hold the labels 0 to 9 in order.")
    shapes = {}
    for label, digit in content[style].items():
        low, high = digit["aspects"]
        if not 0 < low < high:
            raise ValueError(f"{_FILE}: the aspects of {style} {label} must rise from above 0.")
        named = _named(digit["shapes"], f"{style} {label}")
        shapes[int(label)] = DigitShapes(named, (low, high))
    return shapes


def _named(shapes: list[dict[str, Any]], place: str) -> dict[str, Skeleton]:
    """Parse a list of shapes; place: where in the file it stands, for error messages."""
    named: dict[str, Skeleton] = {}
    for shape in shapes:
        name = shape["name"]
        if name in named:
            raise ValueError(f"{_FILE}: {place} holds two shapes called {name!r}.")
        named[name] = tuple(_stroke(stroke, f"{place}, {name!r}") for stroke in shape["strokes"])
        if not named[name]:
            raise ValueError(f"{_FILE}: {place}, {name!r} has no stroke.")
    if not named:
        raise ValueError(f"{_FILE}: {place} holds no shape.")
    return named


def _stroke(stroke: dict[str, list[list[float]]], place: str) -> Stroke:
    """Parse one stroke; place: where in the file it stands, for error messages."""
    ((kind, points),) = stroke.items()
    if kind not in ("curve", "lines"):
        raise ValueError(f"{_FILE}: {place} has a stroke of the unknown kind {kind!r}.")
    control_points = tuple((float(x), float(y)) for x, y in points)
    if len(control_points) < 2:
        raise ValueError(f"{_FILE}: {place} has a stroke of fewer than two points.")
    for point in control_points:
        if not all(_MIN_COORDINATE <= value <= _MAX_COORDINATE for value in point):
            raise ValueError(f"{_FILE}: {place} has the point {point} outside of the unit box.")
    return straight(*control_points) if kind == "lines" else control_points
