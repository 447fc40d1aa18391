"""The command line: python -m digit_model read | evaluate | submit | export."""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from . import pretrained
from .arrays import Reading
from .data import mnist
from .errors import DigitError, NoInk
from .export import export as export_network
from .metrics import Scores, score
from .picture.decode import decode
from .picture.ink import ink_steps
from .picture.render import draw_steps, overlay_heatmaps
from .recogniser import Recogniser

# Pictures of a phone fill 36 MB each while they are read.
_BATCH = 8


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status, 1 if anything could not be done."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except DigitError as error:
        print(f"digit_model: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m digit_model", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    read = commands.add_parser("read", help="read the digits in pictures")
    read.set_defaults(run=_read)
    read.add_argument("files", nargs="+", metavar="FILE", help="pictures of digits")
    read.add_argument("--one", action="store_true", help="each picture holds exactly one digit")
    read.add_argument("--json", action="store_true", help="print one line of JSON per file")
    read.add_argument(
        "--heatmap", type=Path, metavar="DIR", help="write where the network looked, as PNG files"
    )
    read.add_argument(
        "--steps", type=Path, metavar="DIR", help="write what each step makes of them, as PNG files"
    )
    evaluate = commands.add_parser("evaluate", help="score the network on a labelled set")
    evaluate.set_defaults(run=_evaluate)
    evaluate.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="an .npz with Keras's keys, a folder of idx files, or Kaggle's train.csv; "
        "without it Keras downloads MNIST",
    )
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    submit = commands.add_parser("submit", help="answer Kaggle's Digit Recognizer")
    submit.set_defaults(run=_submit)
    submit.add_argument("csv", type=Path, metavar="CSV", help="Kaggle's test.csv")
    submit.add_argument(
        "--out", type=Path, default=Path("submission.csv"), help="the file to write (%(default)s)"
    )
    export = commands.add_parser("export", help="write the network for the static page")
    export.set_defaults(run=_export)
    export.add_argument("out", type=Path, metavar="OUT", help="the folder to write to")
    for command in (read, evaluate, submit, export):
        command.add_argument(
            "--model",
            metavar="MODEL",
            help="a checkpoint folder or USER/NAME[@REVISION] on the Hub, "
            "instead of the one that the environment names or that comes along",
        )
    return parser


def _recogniser(options: argparse.Namespace) -> Recogniser:
    chosen = pretrained.load_from(options.model) if options.model else pretrained.load()
    return chosen.recogniser


def _read(options: argparse.Namespace) -> int:
    if options.heatmap and options.heatmap == options.steps:
        raise DigitError("--heatmap and --steps write files of the same names: name two folders.")
    recogniser = _recogniser(options)
    heatmaps = _output_paths(options.files, options.heatmap) if options.heatmap else None
    steps = _output_paths(options.files, options.steps) if options.steps else None
    failed = False
    for start in range(0, len(options.files), _BATCH):
        files = options.files[start : start + _BATCH]
        outcomes = recogniser.read_all(files, one=options.one)
        for number, (file, outcome) in enumerate(zip(files, outcomes, strict=True), start):
            failed |= isinstance(outcome, DigitError)
            _report(file, outcome, options.json)
            if heatmaps and isinstance(outcome, Reading):
                _write_heatmap(recogniser, outcome, heatmaps[number])
            if steps:
                _write_steps(file, outcome, steps[number])
    return int(failed)


def _output_paths(files: list[str], folder: Path) -> list[Path]:
    """A PNG for each file, named as it is, with its number where several have the same name.

    Raises DigitError if the folder cannot be made or one of the files would be written over.
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
        raise DigitError(f"{folder} holds pictures that would be written over. Name another.")
    return paths


def _report(file: str, outcome: Reading | DigitError, as_json: bool) -> None:
    if isinstance(outcome, DigitError):
        if as_json:
            print(json.dumps({"file": file, "error": str(outcome)}), flush=True)
        else:
            print(f"{file}: {outcome}", file=sys.stderr)
    elif as_json:
        print(json.dumps({"file": file, **outcome.as_json()}), flush=True)
    else:
        print(f"{file}: {_in_words(outcome)}", flush=True)


def _in_words(reading: Reading) -> str:
    """Return the digits of the rows and their confidences: "95? / 1 (98.1%, 41.2%, 99.9%)"."""
    rows = reading.text_with_guesses.replace("\n", " / ")
    confidences = ", ".join(f"{digit.confidence:.1%}" for digit in reading.digits)
    return f"{rows} ({confidences})"


def _write_heatmap(recogniser: Recogniser, reading: Reading, path: Path) -> None:
    heatmaps = [recogniser.heatmap(mark) for mark in reading.digits]
    _save(overlay_heatmaps(reading.picture, reading.shown().digits, heatmaps), path)


def _write_steps(file: str, outcome: Reading | DigitError, path: Path) -> None:
    """Draw the steps of a reading, or those up to where no ink was left."""
    if isinstance(outcome, Reading):
        picture, digits = outcome.picture, outcome.shown().digits
    elif isinstance(outcome, NoInk):
        picture, digits = decode(file), ()
    else:
        return
    _save(draw_steps(ink_steps(picture), picture, digits), path)


def _save(image: Image.Image, path: Path) -> None:
    try:
        image.save(path)
    except OSError as error:
        raise DigitError(f"{path} cannot be written: {error.strerror}.") from error


def _evaluate(options: argparse.Namespace) -> int:
    recogniser = _recogniser(options)
    labelled = mnist.load(options.data).evaluation_set
    logits = recogniser.predict_logits(labelled.tiles)
    scores = score(logits, labelled.labels, recogniser.calibration.temperature)
    print(json.dumps(scores.as_json()) if options.json else _table(scores))
    return 0


def _table(scores: Scores) -> str:
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
    recogniser = _recogniser(options)
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
    chosen = pretrained.load_from(options.model) if options.model else pretrained.load()
    try:
        model = export_network(chosen.checkpoint, options.out, chosen.source)
    except OSError as error:
        raise DigitError(f"{options.out} cannot be written: {error.strerror}.") from error
    size = model["weights"]["size"]
    print(f"Wrote {chosen.source} to {options.out}: {size / 1000:,.0f} kB of weights.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
