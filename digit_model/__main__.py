"""The command line: digit-model read | evaluate | submit | export."""

# Modules that import Keras or SciPy are imported by the commands that need them: it takes seconds,
# and the program that starts several processes for reading does not need them at all.

import argparse
import csv
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from . import bulk, quick_start
from .arrays import Reading
from .errors import DigitError, NoInk

if TYPE_CHECKING:
    from .metrics import Scores
    from .pretrained import Pretrained
    from .recogniser import Recogniser


def main(arguments: list[str] | None = None) -> int:
    """Run one command, and return the exit status: 1 if anything could not be done."""
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
    except DigitError as error:
        print(f"digit-model: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The program that reads our output has stopped, as in `digit-model read … | head -1`.
        # Python would fail again when it flushes the output at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("digit-model: stopped.", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="digit-model", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_read(commands)
    evaluate = commands.add_parser("evaluate", help="score the network on a labelled data set")
    evaluate.set_defaults(run=_evaluate)
    evaluate.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="an .npz file with Keras's keys, a folder of idx files, or Kaggle's train.csv "
        "(default: Keras downloads MNIST)",
    )
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    submit = commands.add_parser("submit", help="answer Kaggle's Digit Recognizer competition")
    submit.set_defaults(run=_submit)
    submit.add_argument("csv", type=Path, metavar="CSV", help="Kaggle's test.csv")
    submit.add_argument(
        "--out",
        type=Path,
        default=Path("submission.csv"),
        help="the file to write (default: %(default)s)",
    )
    export = commands.add_parser("export", help="write the network for the static page")
    export.set_defaults(run=_export)
    export.add_argument("out", type=Path, metavar="OUT", help="the folder to write to")
    for command in (evaluate, submit, export):
        _add_model(command)
    return parser


def _add_read(commands: argparse._SubParsersAction) -> None:
    read = commands.add_parser("read", help="read the digits in pictures")
    read.set_defaults(run=_read, parser=read)
    read.add_argument(
        "files", nargs="+", metavar="FILE", help='pictures, folders, or patterns like "scans/*.png"'
    )
    read.add_argument("--one", action="store_true", help="each picture holds exactly one digit")
    read.add_argument("--json", action="store_true", help="print one line of JSON per picture")
    read.add_argument(
        "--heatmap", type=Path, metavar="DIR", help="write where the network looked, as PNG files"
    )
    read.add_argument(
        "--steps", type=Path, metavar="DIR", help="write the steps of the reading, as PNG files"
    )
    read.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the readings to a .csv or .jsonl file instead of printing them; "
        "an interrupted run continues with the pictures that have no row yet",
    )
    read.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="with --out: read with N processes (default: one for each core)",
    )
    _add_model(read)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model",
        metavar="MODEL",
        help="a checkpoint folder, the name of a bundled checkpoint such as cnn, or "
        "USER/NAME[@REVISION] on the Hub (default: the one that DIGIT_MODEL_REPO names, or else "
        "the bundled cnn)",
    )


def _load(options: argparse.Namespace) -> "Pretrained":
    return quick_start.load(options.model)


def _read(options: argparse.Namespace) -> int:
    if options.jobs and not options.out:
        options.parser.error("--jobs needs --out")
    if options.out and (options.json or options.heatmap or options.steps):
        options.parser.error("--out cannot be combined with --json, --heatmap or --steps")
    files = bulk.find_pictures(options.files)
    if not files:
        suffixes = " ".join(sorted(bulk.PICTURE_SUFFIXES))
        raise DigitError(f"No pictures in {', '.join(options.files)}. Looked for {suffixes}.")
    return _read_into_file(files, options) if options.out else _read_and_print(files, options)


def _read_into_file(files: list[str], options: argparse.Namespace) -> int:
    jobs = options.jobs or _cores()
    summary = bulk.read_into(options.out, files, jobs=jobs, model=options.model, one=options.one)
    skipped = f"; {summary.skipped:,} had a row already" if summary.skipped else ""
    failed = f", {summary.failed:,} of them could not be read" if summary.failed else ""
    print(f"{summary.read:,} pictures read into {options.out}{failed}{skipped}.")
    return int(summary.failed > 0)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux only.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read_and_print(files: list[str], options: argparse.Namespace) -> int:
    if options.heatmap and options.heatmap == options.steps:
        raise DigitError("--heatmap and --steps write files of the same names: name two folders.")
    recogniser = _load(options).recogniser
    heatmaps = _output_paths(files, options.heatmap) if options.heatmap else None
    steps = _output_paths(files, options.steps) if options.steps else None
    failed = False
    for start in range(0, len(files), bulk.BATCH_SIZE):
        batch = files[start : start + bulk.BATCH_SIZE]
        outcomes = recogniser.read_all(batch, one=options.one)
        for number, (file, outcome) in enumerate(zip(batch, outcomes, strict=True), start):
            failed |= isinstance(outcome, DigitError)
            _print_outcome(file, outcome, options.json)
            if heatmaps and isinstance(outcome, Reading):
                _write_heatmap(recogniser, outcome, heatmaps[number])
            if steps:
                _write_steps(file, outcome, steps[number])
    return int(failed)


