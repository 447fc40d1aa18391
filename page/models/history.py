"""Read the accuracy epoch by epoch from a training log, and draw it as an SVG. No gradio here.

The vertical scale is that of the errors, logarithmic: 90 to 99 percent is as far as 99 to 99.9.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from digit_model.training_log import by_member, epoch_rows, read_log

from ..templates import render

Curves = Mapping[str, Sequence[float]]

# What a log calls the accuracies.
VALIDATION, TRAINING = "val_accuracy", "accuracy"
# The log of an ensemble of six networks has 10 MB.
MAX_LOG_BYTES = 20_000_000
WIDTH, HEIGHT = 300, 274
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 34
# Error rates at which a grid line may stand; the last is the lowest that is told from zero.
GRID = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
MIN_LABEL_DISTANCE = 20


def read_history(path: Path) -> Curves:
    """Return the accuracies in a log by the name of their curve; empty if there is no valid log.

    A network has the curves "validation" and "training", or only "training" if it was refitted on
    all images. An ensemble has one curve for each member.
    """
    try:
        if path.stat().st_size > MAX_LOG_BYTES:
            return {}
        history = _accuracies(by_member(epoch_rows(read_log(path))))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    valid = all(0 <= share <= 1 for shares in history.values() for share in shares)
    return history if valid else {}


def _accuracies(members: dict[str, list[dict]]) -> Curves:
    validated = all(VALIDATION in rows[0] for rows in members.values())
    if list(members) == [""]:
        rows = members[""]
        validation = {"validation": _column(rows, VALIDATION)} if validated else {}
        return validation | {"training": _column(rows, TRAINING)}
    name = VALIDATION if validated else TRAINING
    return {str(member): _column(rows, name) for member, rows in members.items()}


def _column(rows: list[dict], name: str) -> tuple[float, ...]:
    return tuple(float(row[name]) for row in rows)


def draw(history: Curves) -> Markup:
    """Return the curves with their axes as an inline SVG, the first on top.

    The style sheet colours them by position: line-0, line-1, ...
    """
    first, grid = next(iter(history.values())), _grid(history)
    epoch_count = max(map(len, history.values()))
    curves = [_points(shares, epoch_count, grid) for shares in history.values()]
    return render(
        "models/curves.svg",
        epochs=len(first),
        start=_percent(first[0]),
        end=_percent(first[-1]),
        frame={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT},
        rows=list(_labelled_rows(grid)),
        ticks=[(_x(epoch, epoch_count), epoch) for epoch in _labelled_epochs(epoch_count)],
        axis=HEIGHT - BOTTOM + 16,
        curves=list(reversed(list(enumerate(curves)))),
    )


def _grid(history: Curves) -> list[float]:
    """Return the grid lines from the one above all errors to the one below."""
    errors = [1 - share for shares in history.values() for share in shares]
    above = [line for line in GRID[:-1] if line >= max(errors)]
    below = [line for line in GRID if line < above[-1] and line <= min(errors)] or GRID[-1:]
    return [line for line in GRID if below[0] <= line <= above[-1]]


def _x(epoch: int, epoch_count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / max(1, epoch_count - 1)


def _y(error: float, grid: Sequence[float]) -> float:
    top, bottom = math.log(grid[-1]), math.log(grid[0])
    share = (math.log(min(max(error, grid[-1]), grid[0])) - top) / (bottom - top)
    return TOP + (HEIGHT - TOP - BOTTOM) * share


def _labelled_rows(grid: Sequence[float]) -> Iterator[tuple[float, str]]:
    """Yield the height and label of each grid line that has room for its label."""
    lowest = float(HEIGHT)
    for line in grid:
        y = _y(line, grid)
        if lowest - y >= MIN_LABEL_DISTANCE:
            yield y, _percent(1 - line)
            lowest = y


def _labelled_epochs(epoch_count: int) -> list[int]:
    return sorted({1, (1 + epoch_count) // 2, epoch_count})


def _points(
    shares: Sequence[float], epoch_count: int, grid: Sequence[float]
) -> list[tuple[float, float]]:
    return [(_x(epoch, epoch_count), _y(1 - share, grid)) for epoch, share in enumerate(shares, 1)]


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
