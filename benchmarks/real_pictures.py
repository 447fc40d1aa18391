#!/usr/bin/env python3
"""Top-1 accuracy on real pictures, beside the naive pipeline with the same network.

    python benchmarks/real_pictures.py [--data ../shared/data/real] [--model CHECKPOINT]
                                       [--previous CHECKPOINT] [--failures DIR]

The sets are described in the data folder's README. Naive is what most demos do: grey, resize to
28x28, invert if light. Previous is another checkpoint on the same tiles, such as an earlier
commit's: git archive COMMIT digit_model/bundled | tar x -C DIR. What is no digit is
read as one digit, as the others are, and as rows, as the page and the command line read pictures.

A second table reads whole pictures as the page does: scenes (the photos on sheets in a webcam's
view, drawn by ../shared/tools/scenes.py), pictures that other projects ship, and cheques. Exact
means that the accepted digits are the text; accepted and wrong, that they are another text.

With --failures DIR a contact sheet of the misread pictures of each set is written: the picture, the
tile that the network saw, what it said and the truth.
"""

import argparse
import csv
import gzip
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
from scipy import interpolate

from digit_model import pretrained
from digit_model.acceptance import accept, to_probabilities
from digit_model.arrays import TILE_SIZE, Reading
from digit_model.errors import NoInk
from digit_model.metrics import expected_calibration_error
from digit_model.picture.decode import decode
from digit_model.picture.ink import find_ink
from digit_model.picture.normalise import normalise
from digit_model.picture.segment import single_digit
from digit_model.recogniser import Recogniser

HOME = Path(__file__).parents[2] / "shared" / "data" / "real"
MNIST = HOME.parent / "mnist.npz"
CANVAS, RADIUS = 280, 11
MADE = 300
READ_TOGETHER = 16
BLANK = np.zeros((TILE_SIZE, TILE_SIZE), np.float32)
SCENES_TOOL = HOME.parents[1] / "tools" / "scenes.py"
# Folders of pictures of seven-segment displays; the pictures of others' own tests by kind.
DISPLAYS = ("lcd", "chumo")
WILD_SETS = (
    ("wild singles", "single", False),
    ("wild singles as one digit", "single", True),
    ("wild rows", "row", False),
    ("wild displays", "display", False),
    ("wild, nothing to read", "nothing", False),
)
THUMBNAIL, SHEET_COLUMNS, SHEET_MOST = 112, 12, 120


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures (paths or arrays) with the text in them; ``one`` when each holds one digit."""

    name: str
    pictures: list
    texts: list[str]
    one: bool = True


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer to one picture: (10,) probabilities and the tile of each digit."""

    text: str
    probabilities: np.ndarray
    accepted: bool
    tiles: np.ndarray

    @property
    def confidence(self) -> float:
        return float(self.probabilities.max(axis=1).min())


def main() -> int:
    options = _options()
    served = pretrained.load_from(options.model) if options.model else pretrained.load()
    networks = [served.recogniser]
    if options.previous:
        networks.append(pretrained.load_from(options.previous).recogniser)
    print(f"Model: {served.source}\n")
    print("| set | pictures | ours | previous | naive | ECE | accepted of the right ones |")
    print("|---" * 7 + "|")
    # Spawned, for JAX's threads do not survive a fork.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        record: dict = {"sha256": served.checkpoint.sha256}
        for pictures in labelled_sets(options.data):
            record[pictures.name] = _report(pictures, networks, pool, options.failures)
        print("\n| whole pictures | pictures | exact | accepted and wrong |\n|---|---|---|---|")
        with tempfile.TemporaryDirectory() as folder:
            for pictures in page_sets(options.data, Path(folder), options.scenes_seed):
                record[pictures.name] = _report_page(pictures, networks[0], options.failures)
        if options.json:
            options.json.write_text(json.dumps(record, indent=2) + "\n")
        print("\n| to be refused | pictures | as one digit | as rows |\n|---|---|---|---|")
        for name, strange in _strange_sets(options.data):
            answers = _answers(served.recogniser, list(pool.map(tile_of, strange, chunksize=32)))
            rows = _number_answers(served.recogniser, strange)
            refused = (1 - _accepted(answers), np.mean([not answer.text for answer in rows]))
            cells = " | ".join(f"{share:.1%}" for share in refused)
            print(f"| {name} | {len(strange)} | {cells} |", flush=True)
    if MNIST.exists():
        tiles = list(mnist_test()[0].astype(np.float32) / 255)
        share = _accepted(_answers(served.recogniser, tiles))
        print(f"\nOf MNIST's test images {share:.2%} are accepted.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HOME, help="the folder of real pictures")
    parser.add_argument("--model", help="a checkpoint folder, instead of the one that is served")
    parser.add_argument("--previous", help="a checkpoint folder to compare with")
    parser.add_argument("--failures", type=Path, help="write contact sheets of the misread here")
    parser.add_argument(
        "--json", type=Path, help="write the scores here, for push_to_hub.py --real"
    )
    parser.add_argument("--scenes-seed", type=int, default=0, help="of the scenes (%(default)s)")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"there is no folder {options.data}; --data names it")
    return options


