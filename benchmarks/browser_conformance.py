"""Read the same pictures in Python and in the static page's JavaScript, and compare.

    python -m benchmarks.browser_conformance [--count 2000] [--seed 0] [--data ../shared/data/real]

The pictures are drawn by our own code: sketches, numbers, photo-like pictures, letters, scenes,
notebooks and rows that touch. Needs Chromium and Playwright. With --data the pictures of a folder
of real ones are compared, too.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from browser.site import serve
from digit_model import pretrained
from digit_model.arrays import Picture, Reading
from digit_model.errors import DigitError
from digit_model.export import export
from digit_model.picture.decode import decode
from digit_model.recogniser import Recogniser
from digit_model.synthesis.digits import random_pen, write_digit
from digit_model.synthesis.example_pictures import board, letter, photo, rows, scan
from digit_model.synthesis.forms import draw_notebook
from digit_model.synthesis.pen import draw, write
from digit_model.synthesis.rows import draw_rows
from digit_model.synthesis.sheets import draw_scene
from digit_model.synthesis.skeletons import load_skeletons

ROOT = Path(__file__).parents[1]
READER = Path(__file__).with_name("read_pictures.js")
PAD = 280
# Grey levels of a tile that may differ, rounded to a tenth.
SAME_TILE = 2.05
BATCH = 50
SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"}
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
READ_IN_CHROMIUM = """async (place) => {
  const { readPictures } = await import("/read_pictures.js");
  const load = (name) => import(`/${name}`);
  const filesOf = (folder) => async (name) => (await fetch(`${folder}/${name}`)).arrayBuffer();
  return readPictures({ load, site: filesOf(""), folder: filesOf(place) });
}"""

# Reads the pictures in a folder in JavaScript; see read_pictures.js.
ReadInJavaScript = Callable[[Path], dict]


@dataclass
class Agreement:
    """How far two readings of the same pictures agree.

    texts, acceptance: for each picture whether the text is the same, and which digits are accepted.
    tiles: the largest difference of each tile in grey levels, where both find as many digits.
    logits: the largest difference of each tile's logits, of the same tile on both sides.
    milliseconds: of each reading in JavaScript.
    """

    texts: list[bool] = field(default_factory=list)
    acceptance: list[bool] = field(default_factory=list)
    tiles: list[float] = field(default_factory=list)
    logits: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        same_tiles = np.mean(np.array(self.tiles) <= SAME_TILE)
        return (
            f"{len(self.texts)} | {np.mean(self.texts):.2%} | {np.mean(self.acceptance):.2%} | "
            f"{same_tiles:.2%} | {max(self.logits):.4f} | {np.median(self.milliseconds):.0f}"
        )


def draw_pictures(kind: str, count: int, seed: int) -> Iterator[Picture]:
    """Draw pictures of one of KINDS."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    for _ in range(count):
        yield KINDS[kind](rng)


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


def _notebook(rng: np.random.Generator) -> Picture:
    return draw_notebook(rng).picture


def _rows(kind: str, rng: np.random.Generator) -> Picture:
    return draw_rows(rng, kind).picture


KINDS: dict[str, Callable[[np.random.Generator], Picture]] = {
    "sketch": _sketch,
    "number": _number,
    "photo-like": _photo,
    "letter": _letter,
    "scene": _scene,
    "notebook": _notebook,
    "touching rows": partial(_rows, "touching rows"),
    "signed": partial(_rows, "signed"),
    "touching": partial(_rows, "touching"),
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
    shutil.copy(READER, folder)
    export(chosen.checkpoint, folder, chosen.source)


def compare(
    recogniser: Recogniser, pictures: Iterable[Picture], site: Path, read: ReadInJavaScript
) -> Agreement:
    """Read pictures in Python and in JavaScript.

    site: the folder with the modules, below which the pictures are written.
    """
    agreement = Agreement()
    rest = iter(pictures)
    while batch := list(islice(rest, BATCH)):
        ours = [_read(recogniser, picture) for picture in batch]
        tiles = np.array([digit.tile for reading in ours if reading for digit in reading.digits])
        with TemporaryDirectory(dir=site) as folder:
            _write_pictures(Path(folder), batch)
            (Path(folder) / "tiles.bin").write_bytes(tiles.astype("<f4").tobytes())
            theirs = read(Path(folder))
        for own, other in zip(ours, theirs["readings"], strict=True):
            _compare_readings(agreement, own, other)
        logits = np.reshape(theirs["logits"], (-1, 10))
        agreement.logits += np.abs(recogniser.predict_logits(tiles) - logits).max(axis=1).tolist()
    return agreement


def read_in_node(folder: Path) -> dict:
    """Read the pictures in a folder of a site in Node. Raises CalledProcessError if Node fails."""
    reader = READER.with_name("read_in_node.mjs")
    command = ["node", str(reader), str(folder.parent), str(folder)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@contextmanager
def chromium(site: Path) -> Iterator[ReadInJavaScript]:
    """Open Chromium on a site, and give a function that reads the pictures in its folders."""
    server = serve(site, 0)
    Thread(target=server.serve_forever, daemon=True).start()
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/icon.svg")
        yield lambda folder: page.evaluate(READ_IN_CHROMIUM, f"/{folder.name}")
        browser.close()
    server.shutdown()
    server.server_close()


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


def _compare_readings(agreement: Agreement, own: Reading | None, other: dict) -> None:
    digits = own.digits if own else ()
    agreement.texts.append((own.text if own else None) == other["text"])
    agreement.acceptance.append([digit.accepted for digit in digits] == other["accepted"])
    agreement.milliseconds.append(other["milliseconds"])
    if len(digits) == len(other["tiles"]):
        agreement.tiles += [
            float(np.abs(255 * digit.tile.ravel() - tile).max())
            for digit, tile in zip(digits, other["tiles"], strict=True)
        ]


def _real_sets(home: Path, most: int) -> Iterator[tuple[str, Iterator[Picture]]]:
    """Yield the names and the pictures of sets of real pictures, evenly chosen."""
    for name, pattern in (
        ("phone photos", "photos/*/*"),
        ("cheque amounts", "strings/images/*"),
        ("other projects' pictures", "wild/*/*"),
    ):
        paths = sorted(path for path in home.glob(pattern) if path.suffix.lower() in SUFFIXES)
        yield name, _decoded(paths[:: max(1, len(paths) // most)])


def _decoded(paths: Sequence[Path]) -> Iterator[Picture]:
    for path in paths:
        try:
            yield decode(path)
        except DigitError as error:
            print(f"{path.name} is left out: {error}", file=sys.stderr)


def main() -> int:
    options = _options()
    recogniser = pretrained.load().recogniser
    count = options.count // len(KINDS)
    sets = [(kind, draw_pictures(kind, count, options.seed)) for kind in KINDS]
    if options.data:
        sets += _real_sets(options.data, options.most)
    with TemporaryDirectory() as site:
        make_site(Path(site))
        with chromium(Path(site)) as read:
            print("| pictures | | text | acceptance | tiles | logits | ms in Chromium |")
            print("|---|---|---|---|---|---|---|")
            for name, pictures in sets:
                print(f"| {name} | {compare(recogniser, pictures, Path(site), read)} |", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="pictures to draw (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="a folder of real pictures")
    parser.add_argument("--most", type=int, default=300, help="of each real set (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