def _output_paths(files: list[str], folder: Path) -> list[Path]:
    """Return a PNG path in the folder for each file, numbered if some have the same name.

    Raises DigitError if the folder cannot be made or one of the files would be overwritten.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DigitError(f"{folder} cannot be made: {error.strerror}. Name another.") from error
    stems = [Path(file).stem for file in files]
    numbered = len(set(stems)) < len(stems)
    paths = [
        folder / (f"{stem}-{number}.png" if numbered else f"{stem}.png")
        for number, stem in enumerate(stems, start=1)
    ]
    if {path.resolve() for path in paths} & {Path(file).resolve() for file in files}:
        raise DigitError(f"{folder} holds pictures that would be overwritten. Name another.")
    return paths


def _print_outcome(file: str, outcome: Reading | DigitError, as_json: bool) -> None:
    if as_json:
        print(json.dumps(bulk.as_row(file, outcome)), flush=True)
    elif isinstance(outcome, DigitError):
        print(f"{file}: {outcome}", file=sys.stderr)
    else:
        print(f"{file}: {_in_words(outcome)}", flush=True)


def _in_words(reading: Reading) -> str:
    """Return the digits of the rows and their confidences: "95? / 1 (98.1%, 41.2%, 99.9%)"."""
    rows = reading.text_with_guesses.replace("\n", " / ")
    confidences = ", ".join(f"{digit.confidence:.1%}" for digit in reading.digits)
    return f"{rows} ({confidences})"


def _write_heatmap(recogniser: "Recogniser", reading: Reading, path: Path) -> None:
    from .picture.render import overlay_heatmaps

    heatmaps = [recogniser.heatmap(digit) for digit in reading.digits]
    _save(overlay_heatmaps(reading.picture, reading.shown().digits, heatmaps), path)


def _write_steps(file: str, outcome: Reading | DigitError, path: Path) -> None:
    """Draw the steps of a reading; if no ink was found, the steps up to there."""
    from .picture.decode import decode
    from .picture.ink import ink_steps
    from .picture.render import draw_steps
    from .picture.strip import row_steps

    if isinstance(outcome, Reading):
        picture, digits, strips = outcome.picture, outcome.shown().digits, outcome.strips
    elif isinstance(outcome, NoInk):
        picture, digits, strips = decode(file), (), ()
    else:
        return
    steps = [*ink_steps(picture), *row_steps(strips)]
    _save(draw_steps(steps, picture, digits), path)


def _save(image: Image.Image, path: Path) -> None:
    try:
        image.save(path)
    except OSError as error:
        raise DigitError(f"{path} cannot be written: {error.strerror}.") from error


def _evaluate(options: argparse.Namespace) -> int:
    from .data import mnist
    from .metrics import score

    recogniser = _load(options).recogniser
    labelled = mnist.load(options.data).evaluation_set
    logits = recogniser.predict_logits(labelled.tiles)
    scores = score(logits, labelled.labels, recogniser.calibration.temperature)
    print(json.dumps(scores.as_json()) if options.json else _format_scores(scores))
    return 0


def _format_scores(scores: "Scores") -> str:
    lines = [
        f"{scores.images:,} images, {scores.accuracy:.2%} right, {scores.errors} errors, "
        f"NLL {scores.nll:.4f}, ECE {scores.ece:.4f}",
        "",
        "true \\ answer" + "".join(f"{digit:6}" for digit in range(10)),
        *(
            f"{digit:13}" + "".join(f"{count:6}" for count in row)
            for digit, row in enumerate(scores.confusion)
        ),
    ]
    return "\n".join(lines)


def _submit(options: argparse.Namespace) -> int:
    from .data import mnist

    recogniser = _load(options).recogniser
    images = mnist.read_unlabelled_csv(options.csv)
    answers = recogniser.predict_logits(images.astype(np.float32) / 255).argmax(axis=1)
    try:
        with options.out.open("w", newline="", encoding="ascii") as file:
            writer = csv.writer(file)
            writer.writerow(["ImageId", "Label"])
            writer.writerows(enumerate(answers.tolist(), start=1))
    except OSError as error:
        raise DigitError(f"{options.out} cannot be written: {error.strerror}.") from error
    print(f"Wrote {len(answers):,} answers to {options.out}.")
    return 0


def _export(options: argparse.Namespace) -> int:
    from .export import export

    loaded = _load(options)
    try:
        model = export(loaded.checkpoint, options.out, loaded.source)
    except OSError as error:
        raise DigitError(f"{options.out} cannot be written: {error.strerror}.") from error
    sizes = [network["weights"]["size"] / 1000 for network in (model, model["row_reader"])]
    print(
        f"Wrote {loaded.source} to {options.out}: {sizes[0]:,.0f} kB of weights, and "
        f"{sizes[1]:,.0f} kB of the row reader's."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
