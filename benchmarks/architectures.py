#!/usr/bin/env python3
"""Measure the shipped checkpoints and write the tables of docs/architectures.md.

    python benchmarks/architectures.py [--data MNIST] [--checkpoints FOLDER ...]

Nothing is trained. By default the checkpoints in digit_model/bundled are measured; --checkpoints
measures others, and each FOLDER may hold one checkpoint or several. Without --data, Keras downloads
MNIST. The columns of real pictures need the folder --real, and stay empty without it.
"""

import argparse
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mnist_errors import BAD_LABELS
from real_pictures import HOME, labelled_sets, tile_of

from digit_model import pretrained
from digit_model.checkpoint import CONFIG, WEIGHTS, Checkpoint
from digit_model.data import mnist
from digit_model.data.mnist import LabelledImages
from digit_model.errors import BadCheckpoint, DigitError
from digit_model.metrics import Scores, misread, score
from digit_model.pretrained import BUNDLED_FOLDER
from digit_model.recogniser import Recogniser

PAGE = Path(__file__).parents[1] / "docs" / "architectures.md"
BEGIN, END = "<!-- python benchmarks/architectures.py writes this -->", "<!-- to here -->"
HEADINGS = (
    "network",
    "parameters",
    "file",
    "MNIST test",
    "errors (bad labels)",
    "NLL",
    "ECE",
    "phone photos",
    "real pictures",
    "training",
    "1 tile",
    "128 tiles",
)
LATENCY_REPETITIONS = 30
PHOTOS = "phone photos"


@dataclass(frozen=True)
class Kind:
    """A kind of network, and the test accuracies that other projects report for it, in percent."""

    name: str
    architectures: frozenset[str]
    elsewhere: tuple[float, ...]


# The five projects that this one replaces: a DNN without and with augmentation and a CNN with it
# (97.97, 98.72, 99.45); a dense network, a CNN and a deeper CNN (97.44, 98.69, 99.23); a baseline
# CNN, a DNN with dropout, MobileNetV2 and ResNet50 (98.17, 94.91, 63.17, 78.01); Keras's MLP
# (98.31); a CNN scored on Kaggle's Digit Recognizer (99.41).
KINDS = (
    Kind("fully connected", frozenset({"dense"}), (94.91, 97.44, 97.97, 98.31, 98.72)),
    Kind(
        "convolutional",
        frozenset({"cnn", "cnn_large", "ensemble", "quick", "small", "tiny"}),
        (98.17, 98.69, 99.23, 99.41, 99.45),
    ),
    Kind("MobileNetV2", frozenset({"mobilenetv2"}), (63.17,)),
    Kind("ResNet50", frozenset({"resnet50"}), (78.01,)),
)


@dataclass(frozen=True, eq=False)
class TileSet:
    """Real pictures as tiles, (n, 28, 28) float32, and their labels, (n,)."""

    name: str
    tiles: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Row:
    """A checkpoint's row of the table.

    bad_labels: how many of the errors are on images whose label is doubtful.
    real: the accuracy on each set of real pictures. milliseconds: for 1 tile and for 128.
    """

    title: str
    architecture: str
    parameters: int
    bytes: int
    scores: Scores
    bad_labels: int
    real: dict[str, float]
    minutes: float
    milliseconds: tuple[float, float]


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        test = mnist.load(options.data).required_test_set
        folders = checkpoint_folders(options.checkpoints)
        real = list(real_tiles(options.real)) if options.real.is_dir() else []
        text = tables([measure(folder, test, real) for folder in folders])
        print(text)
        write(options.page, text)
    except DigitError as error:
        print(f"architectures.py: {error}", file=sys.stderr)
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="MNIST, as train.py takes it")
    parser.add_argument(
        "--checkpoints",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        default=[BUNDLED_FOLDER.parent],
        help="what to measure instead of the shipped checkpoints",
    )
    parser.add_argument("--real", type=Path, default=HOME, help="the folder of real pictures")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write the tables to")
    return parser.parse_args(arguments)


def checkpoint_folders(folders: Sequence[Path]) -> list[Path]:
    """Return the checkpoints among these folders and the folders in them, in order of their names.

    Raises BadCheckpoint if a folder holds none.
    """
    found = []
    for folder in folders:
        checkpoints = sorted(path.parent for path in folder.glob(f"*/{CONFIG}"))
        if (folder / CONFIG).is_file():
            checkpoints.insert(0, folder)
        if not checkpoints:
            raise BadCheckpoint(
                f"There is no checkpoint in {folder}. Give one that train.py wrote."
            )
        found += checkpoints
    return found