def labelled_sets(home: Path) -> Iterator[PictureSet]:
    photos = sorted(home.glob("photos/*/*.jpg"))
    yield PictureSet("phone photos", photos, [path.parent.name for path in photos])
    yield _arrays("scanned forms", home / "forms.npz")
    yield _tablet(home / "tablet_strokes.json.gz")
    yield _arrays("USPS test", home / "usps_test.npz")
    yield _arrays("Semeion", home / "semeion.npz")
    yield _arrays("Optdigits", home / "optdigits.npz")
    cheques = _read_labels(home / "strings" / "labels.csv", home / "strings" / "images")
    yield PictureSet("cheque amounts, exact", *cheques, one=False)


def page_sets(home: Path, folder: Path, seed: int) -> Iterator[PictureSet]:
    """Yield sets of whole pictures; scenes are drawn into the folder where their tool exists."""
    if SCENES_TOOL.exists():
        command: list[str | Path] = [
            sys.executable,
            SCENES_TOOL,
            home / "photos",
            folder,
            "--seed",
            str(seed),
        ]
        subprocess.run(command, check=True)
        yield PictureSet("scenes", *_read_labels(folder / "labels.csv", folder), one=False)
    paths, labels = _read_labels(home / "wild" / "labels.csv", home / "wild")
    kinds = [_wild_kind(path, label) for path, label in zip(paths, labels, strict=True)]
    for name, kind, one in WILD_SETS:
        chosen = [place for place, own in enumerate(kinds) if own == kind]
        texts = [labels[place].replace("|", "") for place in chosen]
        yield PictureSet(name, [paths[place] for place in chosen], texts, one)
    cheques = _read_labels(home / "strings" / "labels.csv", home / "strings" / "images")
    yield PictureSet("cheques", *cheques, one=False)


def _wild_kind(path: Path, label: str) -> str:
    if len(label) <= 1:
        return "single" if label else "nothing"
    return "display" if path.parent.name in DISPLAYS else "row"


def _read_labels(table: Path, folder: Path) -> tuple[list[Path], list[str]]:
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [folder / row["file"] for row in rows], [row["label"] for row in rows]


def _arrays(name: str, path: Path) -> PictureSet:
    with np.load(path) as arrays:
        return PictureSet(name, list(arrays["x"]), [str(label) for label in arrays["y"]])


def _tablet(path: Path) -> PictureSet:
    with gzip.open(path, "rt") as file:
        samples = json.load(file)
    strokes = [[np.array(line) * CANVAS / 500 for line in sample["strokes"]] for sample in samples]
    labels = [str(sample["label"]) for sample in samples]
    return PictureSet("tablet strokes", [_draw(lines) for lines in strokes], labels)


def _draw(strokes: list[np.ndarray]) -> np.ndarray:
    """Strokes, each (n, 2) in pixels, on the page's canvas with the page's pen."""
    canvas = Image.new("L", (CANVAS, CANVAS), 255)
    draw = ImageDraw.Draw(canvas)
    for stroke in strokes:
        draw.line(stroke.ravel().tolist(), fill=0, width=2 * RADIUS)
        for x, y in stroke.tolist():
            draw.ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), fill=0)
    return np.asarray(canvas)


