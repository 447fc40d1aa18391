"""The accuracy epoch by epoch as an SVG, from the log that train.py writes. No gradio here.

The scale is that of the errors, logarithmic: from 90 to 99 percent is as far as from 99 to 99.9.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from digit_model.training.progress import by_column, epochs, read_log

# Bytes of a log; that of a run of 60 epochs has less than 3 MB.
LARGEST = 20_000_000
WIDTH, HEIGHT = 300, 274
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 34
# Shares of errors at which a line may stand, and the least that is told from none.
LINES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
# Pixels between two labels on an axis.
APART = 20


@dataclass(frozen=True)
class Curves:
    """The accuracy, in 0..1, on training and on validation images after each epoch."""

    training: tuple[float, ...]
    validation: tuple[float, ...]


def read_history(path: Path) -> dict[str, Curves]:
    """The curves in a log by column, those of one network by ""; none where there is no log.

    Nor where it is not what train.py writes.
    """
    try:
        if path.stat().st_size > LARGEST:
            return {}
        found = {str(name): _read(rows) for name, rows in by_column(epochs(read_log(path))).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    shares = [share for curves in found.values() for share in curves.training + curves.validation]
    return found if all(0 <= share <= 1 for share in shares) else {}


def _read(rows: list[dict]) -> Curves:
    return Curves(
        tuple(float(row["accuracy"]) for row in rows),
        tuple(float(row["val_accuracy"]) for row in rows),
    )


def draw(curves: Curves) -> str:
    """The two curves with their axes as an inline SVG; its colours come from the style sheet."""
    lines = _lines(curves)
    said = f"from {_percent(curves.validation[0])} to {_percent(curves.validation[-1])}"
    count = len(curves.validation)
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Validation '
        f'accuracy over {count} epochs, {said}">{_rows(lines)}{_columns(count)}'
        f"{_curve('training', curves.training, lines)}"
        f"{_curve('validation', curves.validation, lines)}</svg>"
    )


def _lines(curves: Curves) -> list[float]:
    """The lines from the one above all errors to the one below."""
    errors = [1 - share for share in curves.training + curves.validation]
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


def _curve(name: str, shares: Sequence[float], lines: Sequence[float]) -> str:
    points = [
        (_across(number, len(shares)), _down(1 - share, lines))
        for number, share in enumerate(shares, 1)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<polyline class="{name}" points="{path}"/>'
        f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