def real_tiles(home: Path) -> Iterator[TileSet]:
    """Yield the sets of real pictures that show one digit each."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for pictures in labelled_sets(home):
            if pictures.one:
                tiles = list(pool.map(tile_of, pictures.pictures, chunksize=32))
                yield TileSet(pictures.name, np.array(tiles), np.array(pictures.texts, int))


def measure(folder: Path, test: LabelledImages, real: Sequence[TileSet]) -> Row:
    """Load a checkpoint, score it and time it."""
    loaded = pretrained.load_from(folder)
    recogniser, checkpoint = loaded.recogniser, loaded.checkpoint
    temperature = recogniser.calibration.temperature
    logits = recogniser.predict_logits(test.tiles)
    errors = {image.index for image in misread(logits, test.labels, temperature)}
    return Row(
        title_of(folder, checkpoint),
        checkpoint.architecture,
        parameters=checkpoint.model.count_params(),
        bytes=(folder / WEIGHTS).stat().st_size,
        scores=score(logits, test.labels, temperature),
        bad_labels=len(BAD_LABELS & errors),
        real={tiles.name: accuracy(recogniser, tiles) for tiles in real},
        minutes=checkpoint.record.get("training", {}).get("seconds", 0.0) / 60,
        milliseconds=(latency(recogniser, 1), latency(recogniser, 128)),
    )


def title_of(folder: Path, checkpoint: Checkpoint) -> str:
    """Return the architecture, and how the training differed from the usual one.

    A shipped checkpoint is called by the name of its folder, which is its recipe's.
    """
    is_shipped = folder.parent == BUNDLED_FOLDER.parent
    name = folder.name if is_shipped else checkpoint.architecture
    training = checkpoint.record.get("training", {})
    averaged = training.get("average")
    seed = 0 if averaged else checkpoint.record.get("recipe", {}).get("seed", 0)
    details = [
        *(["continued"] if "start" in training else []),
        *(["taught"] if "teacher" in training else []),
        *(["all images"] if "refit" in training else []),
        *([f"mean of {len(averaged)}"] if averaged else []),
        *([f"seed {seed}"] if seed else []),
    ]
    return ", ".join([f"`{name}`", *details])


def accuracy(recogniser: Recogniser, tiles: TileSet) -> float:
    """Return the share read correctly; an empty tile, where no ink was found, counts as wrong."""
    answers = recogniser.predict_logits(tiles.tiles).argmax(axis=1)
    return float(((answers == tiles.labels) & tiles.tiles.any(axis=(1, 2))).mean())


def latency(recogniser: Recogniser, batch: int) -> float:
    """Return the median time of the network alone for this many tiles at once, in milliseconds."""
    tiles = np.random.default_rng(0).random((batch, 28, 28), np.float32)
    times = []
    for _ in range(LATENCY_REPETITIONS):
        started = time.perf_counter()
        recogniser.predict_logits(tiles)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def tables(rows: Sequence[Row]) -> str:
    """Return both tables in Markdown: the networks, and what other projects report."""
    networks = _table(HEADINGS, map(_cells, rows))
    kinds = _table(
        ("kind of network", "other projects' MNIST test accuracy", "shipped here"),
        ([kind.name, _elsewhere(kind), _best_of(kind, rows)] for kind in KINDS),
    )
    machine = f"Timed on {platform.machine()} with {os.cpu_count()} cores."
    return f"{networks}\n\n{machine}\n\n{kinds}"


def _table(headings: Sequence[str], rows) -> str:
    lines = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows)])


def _cells(row: Row) -> list[str]:
    scores = row.scores
    return [
        row.title,
        f"{row.parameters:,}",
        f"{row.bytes / 1000:,.0f} kB",
        _percent(scores.accuracy),
        f"{scores.errors} ({row.bad_labels})",
        f"{scores.nll:.4f}",
        f"{scores.ece:.4f}",
        f"{100 * row.real[PHOTOS]:.1f} %" if PHOTOS in row.real else "–",
        f"{100 * np.mean(list(row.real.values())):.1f} %" if row.real else "–",
        f"{row.minutes:.0f} min",
        f"{row.milliseconds[0]:.1f} ms",
        f"{row.milliseconds[1]:.0f} ms",
    ]


def _elsewhere(kind: Kind) -> str:
    return ", ".join(f"{accuracy:.2f} %" for accuracy in kind.elsewhere)


def _best_of(kind: Kind, rows: Sequence[Row]) -> str:
    accuracies = [row.scores.accuracy for row in rows if row.architecture in kind.architectures]
    return _percent(max(accuracies)) if accuracies else "–"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def write(page: Path, text: str) -> None:
    """Write the text between the page's two marks."""
    before, mark, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise DigitError(f"{page} lacks the line {BEGIN} or {END}. Add both.")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
