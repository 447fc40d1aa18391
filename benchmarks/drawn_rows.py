"""Measure how whole pictures are read that our own code draws: rows, forms and notebooks.

    python -m benchmarks.drawn_rows [CHECKPOINT] [--count 100] [--seed 1000000]

Without a checkpoint the bundled network is measured. A picture is exact if all its digits are
accepted and right, and its rows in order.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial

import numpy as np

from digit_model import quick_start
from digit_model.errors import DigitError
from digit_model.recogniser import Recogniser
from digit_model.synthesis.forms import DrawnNumber, draw_form, draw_in_pens, draw_notebook
from digit_model.synthesis.rows import ROW_KINDS, DrawnRows, draw_rows

Draw = Callable[[np.random.Generator], DrawnRows | DrawnNumber]
KINDS: dict[str, Draw] = {
    **{f"rows: {kind}": partial(draw_rows, kind=kind) for kind in ROW_KINDS},
    "forms": draw_form,
    "notebooks": draw_notebook,
    "several pens": draw_in_pens,
}


def main() -> int:
    options = _options()
    recogniser = quick_start.load(options.checkpoint).recogniser
    print("| drawn | pictures | exact | accepted and wrong |\n|---|---|---|---|")
    for kind, draw in KINDS.items():
        rng = np.random.default_rng(options.seed)
        drawn = [draw(rng) for _ in range(options.count)]
        texts = [_text(recogniser, one) for one in drawn]
        exact = sum(text == one.text for text, one in zip(texts, drawn, strict=True))
        refused = texts.count("")
        print(f"| {kind} | {len(drawn)} | {exact} | {len(drawn) - exact - refused} |", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", nargs="?", metavar="CHECKPOINT")
    parser.add_argument("--count", type=int, default=100, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=1_000_000)
    return parser.parse_args()


def _text(recogniser: Recogniser, drawn: DrawnRows | DrawnNumber) -> str:
    try:
        return recogniser.read(drawn.picture).text
    except DigitError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
