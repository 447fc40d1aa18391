"""The accuracy epoch by epoch as an SVG, from the log that train.py writes. No gradio here.

The scale is that of the errors, logarithmic: from 90 to 99 percent is as far as from 99 to 99.9.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from digit_model.training_log import by_member, epochs, read_log

Curves = Mapping[str, Sequence[float]]

# What a log calls the accuracies.
VALIDATION, TRAINING = "val_accuracy", "accuracy"
# Bytes of a log; that of the six columns of ensemble has 10 MB.
LARGEST = 20_000_000
WIDTH, HEIGHT = 300, 274
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 34
# Shares of errors at which a line may stand, and the least that is told from none.
LINES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
# Pixels between two labels on an axis.
APART = 20


def read_history(path: Path) -> Curves:
    """The accuracies in a log on "validation" and "training" images; empty where there is no log.

    Of what learned from all images there are none on validation. Of a network of columns one of the
    two, by column. Empty too where the log is not what train.py writes.
    """
    try:
        if path.stat().st_size > LARGEST:
            return {}
        history = _accuracies(by_member(epochs(read_log(path))))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    right = all(0 <= share <= 1 for shares in history.values() for share in shares)
    return history if right else {}


def _accuracies(columns: dict[str, list[dict]]) -> Curves:
    held_out = all(VALIDATION in rows[0] for rows in columns.values())
    if list(columns) == [""]:
        rows = columns[""]
        validation = {"validation": _shares(rows, VALIDATION)} if held_out else {}
        return validation | {"training": _shares(rows, TRAINING)}
    kind = VALIDATION if held_out else TRAINING
    return {str(name): _shares(rows, kind) for name, rows in columns.items()}


def _shares(rows: list[dict], name: str) -> tuple[float, ...]:
    return tuple(float(row[name]) for row in rows)


def draw(history: Curves) -> str:
    """The curves with their axes as an inline SVG; the first is on top, and told in words.

    The colours come from the style sheet, by place: line-0, line-1, ...
    """
    first, lines = next(iter(history.values())), _lines(history)
    said = f"from {_percent(first[0])} to {_percent(first[-1])}"
    count = max(map(len, history.values()))
    curves = [_curve(place, shares, count, lines) for place, shares in enumerate(history.values())]
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Accuracy '
        f'over {len(first)} epochs, {said}">{_rows(lines)}{_columns(count)}'
        f"{''.join(reversed(curves))}</svg>"
    )


def key(place: int) -> str:
    """A bit of the curve at this place, for a legend."""
    return f'<svg aria-hidden="true"><line class="line-{place}" x2="24" y1="3" y2="3"/></svg>'


def _lines(history: Curves) -> list[float]:
    """The lines from the one above all errors to the one below."""
    errors = [1 - share for shares in history.values() for share in shares]
    above = [line for line in LINES[:-1] if line >= max(errors)]
    below = [line for line in LINES if line < above[-1] and line <= min(errors)] or LINES[-1:]
    return [line for line in LINES if below[0] <= line <= above[-1]]


def _across(epoch: int, epochs: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / max(1, epochs - 1)


def _down(error: float, lines: Sequence[float]) -> float:
    top, bottom = math.log(lines[-1]), math.log(lines[0])
    share = (math.log(min(max(error, lines[-1]), lines[0])) - top) / (bottom - top)
    return TOP + (HEIGHT - TOP - BOTTOM) * share


def _rows(lines: list[float]) -> str:
    shown: list[str] = []
    free = float(HEIGHT)
    for line in lines:
        y = _down(line, lines)
        if free - y >= APART:
            shown.append(
                f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
                f"{_percent(1 - line)}</text>"
            )
            free = y
    return "".join(shown)


def _columns(epochs: int) -> str:
    named = sorted({1, (1 + epochs) // 2, epochs})
    y = HEIGHT - BOTTOM + 16
    ticks = (
        f'<text x="{_across(epoch, epochs):.1f}" y="{y}" text-anchor="middle">{epoch}</text>'
        for epoch in named
    )
    middle = (LEFT + WIDTH - RIGHT) / 2
    return f'{"".join(ticks)}<text x="{middle}" y="{y + 15}" text-anchor="middle">epoch</text>'


def _curve(place: int, shares: Sequence[float], epochs: int, lines: Sequence[float]) -> str:
    points = [
        (_across(number, epochs), _down(1 - share, lines)) for number, share in enumerate(shares, 1)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<polyline class="line-{place}" points="{path}"/>'
        f'<circle class="line-{place}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
