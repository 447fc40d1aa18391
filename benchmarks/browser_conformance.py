"""Read the same pictures in Python and in the static page's JavaScript, and compare.

    python -m benchmarks.browser_conformance [--count 2000] [--seed 0] [--data ../shared/data/real]

The pictures are drawn by our own code: sketches, numbers, photo-like pictures and letters. Needs
Node. With --data the photos of a folder of real pictures are compared, too.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from digit_model import pretrained
from digit_model.arrays import Picture, Reading
from digit_model.errors import DigitError
from digit_model.export import export
from digit_model.picture.decode import decode
from digit_model.recogniser import Recogniser
from digit_model.synthesis.digits import random_pen, write_digit
from digit_model.synthesis.example_pictures import board, letter, photo, rows, scan
from digit_model.synthesis.pen import draw, write
from digit_model.synthesis.sheets import draw_scene
from digit_model.synthesis.skeletons import load_skeletons

ROOT = Path(__file__).parents[1]
READER = Path(__file__).with_name("read_in_node.mjs")
PAD = 280
# Grey levels of a tile that may differ.
SAME_TILE = 2.05
SAME_LOGIT = 0.002


@dataclass(frozen=True)
class Agreement:
    """The shares of equal pictures and tiles, and the largest difference of logits."""

    pictures: int
    text: float
    acceptance: float
    tiles: float
    logits: float
    milliseconds: float
    different: tuple[int, ...]


def draw_pictures(count: int, seed: int) -> Iterator[tuple[str, Picture]]:
    """Yield the kinds and the pictures of a mix: sketches, numbers, photos, letters, scenes."""
    rng = np.random.default_rng(seed)
    kinds = list(_KINDS.items())
    for number in range(count):
        name, draw_one = kinds[number % len(kinds)]
        yield name, draw_one(rng)


def _sketch(rng: np.random.Generator) -> Picture:
    """Draw one digit on the pad."""
    return _on_pad([_ink_of(int(rng.integers(10)), rng.uniform(80, 250), rng)], rng)


def _number(rng: np.random.Generator) -> Picture:
    """Draw two to five digits on the pad, some of which touch."""
    height = rng.uniform(60, 130)
    digits = rng.integers(0, 10, rng.integers(2, 6)).tolist()
    return _on_pad([_ink_of(digit, height * rng.uniform(0.9, 1.1), rng) for digit in digits], rng)


def _letter(rng: np.random.Generator) -> Picture:
    """Draw a letter or sign on the pad."""
    signs = load_skeletons().signs
    name = str(rng.choice(sorted(signs)))
    ink = draw(write(signs[name], (0.6, 1.05), rng), random_pen(rng), rng)
    return _on_pad([_scaled(ink, rng.uniform(80, 250))], rng)


def _photo(rng: np.random.Generator) -> Picture:
    kind = (photo, scan, rows, board, letter)[rng.integers(5)]
    return np.asarray(kind(rng).convert("RGB"))


def _scene(rng: np.random.Generator) -> Picture:
    return draw_scene(rng).picture


_KINDS: dict[str, Callable[[np.random.Generator], Picture]] = {
    "sketch": _sketch,
    "number": _number,
    "photo-like": _photo,
    "letter": _letter,
    "scene": _scene,
}


def _ink_of(digit: int, height: float, rng: np.random.Generator) -> np.ndarray:
    return _scaled(draw(write_digit(digit, rng), rng.uniform(1.2, 3), rng), height)


def _scaled(ink: np.ndarray, longest: float) -> np.ndarray:
    factor = longest / max(ink.shape)
    size = [max(1, round(side * factor)) for side in ink.shape[::-1]]
    return np.clip(np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC)), 0, 1)


def _on_pad(inks: Sequence[np.ndarray], rng: np.random.Generator) -> Picture:
    """Set inks side by side, from -4 to 20 pixels apart, black on a white pad."""
    gaps = rng.integers(-4, 21, len(inks))
    width = max(PAD, sum(ink.shape[1] for ink in inks) + int(gaps.sum()) + 60)
    canvas = np.zeros((PAD, width), np.float32)
    left = int(rng.integers(5, 30))
    for ink, gap in zip(inks, gaps.tolist(), strict=True):
        top = int(rng.integers(2, PAD - ink.shape[0] - 1))
        top = min(top, PAD // 2) if len(inks) > 1 else top
        left = max(0, left)
        target = canvas[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(target, ink[: target.shape[0], : target.shape[1]], out=target)
        left += ink.shape[1] + gap
    grey = np.rint(255 * (1 - canvas)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def make_site(folder: Path) -> None:
    """Put the static page's modules and the exported network into a folder."""
    chosen = pretrained.load()
    shutil.copytree(ROOT / "browser", folder, dirs_exist_ok=True)
    export(chosen.checkpoint, folder, chosen.source)


