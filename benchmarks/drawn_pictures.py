"""Measure networks on what our own code draws: accuracy on digits, refusal of everything else.

    python -m benchmarks.drawn_pictures [CHECKPOINT …] [--count 500] [--seed 1000000]

Without a checkpoint the bundled network is measured. Recipes draw their training images with small
seeds, so that the default seed gives other pictures. Digits count as read if the best guess is
right, accepted or not; everything is accepted or refused at the checkpoint's thresholds. Last come
pages of one writer, whose digits are read each by itself and together.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from digit_model import pretrained
from digit_model.acceptance import accept
from digit_model.data.mnist import LabelledImages
from digit_model.one_writer import read_as_one_writer
from digit_model.recogniser import Recogniser
from digit_model.synthesis.digits import DIGIT_KINDS, as_tile, random_pen
from digit_model.synthesis.outliers import OUTLIERS
from digit_model.synthesis.pen import HANDWRITING, TYPE, Style, draw, write
from digit_model.synthesis.skeletons import Skeleton, load_skeletons
from digit_model.synthesis.writer import draw_writers_digits

# Shapes that every network reads this well are left out of the table.
_EASY = 0.98
# How many digits the pages of one writer have.
PAGE_LENGTHS = (4, 12, 40, 100)

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
    titles = " | ".join(f"{name}: misread alone, together" for name in names)
    print(f"\n| digits of a writer's page | {titles} |")
    print("|---" * (1 + len(names)) + "|")
    for length in PAGE_LENGTHS:
        pages = [draw_writers_digits(rng, length) for _ in range(40 * options.count // length)]
        cells = [_misread(recogniser, pages) for recogniser in recognisers]
        print(f"| {length} | {' | '.join(f'{a:.2%}, {t:.2%}' for a, t in cells)} |", flush=True)
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
    # Not read_tiles, which judges a digit with its neighbours.
    logits = recogniser.predict_logits(tiles.astype(np.float32) / 255)
    accepted = accept(logits, recogniser.calibration)
    return float(np.mean(logits.argmax(axis=1) == labels)), float(accepted.mean())


def _misread(recogniser: Recogniser, pages: list[LabelledImages]) -> tuple[float, float]:
    """Return which share of the digits is misread: each by itself, and as one writer's pages."""
    errors = np.zeros(2)
    for page in pages:
        logits = recogniser.predict_logits(page.tiles)
        together = read_as_one_writer(logits, recogniser.calibration)
        errors += [np.mean(found.argmax(axis=1) != page.labels) for found in (logits, together)]
    alone, together = errors / len(pages)
    return float(alone), float(together)


def _title(draw_kind: Callable) -> str:
    return draw_kind.__name__.strip("_").replace("_", " ")


if __name__ == "__main__":
    sys.exit(main())
