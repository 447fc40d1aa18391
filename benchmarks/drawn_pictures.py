"""Measure networks on what our own code draws: accuracy on digits, refusal of everything else.

    python -m benchmarks.drawn_pictures [CHECKPOINT …] [--count 500] [--seed 1000000]

Without a checkpoint the bundled network is measured. Recipes draw their training images with small
seeds, so that the default seed gives other pictures. Digits count as read if the best guess is
right, accepted or not; everything is accepted or refused at the checkpoint's thresholds.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from digit_model import pretrained
from digit_model.recogniser import Recogniser
from digit_model.synthesis.digits import DIGIT_KINDS, as_tile, random_pen
from digit_model.synthesis.outliers import OUTLIERS
from digit_model.synthesis.pen import HANDWRITING, TYPE, Style, draw, write
from digit_model.synthesis.skeletons import Skeleton, load_skeletons

# Shapes that every network reads this well are left out of the table.
_EASY = 0.98

Draw = Callable[[np.random.Generator], np.ndarray]


def main() -> int:
    options = _options()
    recognisers = [pretrained.load_from(str(path)).recogniser for path in options.checkpoints]
    if not recognisers:
        recognisers = [pretrained.load().recogniser]
    names = [path.name for path in options.checkpoints] or ["bundled"]
    rng = np.random.default_rng(options.seed)
    print(f"| digits | {' | '.join(f'{name}: read, accepted' for name in names)} |")
    print("|---" * (1 + len(names)) + "|")
    for kind in DIGIT_KINDS:
        labels = np.arange(options.count) % 10
        tiles = np.array([kind(label, rng) for label in labels.tolist()])
        cells = [_read(recogniser, tiles, labels) for recogniser in recognisers]
        print(f"| {_title(kind)} | {' | '.join(f'{r:.1%}, {a:.1%}' for r, a in cells)} |")
    for name, label, drawing in _shapes():
        tiles = np.array([drawing(rng) for _ in range(options.count)])
        cells = [_read(recogniser, tiles, label) for recogniser in recognisers]
        if min(read for read, _ in cells) < _EASY:
            print(f"| {name} | {' | '.join(f'{r:.1%}, {a:.1%}' for r, a in cells)} |", flush=True)
    print(f"\n| to be refused | {' | '.join(f'{name}: refused' for name in names)} |")
    print("|---" * (1 + len(names)) + "|")
    for outlier in OUTLIERS:
        tiles = np.array([outlier(rng) for _ in range(options.count)])
        refused = [1 - _read(recogniser, tiles, 0)[1] for recogniser in recognisers]
        print(f"| {_title(outlier)} | {' | '.join(f'{share:.1%}' for share in refused)} |")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="*", metavar="CHECKPOINT")
    parser.add_argument("--count", type=int, default=500, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=1_000_000)
    return parser.parse_args()


def _shapes() -> Iterator[tuple[str, int, Draw]]:
    """Yield the name, the label and a drawing function of every digit skeleton."""
    skeletons = load_skeletons()
    for label, shapes in skeletons.digits.items():
        for name, skeleton in shapes.skeletons.items():
            yield f"{label}, {name}", label, partial(_draw, skeleton, shapes.aspects, HANDWRITING)
    for label, shapes in skeletons.printed.items():
        for name, skeleton in shapes.skeletons.items():
            yield f"printed {label}, {name}", label, partial(_draw, skeleton, shapes.aspects, TYPE)


def _draw(skeleton: Skeleton, aspects, style: Style, rng: np.random.Generator) -> np.ndarray:
    return as_tile(draw(write(skeleton, aspects, rng, style), random_pen(rng), rng))


def _read(recogniser: Recogniser, tiles: np.ndarray, labels) -> tuple[float, float]:
    """Return which share of (n, 28, 28) uint8 tiles is read as labels, and which is accepted."""
    # Each in a row of its own: a digit in a number is judged with its neighbours.
    reading = recogniser.read_tiles(tiles.astype(np.float32) / 255, range(len(tiles)))
    read = np.array([digit.label for digit in reading.digits]) == labels
    return float(read.mean()), float(np.mean([digit.accepted for digit in reading.digits]))


def _title(draw_kind: Callable) -> str:
    return draw_kind.__name__.strip("_").replace("_", " ")


if __name__ == "__main__":
    sys.exit(main())
