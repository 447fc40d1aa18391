#!/usr/bin/env python3
"""Time each stage of a reading on one core: of a sketch, and of a photo of 12 megapixels.

    python benchmarks/stages.py [--repetitions N]

Prints the median milliseconds of processor time as a table; with one core this is what the clock
shows on an idle machine. Both pictures are drawn here.
"""

import argparse
import io
import os
import sys
import time

# The thread pools of numpy and jax are made at import, for the cores there are then.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
from PIL import Image

from digit_model import pretrained
from digit_model.arrays import Digit
from digit_model.picture.decode import decode
from digit_model.picture.ink import find_ink
from digit_model.picture.normalise import normalise
from digit_model.picture.segment import single_digit
from digit_model.recogniser import Recogniser
from digit_model.synthesis.pen import draw, write
from digit_model.synthesis.skeletons import load_skeletons

STAGES = ("decode", "ink", "segment", "normalise", "classify", "explain")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=25, help="(%(default)s)")
    repetitions = parser.parse_args().repetitions
    recogniser = pretrained.load({}).recogniser
    print(f"| | {' | '.join(STAGES)} | sum |")
    print("|---" * (len(STAGES) + 2) + "|")
    for name, file in (("sketch, 280×280 PNG", sketch()), ("photo, 4000×3000 JPEG", photo())):
        times = np.array([time_stages(recogniser, file) for _ in range(repetitions)])
        medians = [*np.median(times, axis=0), np.median(times.sum(axis=1))]
        print(f"| {name} | {' | '.join(f'{1000 * seconds:.1f}' for seconds in medians)} |")
    return 0


def sketch() -> bytes:
    """Draw a digit on the page's canvas, as PNG."""
    canvas = np.full((280, 280), 255, np.uint8)
    canvas[40:240, 40:240][digit(200)] = 0
    return encoded(canvas, "PNG")


def photo() -> bytes:
    """Draw a blue digit on paper in uneven light, with a camera's noise, as JPEG."""
    rng = np.random.default_rng(0)
    height, width = 3000, 4000
    paper = np.tile(np.array([235, 225, 205], np.float32), (height, width, 1))
    paper[900:2100, 1400:2600][digit(1200)] = (50, 60, 120)
    light = np.linspace(0.6, 1, width) * np.linspace(1, 0.85, height)[:, None]
    noisy = paper * light[..., None] + rng.normal(0, 4, (height, width, 1))
    return encoded(noisy.clip(0, 255).astype(np.uint8), "JPEG")


def digit(side: int) -> np.ndarray:
    """Return the mask of a 3, (side, side) bool."""
    rng = np.random.default_rng(0)
    shapes = load_skeletons().digits[3]
    ink = draw(write(next(iter(shapes.skeletons.values())), shapes.aspects, rng), 3, rng)
    return np.asarray(Image.fromarray(ink).resize((side, side))) > 0.5


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=90)
    return file.getvalue()


def time_stages(recogniser: Recogniser, file: bytes) -> list[float]:
    """Return the seconds that each of STAGES takes in reading the one digit of a file."""
    clock = [time.process_time()]

    def timed(result):
        clock.append(time.process_time())
        return result

    ink = timed(find_ink(timed(decode(file))))
    glyph = timed(single_digit(ink))
    tile, placement = timed(normalise(glyph.ink))
    logits = timed(recogniser.predict_logits(tile[None]))
    timed(
        recogniser.heatmap(Digit(tile, placement, glyph.box, glyph.row, logits[0], accepted=True))
    )
    return np.diff(clock).tolist()


if __name__ == "__main__":
    sys.exit(main())