def compare(recogniser: Recogniser, pictures: Sequence[Picture], site: Path) -> Agreement:
    """Read pictures in Python and in Node. Raises CalledProcessError if Node fails."""
    ours = [_read(recogniser, picture) for picture in pictures]
    tiles = np.array([digit.tile for reading in ours if reading for digit in reading.digits])
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _write_pictures(folder, pictures)
        (folder / "tiles.bin").write_bytes(tiles.astype("<f4").tobytes())
        ended = subprocess.run(
            ["node", READER, site, folder], capture_output=True, check=True, text=True
        )
    theirs = json.loads(ended.stdout)
    return _agreement(recogniser, ours, theirs, tiles)


def _read(recogniser: Recogniser, picture: Picture) -> Reading | None:
    try:
        return recogniser.read(picture)
    except DigitError:
        return None


def _write_pictures(folder: Path, pictures: Sequence[Picture]) -> None:
    entries = []
    for number, picture in enumerate(pictures):
        (folder / f"{number}.rgb").write_bytes(picture.tobytes())
        entries.append(
            {"file": f"{number}.rgb", "width": picture.shape[1], "height": picture.shape[0]}
        )
    (folder / "pictures.json").write_text(json.dumps(entries), encoding="utf-8")


def _agreement(
    recogniser: Recogniser, ours: list[Reading | None], theirs: dict, tiles: np.ndarray
) -> Agreement:
    pairs = list(zip(ours, theirs["readings"], strict=True))
    texts = [(own.text if own else None) == other.get("text") for own, other in pairs]
    accepted = [
        [digit.accepted for digit in own.digits] == [digit["accepted"] for digit in other["digits"]]
        for own, other in pairs
        if own
    ]
    gaps = [
        np.abs(255 * digit.tile.ravel() - other_digit["tile"]).max()
        for own, other in pairs
        if own and len(own.digits) == len(other["digits"])
        for digit, other_digit in zip(own.digits, other["digits"], strict=True)
    ]
    logits = np.reshape(theirs["logits"], (-1, 10))
    return Agreement(
        len(pairs),
        float(np.mean(texts)),
        float(np.mean(accepted)),
        float(np.mean(np.array(gaps) <= SAME_TILE)),
        float(np.abs(recogniser.predict_logits(tiles) - logits).max()),
        float(np.median([other["milliseconds"] for _, other in pairs])),
        tuple(np.flatnonzero(~np.array(texts)).tolist()),
    )


def main() -> int:
    options = _options()
    recogniser = pretrained.load().recogniser
    by_kind: dict[str, list[Picture]] = {}
    for name, picture in draw_pictures(options.count, options.seed):
        by_kind.setdefault(name, []).append(picture)
    if options.data:
        by_kind["real photos"] = [decode(path) for path in sorted(options.data.glob("photos/*/*"))]
    with TemporaryDirectory() as site:
        make_site(Path(site))
        print("| pictures | | text | acceptance | tiles | logits | ms in Node |")
        print("|---|---|---|---|---|---|---|")
        for name, pictures in by_kind.items():
            found = compare(recogniser, pictures, Path(site))
            print(
                f"| {name} | {found.pictures} | {found.text:.2%} | {found.acceptance:.2%} | "
                f"{found.tiles:.2%} | {found.logits:.4f} | {found.milliseconds:.1f} |",
                flush=True,
            )
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="pictures to draw (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="a folder of real pictures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