def _strange_sets(home: Path) -> Iterator[tuple[str, list]]:
    """Pictures of no digit. What is made here shares no code with what the network learns from."""
    for name in ("letters", "fashion", "cifar"):
        with np.load(home / f"{name}.npz") as arrays:
            yield name, list(arrays["x"])
    rng = np.random.default_rng(0)
    yield "noise", list(rng.integers(0, 256, (MADE, 28, 28), np.uint8))
    yield "blank pictures", [_blank(rng) for _ in range(MADE)]
    yield "scribbles", [_scribble(rng) for _ in range(MADE)]
    yield "closed polygons", [_polygon(rng) for _ in range(MADE)]
    if MNIST.exists():
        yield "two digits overlaid", _overlaid(rng)


def _blank(rng: np.random.Generator) -> np.ndarray:
    """Paper of any brightness in uneven light, with up to three grey levels of noise."""
    y, x = np.mgrid[0:1:280j, 0:1:280j]
    light = 1 - rng.uniform(0, 0.3) * x - rng.uniform(0, 0.3) * y
    noise = rng.normal(0, rng.uniform(0, 3), light.shape)
    return (rng.uniform(60, 255) * light + noise).clip(0, 255).astype(np.uint8)


def _scribble(rng: np.random.Generator) -> np.ndarray:
    """One smooth line with many turns."""
    corners = rng.uniform(40, CANVAS - 40, (rng.integers(12, 25), 2))
    curve = interpolate.CubicSpline(np.arange(len(corners)), corners)
    return _draw([curve(np.linspace(0, len(corners) - 1, 20 * len(corners))).clip(0, CANVAS)])


def _polygon(rng: np.random.Generator) -> np.ndarray:
    """Draw a closed, slightly uneven triangle, box, diamond or pentagon."""
    count = int(rng.integers(3, 6))
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(count + 1) / count
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(50, 110, 2)
    corners[:-1] += rng.normal(0, 4, (count, 2))
    corners[-1] = corners[0]
    return _draw([corners + CANVAS / 2])


def _overlaid(rng: np.random.Generator) -> list[np.ndarray]:
    images, labels = mnist_test()
    pairs = rng.integers(0, len(images), (2 * MADE, 2))
    pairs = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]][:MADE]
    return [np.maximum(images[a], images[b]) for a, b in pairs]


def mnist_test() -> tuple[np.ndarray, np.ndarray]:
    with np.load(MNIST) as arrays:
        return arrays["x_test"], arrays["y_test"]


def tile_of(picture) -> np.ndarray:
    """Return the tile of a picture of one digit, as a recogniser makes it; BLANK without ink."""
    try:
        return normalise(single_digit(find_ink(decode(picture))).ink)[0]
    except NoInk:
        return BLANK


def _naive_tile(picture) -> np.ndarray:
    grey = Image.fromarray(decode(picture)).convert("L").resize((TILE_SIZE, TILE_SIZE))
    tile = np.asarray(grey, np.float32) / 255
    return 1 - tile if tile.mean() > 0.5 else tile


def _report(
    pictures: PictureSet, networks: list[Recogniser], pool: Executor, failures: Path | None
) -> dict:
    """Print the row of a set, draw its contact sheet, and return its score."""
    naive = ece = "–"
    if pictures.one:
        tiles = list(pool.map(tile_of, pictures.pictures, chunksize=32))
        answers, *before = [_answers(network, tiles) for network in networks]
        tiles = list(pool.map(_naive_tile, pictures.pictures, chunksize=32))
        naive = _share(_answers(networks[0], tiles), pictures)
        probabilities = np.concatenate([answer.probabilities for answer in answers])
        ece = f"{expected_calibration_error(probabilities, np.array(pictures.texts, int)):.3f}"
    else:
        answers, *before = [_number_answers(network, pictures.pictures) for network in networks]
    previous = _share(before[0], pictures) if before else "–"
    right = [a for a, text in zip(answers, pictures.texts, strict=True) if a.text == text]
    cells = (_share(answers, pictures), previous, naive, ece, f"{_accepted(right):.1%}")
    print(f"| {pictures.name} | {len(answers)} | {' | '.join(cells)} |", flush=True)
    if failures:
        _draw_failures(pictures, answers, failures)
    return {"pictures": len(answers), "accuracy": len(right) / len(answers)}


