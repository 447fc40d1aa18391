#!/usr/bin/env python3
"""Train a network on MNIST and write its checkpoint folder."""

import sys

if sys.version_info < (3, 11):
    sys.exit("train.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".")

import argparse
import logging
from dataclasses import MISSING, asdict, fields
from pathlib import Path

try:
    from digit_model import checkpoint
    from digit_model.architectures import ARCHITECTURES
    from digit_model.errors import DigitError
    from digit_model.training import dataset
    from digit_model.training.fit import Recipe, Trained, fit, use_all_cores
    from digit_model.training.metrics import Scores, score
except ModuleNotFoundError as error:
    sys.exit(
        f"train.py: the package {error.name} is missing. Run `pip install -r requirements.txt`."
    )

log = logging.getLogger("train")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    recipe = Recipe(**{f.name: getattr(options, f.name) for f in fields(Recipe)})
    out = options.out or Path("checkpoints") / recipe.architecture
    try:
        checkpoint.refuse_to_overwrite(out, options.force)
        use_all_cores()
        _train(recipe, options.data, options.extra, out, options.force)
    except DigitError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "train.py: stopped before the training began; there is nothing to keep.",
            file=sys.stderr,
        )
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        epilog="Ctrl-C stops early and keeps the best weights so far.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="an .npz with Keras's keys, a folder of idx files or Kaggle's train.csv; "
        "without it Keras downloads MNIST",
    )
    parser.add_argument(
        "--extra",
        type=Path,
        metavar="DIR",
        help="corrections that visitors of the page made, to train on besides; those in a dataset "
        "on the Hub come by `hf download USER/NAME --repo-type dataset --local-dir DIR`",
    )
    parser.add_argument("--out", type=Path, help="the folder to write; checkpoints/ARCHITECTURE")
    parser.add_argument("--force", action="store_true", help="replace a checkpoint that is there")
    for choice in fields(Recipe):
        assert choice.default is not MISSING
        kind = type(choice.default)
        parser.add_argument(
            f"--{choice.name.replace('_', '-')}",
            default=choice.default,
            help=choice.metadata["help"],
            **(
                {"action": argparse.BooleanOptionalAction}
                if kind is bool
                else {"type": kind, "choices": _choices(choice.name)}
            ),
        )
    return parser


def _choices(name: str) -> list[str] | None:
    return sorted(ARCHITECTURES) if name == "architecture" else None


def _make(folder: Path) -> None:
    """Make the folder before the long work, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DigitError(f"{folder} cannot be made: {error.strerror}. Name another.") from error


def _train(recipe: Recipe, data: Path | None, extra: Path | None, out: Path, force: bool) -> None:
    source = dataset.load(data)
    corrected, no_digits = dataset.read_corrections(extra) if extra else (None, None)
    _make(out)
    train, validation = dataset.split(source.train, recipe.seed)
    log.info("%s images to train on, %s to validate on.", f"{len(train):,}", f"{len(validation):,}")
    if corrected is not None and no_digits is not None:
        train = dataset.joined(train, corrected)
        log.info("%s corrections besides.", f"{len(corrected) + len(no_digits):,}")
    trained = fit(recipe, train, validation, no_digits=no_digits, history=out / "history.csv")
    scores = {"validation": trained.validation.as_json()}
    if source.test is not None:
        scores["test"] = _score_once(trained, source.test).as_json()
    _save(recipe, trained, scores, out, force)


def _score_once(trained: Trained, test: dataset.Labelled) -> Scores:
    logits = trained.model.predict(test.tiles, batch_size=500, verbose=0)
    return score(logits, test.labels, trained.calibration.temperature)


def _save(recipe: Recipe, trained: Trained, scores: dict, out: Path, force: bool) -> None:
    record = {
        "recipe": asdict(recipe),
        "training": {"epochs": trained.epochs, "seconds": round(trained.seconds, 1)},
        "scores": scores,
    }
    saved = checkpoint.save(
        out,
        checkpoint.Checkpoint(trained.model, recipe.architecture, trained.calibration, record),
        force=force,
    )
    for name, result in scores.items():
        log.info(
            "%s: %.2f %%, %d errors of %d, NLL %.4f, ECE %.4f",
            name,
            100 * result["accuracy"],
            result["errors"],
            result["images"],
            result["nll"],
            result["ece"],
        )
    log.info("Wrote %s (sha256 %s…).", out, saved.sha256[:12])


if __name__ == "__main__":
    sys.exit(main())
