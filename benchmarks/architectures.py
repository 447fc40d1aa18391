#!/usr/bin/env python3
"""Trains and scores every network of the family, and writes the table of docs/architectures.md.

    python benchmarks/architectures.py [--data MNIST] [--checkpoints DIR] [--only NAME ...]
                                       [--seeds N]

A recipe whose checkpoint is in the folder already is only scored; the others are trained first, by
train.py, and an interrupted training is resumed. Where ImageNet's weights cannot be downloaded a
transfer model begins with random ones, and the table says so. The most accurate network, also when
it learns from all images, and those that it teaches are trained with several seeds, in folders
NAME, NAME-1, NAME-2, ... Without --data Keras downloads MNIST.
"""

import argparse
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mnist_errors import BAD_LABELS
from real_pictures import HOME, labelled_sets, tile_of

from digit_model import checkpoint, pretrained
from digit_model.architectures import IMAGENET
from digit_model.data import mnist
from digit_model.data.mnist import LabelledImages
from digit_model.errors import DigitError
from digit_model.metrics import Scores, score
from digit_model.recogniser import Recogniser
from digit_model.training import run_state
from digit_model.training.recipes import RANDOM, RECIPES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architectures.md"
BEGIN, END = "<!-- python benchmarks/architectures.py writes this -->", "<!-- to here -->"
# What five well-known projects report on MNIST's test images; docs/architectures.md says more.
ELSEWHERE = {
    "dense-plain": "97.44–98.72 %",
    "cnn": "98.17–99.45 %",
    "mobilenetv2": "63 %",
    "resnet50": "78 %",
}
HEADINGS = (
    "recipe",
    "parameters",
    "file",
    "accuracy",
    "errors (bad labels)",
    "NLL",
    "ECE",
    "phone photos",
    "real pictures",
    "training",
    "1 tile",
    "128 tiles",
    "elsewhere",
)
REPETITIONS = 30
# Trained with several seeds: of the best networks one lucky run would say little.
ACCURATE = "ensemble"
# Rows of networks that learn from that one of the same seed, and their recipes.
TAUGHT = {f"{recipe}-taught": recipe for recipe in ("cnn-mnist", "small")}
# The row of that one when it learns from all images.
REFIT = f"{ACCURATE}-refit"
DERIVED = TAUGHT | {REFIT: ACCURATE}
ROWS = (*RECIPES, *DERIVED)


@dataclass(frozen=True)
class Run:
    """One training; checkpoints: the folder of all of them. It has its own in there."""

    name: str
    seed: int
    checkpoints: Path

    @property
    def recipe(self) -> str:
        return DERIVED.get(self.name, self.name)

    @property
    def folder(self) -> Path:
        return self.checkpoints / (f"{self.name}-{self.seed}" if self.seed else self.name)

    @property
    def title(self) -> str:
        """What the table calls it."""
        title = f"`{self.recipe}`" + (", taught" if self.name in TAUGHT else "")
        title += ", all images" if self.name == REFIT else ""
        return title + (f", seed {self.seed}" if self.seed else "")

    def train(self, data: Path | None) -> None:
        """Train by the recipe, with random weights where ImageNet's cannot be had.

        What is taught, or learns from all images, needs the checkpoint of the accurate network.
        Raises DigitError where the training fails.
        """
        recipe = ["--recipe", self.recipe, "--seed", str(self.seed)]
        accurate = str(Run(ACCURATE, self.seed, self.checkpoints).folder.resolve())
        if self.name in TAUGHT:
            recipe += ["--teacher", accurate]
        elif self.name == REFIT:
            recipe = ["--refit", accurate]
        command = [sys.executable, "train.py", *recipe, "--resume"]
        command += ["--out", str(self.folder.resolve())]
        command += ["--data", str(data.resolve())] if data else []
        attempts = [command]
        if RECIPES[self.recipe].pretrained == IMAGENET:
            attempts.append([*command, "--pretrained", RANDOM])
        # any() stops at the first that succeeds.
        if not any(subprocess.run(attempt, cwd=ROOT).returncode == 0 for attempt in attempts):
            raise DigitError(f"The training of {self.name} failed; its last lines say why.")


@dataclass(frozen=True, eq=False)
class TileSet:
    """A set of real pictures as tiles, (n, 28, 28) float32, and their digits, (n,)."""

    name: str
    tiles: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Row:
    """What the table says of one checkpoint; real: the share of each set that is read right."""

    run: Run
    parameters: int
    bytes: int
    scores: Scores
    bad_labels: int
    real: dict[str, float]
    minutes: float
    milliseconds: tuple[float, float]
    random: bool