def _report_page(pictures: PictureSet, recogniser: Recogniser, failures: Path | None) -> dict:
    """Print the row of a set of whole pictures, draw its contact sheet, and return its score."""
    answers = _number_answers(recogniser, pictures.pictures, one=pictures.one)
    pairs = list(zip(answers, pictures.texts, strict=True))
    exact = np.mean([answer.text == text for answer, text in pairs])
    wrong = np.mean(
        [
            answer.text not in ("", text) and (answer.accepted or not pictures.one)
            for answer, text in pairs
        ]
    )
    print(f"| {pictures.name} | {len(pairs)} | {exact:.1%} | {wrong:.1%} |", flush=True)
    if failures:
        _draw_failures(pictures, answers, failures)
    return {"pictures": len(pairs), "accuracy": float(exact)}


def _share(answers: list[Answer], pictures: PictureSet) -> str:
    """Return the share of right answers."""
    right = [answer.text == text for answer, text in zip(answers, pictures.texts, strict=True)]
    return f"{np.mean(right):.1%}"


def _accepted(answers: list[Answer]) -> float:
    return float(np.mean([answer.accepted for answer in answers]))


def _answers(recogniser: Recogniser, tiles: list[np.ndarray]) -> list[Answer]:
    """Return the answers to tiles, accepted by the calibration; BLANK has no answer."""
    logits = recogniser.predict_logits(np.array(tiles))
    probabilities = to_probabilities(logits, recogniser.calibration.temperature)
    accepted = accept(logits, recogniser.calibration)
    return [
        Answer(str(p.argmax()) if tile.any() else "", p[None], bool(yes and tile.any()), tile[None])
        for p, yes, tile in zip(probabilities, accepted, tiles, strict=True)
    ]


def _number_answers(recogniser: Recogniser, pictures: list, *, one: bool = False) -> list[Answer]:
    """Return the readings of whole pictures; a single digit's text is its likeliest label."""
    return [
        Answer(
            str(reading.digits[0].label) if one else reading.text.replace("\n", ""),
            np.array([digit.probabilities for digit in reading.digits]),
            all(digit.accepted for digit in reading.digits),
            np.array([digit.tile for digit in reading.digits]),
        )
        if isinstance(reading, Reading) and reading.digits
        else Answer("", np.full((1, 10), 0.1), False, BLANK[None])
        for start in range(0, len(pictures), READ_TOGETHER)
        for reading in recogniser.read_all(pictures[start : start + READ_TOGETHER], one=one)
    ]


def _draw_failures(pictures: PictureSet, answers: list[Answer], folder: Path) -> None:
    """Draw a sheet of misread pictures over their tiles, by true text, most confident first."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = zip(pictures.pictures, pictures.texts, answers, strict=True)
    wrong = sorted(
        (case for case in cases if case[2].text != case[1]), key=lambda case: -case[2].confidence
    )
    wrong = sorted(wrong[:SHEET_MOST], key=lambda case: case[1])
    width, height = THUMBNAIL + 8, 2 * THUMBNAIL + 44
    rows = max(1, -(-len(wrong) // SHEET_COLUMNS))
    sheet = Image.new("RGB", (SHEET_COLUMNS * width, rows * height), "lightgrey")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (picture, text, answer) in enumerate(wrong):
        left, top = number % SHEET_COLUMNS * width + 4, number // SHEET_COLUMNS * height
        said = f"{answer.text or 'nothing'} {answer.confidence:.0%}"
        draw.text((left, top + 2), f"{text} read as\n{said}", "darkred", font)
        seen = (255 * np.concatenate(answer.tiles, axis=1)).astype(np.uint8)
        sheet.paste(_thumbnail(decode(picture)), (left, top + 36))
        sheet.paste(_thumbnail(seen), (left, top + THUMBNAIL + 40))
    sheet.save(folder / f"{pictures.name.split(',')[0].replace(' ', '_')}.png")


def _thumbnail(pixels: np.ndarray) -> Image.Image:
    size = (THUMBNAIL, THUMBNAIL)
    return ImageOps.contain(Image.fromarray(pixels), size, Image.Resampling.BOX)


if __name__ == "__main__":
    sys.exit(main())
