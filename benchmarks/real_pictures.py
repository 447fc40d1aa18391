#!/usr/bin/env python3
"""Top-1 accuracy on real pictures, beside the naive pipeline with the same network.

    python benchmarks/real_pictures.py [--data ../shared/data/real] [--model CHECKPOINT]

The sets are described in the data folder's README. Naive is what most demos do: grey, resize to
28x28, invert if light. With --failures DIR a contact sheet of the misread pictures of each set is
written: the picture, the tile the network saw, what it said and the truth.
"""

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parents[1]))

from digit_model import pretrained
from digit_model.arrays import Reading
from digit_model.picture.decode import decode
from digit_model.recogniser import Recogniser

HOME = Path(__file__).parents[2] / "shared" / "data" / "real"
CANVAS, RADIUS = 280, 11
BATCH = 64


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures (paths or arrays) with the text in them; ``one`` when each holds one digit."""

    name: str
    pictures: list
    texts: list[str]
    one: bool = True


def main() -> int:
    options = _options()
    chosen = pretrained.load_from(options.model) if options.model else pretrained.load()
    print(f"Model: {chosen.source}\n")
    print("| set | pictures | ours | naive | accepted of the right ones |\n|---|---|---|---|---|")
    for pictures in _labelled_sets(options.data):
        readings = list(_read(chosen.recogniser, pictures))
        print(_row(chosen.recogniser, pictures, readings), flush=True)
        if options.failures:
            _draw_failures(pictures, readings, options.failures)
    print("\n| to be refused | pictures | refused |\n|---|---|---|")
    for strange in _strange_sets(options.data):
        readings = list(_read(chosen.recogniser, strange))
        refused = np.mean([not isinstance(r, Reading) or r.text == "" for r in readings])
        print(f"| {strange.name} | {len(readings)} | {refused:.1%} |", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HOME, help="the folder of real pictures")
    parser.add_argument("--model", help="a checkpoint folder, instead of the one that is served")
    parser.add_argument("--failures", type=Path, help="write contact sheets of the misread here")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"there is no folder {options.data}; --data names it")
    return options


def _labelled_sets(home: Path) -> Iterator[PictureSet]:
    photos = sorted(home.glob("photos/*/*.jpg"))
    yield PictureSet("phone photos", photos, [path.parent.name for path in photos])
    yield _arrays("scanned forms", home / "forms.npz")
    yield _tablet(home / "tablet_strokes.json.gz")
    yield _arrays("USPS test", home / "usps_test.npz")
    yield _arrays("Semeion", home / "semeion.npz")
    yield _arrays("Optdigits", home / "optdigits.npz")
    with (home / "strings" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    paths = [home / "strings" / "images" / row["file"] for row in rows]
    yield PictureSet("cheque amounts, exact", paths, [row["label"] for row in rows], one=False)


def _arrays(name: str, path: Path) -> PictureSet:
    with np.load(path) as arrays:
        return PictureSet(name, list(arrays["x"]), [str(label) for label in arrays["y"]])


def _tablet(path: Path) -> PictureSet:
    with gzip.open(path, "rt") as file:
        samples = json.load(file)
    pictures = [_draw_strokes(sample["strokes"]) for sample in samples]
    return PictureSet("tablet strokes", pictures, [str(sample["label"]) for sample in samples])


def _draw_strokes(strokes: list) -> np.ndarray:
    """A 500x500 drawing on the page's 280-pixel canvas with the page's pen."""
    canvas = Image.new("L", (CANVAS, CANVAS), 255)
    draw = ImageDraw.Draw(canvas)
    for stroke in strokes:
        points = [(x * CANVAS / 500, y * CANVAS / 500) for x, y in stroke]
        draw.line(points, fill=0, width=2 * RADIUS)
        for x, y in points:
            draw.ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), fill=0)
    return np.asarray(canvas)


def _strange_sets(home: Path) -> Iterator[PictureSet]:
    """Pictures of no digit, each read as one mark."""
    for name in ("letters", "fashion", "cifar"):
        with np.load(home / f"{name}.npz") as arrays:
            yield PictureSet(name, list(arrays["x"]), [""] * len(arrays["x"]))
    noise = np.random.default_rng(0)
    yield PictureSet("noise", list(noise.integers(0, 256, (300, 28, 28), np.uint8)), [""] * 300)


def _read(recogniser: Recogniser, pictures: PictureSet) -> Iterator:
    for start in range(0, len(pictures.pictures), BATCH):
        yield from recogniser.read_all(pictures.pictures[start : start + BATCH], one=pictures.one)


def _row(recogniser: Recogniser, pictures: PictureSet, readings: list) -> str:
    right = [_said(r, pictures.one) == t for r, t in zip(readings, pictures.texts, strict=True)]
    ours = np.mean(right)
    accepted = np.mean(
        [all(d.accepted for d in r.digits) for r, good in zip(readings, right, strict=True) if good]
    )
    naive = "–"
    if pictures.one:
        tiles = np.stack([_naive_tile(picture) for picture in pictures.pictures])
        answers = recogniser.classify(tiles).argmax(axis=1)
        naive = f"{np.mean(answers == np.array(pictures.texts, int)):.1%}"
    return f"| {pictures.name} | {len(right)} | {ours:.1%} | {naive} | {accepted:.1%} |"


def _said(reading, one: bool) -> str:
    if not isinstance(reading, Reading):
        return ""
    return str(reading.digits[0].digit) if one else reading.text


def _naive_tile(source) -> np.ndarray:
    grey = Image.fromarray(decode(source)).convert("L").resize((28, 28))
    tile = np.asarray(grey, np.float32) / 255
    return 1 - tile if tile.mean() > 0.5 else tile


def _draw_failures(pictures: PictureSet, readings: list, folder: Path, most: int = 120) -> None:
    """A sheet of the first misread pictures, each over its tile(s), what was said and the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong = [
        (picture, reading, text)
        for picture, reading, text in zip(pictures.pictures, readings, pictures.texts, strict=True)
        if _said(reading, pictures.one) != text
    ][:most]
    side, columns = 112, 12
    rows = -(-len(wrong) // columns)
    sheet = Image.new("RGB", (columns * side, max(1, rows) * 2 * side), "white")
    for number, (picture, reading, text) in enumerate(wrong):
        left, top = number % columns * side, number // columns * 2 * side
        thumbnail = Image.fromarray(decode(picture))
        thumbnail.thumbnail((side - 4, side - 4))
        sheet.paste(thumbnail, (left, top))
        if isinstance(reading, Reading) and reading.digits:
            tiles = np.concatenate([digit.tile for digit in reading.digits], axis=1)
            seen = Image.fromarray((255 * tiles).astype(np.uint8))
            seen.thumbnail((side - 4, side - 24))
            sheet.paste(seen.resize((seen.width, seen.height)), (left, top + side))
        caption = f"{_said(reading, pictures.one) or '-'} is {text}"
        ImageDraw.Draw(sheet).text((left, top + 2 * side - 20), caption, fill="red")
    sheet.save(folder / f"{pictures.name.split(',')[0].replace(' ', '_')}.png")


if __name__ == "__main__":
    sys.exit(main())