def main() -> int:
    options = _options()
    try:
        test = mnist.load(options.data).required_test_set
        runs = [
            Run(name, seed, options.checkpoints)
            for name in options.only
            for seed in range(options.seeds if name in (ACCURATE, *DERIVED) else 1)
        ]
        for run in runs:
            if (
                run_state.is_interrupted(run.folder)
                or not (run.folder / checkpoint.CONFIG).exists()
            ):
                run.train(options.data)
        real = list(real_tiles(options.real)) if options.real.is_dir() else []
        text = table([measure(run, test, real) for run in runs])
        print(text)
        write(options.page, text)
    except DigitError as error:
        print(f"architectures.py: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="MNIST, as train.py takes it")
    parser.add_argument(
        "--checkpoints", type=Path, default=Path("checkpoints"), help="one folder a recipe"
    )
    parser.add_argument(
        "--only", nargs="+", choices=ROWS, default=list(ROWS), help="these rows alone"
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=3,
        help=f"how many trainings of {ACCURATE} and what comes from it (default: 3)",
    )
    parser.add_argument("--real", type=Path, default=HOME, help="the folder of real pictures")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write the table")
    return parser.parse_args()


def real_tiles(home: Path):
    """The sets of one digit a picture, as TileSets."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for pictures in labelled_sets(home):
            if pictures.one:
                tiles = list(pool.map(tile_of, pictures.pictures, chunksize=32))
                yield TileSet(pictures.name, np.array(tiles), np.array(pictures.texts, int))


def measure(run: Run, test: LabelledImages, real: list[TileSet]) -> Row:
    """Load a checkpoint, score it and time it."""
    served = pretrained.load_from(run.folder)
    recogniser, record = served.recogniser, served.checkpoint.record
    logits = recogniser.predict_logits(test.tiles)
    wrong = np.flatnonzero(logits.argmax(axis=1) != test.labels)
    return Row(
        run,
        parameters=served.checkpoint.model.count_params(),
        bytes=(run.folder / checkpoint.WEIGHTS).stat().st_size,
        scores=score(logits, test.labels, recogniser.calibration.temperature),
        bad_labels=len(BAD_LABELS.intersection(wrong.tolist())),
        real={tiles.name: share_right(recogniser, tiles) for tiles in real},
        minutes=record.get("training", {}).get("seconds", 0.0) / 60,
        milliseconds=(latency(recogniser, 1), latency(recogniser, 128)),
        random=RECIPES[run.recipe].pretrained != record.get("recipe", {}).get("pretrained", RANDOM),
    )


def share_right(recogniser: Recogniser, tiles: TileSet) -> float:
    """Of a set's pictures those read right; one in which no ink was found is wrong."""
    answers = recogniser.predict_logits(tiles.tiles).argmax(axis=1)
    return float(((answers == tiles.labels) & tiles.tiles.any(axis=(1, 2))).mean())


def latency(recogniser: Recogniser, batch: int) -> float:
    """The median milliseconds of the network alone for so many tiles at once."""
    tiles = np.random.default_rng(0).random((batch, 28, 28), np.float32)
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        recogniser.predict_logits(tiles)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def table(rows: list[Row]) -> str:
    """The rows in markdown, and on which machine they were measured."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in rows]
    if any(row.random for row in rows):
        lines += [
            "",
            "* ImageNet's weights could not be downloaded where this was trained: "
            "`--pretrained none`.",
        ]
    for first in rows:
        seeds = [row.scores.accuracy for row in rows if row.run.name == first.run.name]
        if first.run.seed == 0 and len(seeds) > 1:
            median = _percent(float(np.median(seeds)))
            lines += ["", f"The median of {len(seeds)} seeds of {first.run.title} is {median}."]
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    return "\n".join([*lines, "", f"Trained and timed on {machine}."])


def _cells(row: Row) -> list[str]:
    scores = row.scores
    return [
        row.run.title + ("*" if row.random else ""),
        f"{row.parameters:,}",
        f"{row.bytes / 1000:,.0f} kB",
        _percent(scores.accuracy),
        f"{scores.errors} ({row.bad_labels})",
        f"{scores.nll:.4f}",
        f"{scores.ece:.4f}",
        f"{100 * row.real['phone photos']:.1f} %" if "phone photos" in row.real else "–",
        f"{100 * np.mean(list(row.real.values())):.1f} %" if row.real else "–",
        f"{row.minutes:.0f} min",
        f"{row.milliseconds[0]:.1f} ms",
        f"{row.milliseconds[1]:.0f} ms",
        ELSEWHERE.get(row.run.name, ""),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def write(page: Path, text: str) -> None:
    """Put the table between its marks on the page."""
    before, mark, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise DigitError(f"{page} lacks the line {BEGIN} or {END}.")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
