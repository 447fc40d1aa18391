"""Draw accuracies as curves in an SVG: by epoch from a training log, or by time.

The vertical axis is logarithmic in the error rate: 90 to 99 percent is as far as 99 to 99.9.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .training_log import by_member, epoch_rows

# What a log calls the accuracies.
VALIDATION, TRAINING = "val_accuracy", "accuracy"
WIDTH, HEIGHT = 300, 274
LEFT, RIGHT, TOP, BOTTOM = 44, 292, 10, 240
# Error rates at which a grid line may stand; lower ones than the last are drawn on the last.
GRID = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
MIN_LABEL_DISTANCE = 20

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Curve(NamedTuple):
    """Accuracies in 0..1, and where each stands on the horizontal axis, in ascending order."""

    places: Sequence[float]
    accuracies: Sequence[float]


def accuracies_of_log(rows: list[dict]) -> dict[str, tuple[float, ...]]:
    """Return the accuracy by epoch from the rows of a log, by the name of the curve.

    A network has the curves "validation" and "training", or only "training" if it was refitted on
    all images. An ensemble has one curve for each member. The training accuracy is a mean over the
    epoch, on augmented images and without averaged weights, so it can be below the validation's.
    """
    members = by_member(epoch_rows(rows))
    validated = all(VALIDATION in rows[0] for rows in members.values())
    if list(members) == [""]:
        rows = members[""]
        validation = {"validation": _column(rows, VALIDATION)} if validated else {}
        return validation | {"training": _column(rows, TRAINING)}
    key = VALIDATION if validated else TRAINING
    return {str(member): _column(rows, key) for member, rows in members.items()}


def _column(rows: list[dict], key: str) -> tuple[float, ...]:
    return tuple(float(row[key]) for row in rows)


def draw_epochs(accuracies: Mapping[str, Sequence[float]], *, stand_alone: bool = False) -> str:
    """Return an SVG of accuracies by epoch, by the names of the curves. See ``draw``."""
    curves = {name: Curve(range(1, len(values) + 1), values) for name, values in accuracies.items()}
    return draw(curves, "epoch", stand_alone=stand_alone)


def draw(curves: Mapping[str, Curve], x_label: str, *, stand_alone: bool = False) -> str:
    """Return an SVG of the curves with their axes, the first curve on top.

    curves: at least one, by name, with accuracies in 0..1.
    stand_alone: for a file of its own, with colours and a legend. Without it, a style sheet has to
        colour the classes "grid", "line-0", "line-1", ...
    """
    first = next(iter(curves.values())).accuracies
    grid = _grid([1 - accuracy for curve in curves.values() for accuracy in curve.accuracies])
    places = [place for curve in curves.values() for place in curve.places]
    span = min(places), max(places)
    return _ENVIRONMENT.get_template("curves.svg.jinja").render(
        stand_alone=stand_alone,
        description=f"Accuracy from {_percent(first[0])} to {_percent(first[-1])}, by {x_label}",
        frame={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "bottom": BOTTOM},
        rows=list(_labelled_rows(grid)),
        ticks=[(_x(place, span), f"{place:.0f}") for place in _ticks(span)],
        x_label=x_label,
        curves=[
            (number, name, [(_x(x, span), _y(1 - y, grid)) for x, y in zip(*curve, strict=True)])
            for number, (name, curve) in enumerate(curves.items())
        ],
    )


def _grid(errors: Sequence[float]) -> list[float]:
    """Return the grid lines from the one above all errors to the one below."""
    above = [line for line in GRID[:-1] if line >= max(errors)]
    below = [line for line in GRID if line < above[-1] and line <= min(errors)] or GRID[-1:]
    return [line for line in GRID if below[0] <= line <= above[-1]]


def _x(place: float, span: tuple[float, float]) -> float:
    first, last = span
    return LEFT + (RIGHT - LEFT) * (place - first) / max(1e-9, last - first)


def _y(error: float, grid: Sequence[float]) -> float:
    top, bottom = math.log(grid[-1]), math.log(grid[0])
    share = (math.log(min(max(error, grid[-1]), grid[0])) - top) / (bottom - top)
    return TOP + (BOTTOM - TOP) * share


def _labelled_rows(grid: Sequence[float]) -> Iterator[tuple[float, str]]:
    """Yield the height and label of each grid line that has room for its label."""
    lowest = float(HEIGHT)
    for line in grid:
        y = _y(line, grid)
        if lowest - y >= MIN_LABEL_DISTANCE:
            yield y, _percent(1 - line)
            lowest = y


def _ticks(span: tuple[float, float]) -> list[float]:
    first, last = span
    return sorted({first, math.floor((first + last) / 2), last})


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
