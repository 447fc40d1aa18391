#!/usr/bin/env python3
"""Train a network on MNIST and write its checkpoint folder."""

import sys

if sys.version_info < (3, 11):
    sys.exit("train.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".")

import argparse
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

try:
    from digit_model import checkpoint, curves, training_log
    from digit_model.arrays import Calibration
    from digit_model.data import mnist
    from digit_model.data.corrections import read_corrections
    from digit_model.errors import CheckpointExists, DigitError
    from digit_model.metrics import Scores, score
    from digit_model.training import distributed, run_state
    from digit_model.training.distillation import Teacher
    from digit_model.training.ensembles import fit_columns
    from digit_model.training.fit import Trained, fit
    from digit_model.training.recipes import CHOICES, RANDOM, RECIPES, Recipe
except ModuleNotFoundError as error:
    sys.exit(
        f"train.py: the package {error.name} is missing. Run `pip install -r requirements.txt`."
    )

log = logging.getLogger("train")
_RECIPE_FLAGS = ("recipe", *(choice.name for choice in CHOICES))


@dataclass(frozen=True)
class Validated:
    """A training that held some images out, to be done anew on all of them.

    columns: the calibrations of the columns. training: what its record says of it. sha256: of its
    weights.
    """

    recipe: Recipe
    calibration: Calibration
    columns: tuple[Calibration, ...]
    training: dict
    sha256: str


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    for told in (log, logging.getLogger("digit_model")):
        told.setLevel(logging.INFO)
    alone = options.coordinator is None
    if alone != (options.processes == 1) or (alone and options.rank):
        parser.error("--coordinator, --processes and --rank go together")
    if options.refit and any(name in options for name in _RECIPE_FLAGS):
        parser.error("--refit takes the recipe of its checkpoint; leave the flags of recipes out")
    if options.teacher and options.extra:
        parser.error(
            "--teacher would overrule the corrections of --extra; train the teacher with those"
        )
    try:
        _train(options)
    except DigitError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("train.py: stopped; --resume goes on after the last epoch.", file=sys.stderr)
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
        help="corrections that visitors of the page made, to train on besides; from a dataset on "
        "the Hub by `hf download USER/NAME --repo-type dataset --local-dir DIR`",
    )
    parser.add_argument("--out", type=Path, help="the folder to write; checkpoints/RECIPE")
    parser.add_argument(
        "--start",
        type=Path,
        metavar="CHECKPOINT",
        help="begin with this checkpoint's weights; without it as the recipe says",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="CHECKPOINT",
        help="learn this network's answers in place of the labels: a small network learns more "
        "from the answers of a large one",
    )
    parser.add_argument(
        "--refit",
        type=Path,
        metavar="CHECKPOINT",
        help="train this one anew, by its recipe and seed, on all images, those too that it was "
        "validated on; its calibration stays",
    )
    parser.add_argument("--force", action="store_true", help="replace a checkpoint that is there")
    parser.add_argument(
        "--resume", action="store_true", help="go on with what was interrupted in that folder"
    )
    _add_recipe(parser.add_argument_group("recipe"))
    _add_machines(parser.add_argument_group("machines"))
    return parser


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--recipe",
        choices=sorted(RECIPES),
        default=argparse.SUPPRESS,
        help="choices that suit a network, which the flags below change; "
        "without it the one called as the architecture",
    )
    for choice in CHOICES:
        group.add_argument(
            f"--{choice.name.replace('_', '-')}",
            type=_parsed(type(choice.default), choice.metadata["least"]),
            choices=choice.metadata["choices"],
            default=argparse.SUPPRESS,
            help=f"{choice.metadata['help']} (of recipe cnn: {choice.default})",
        )


def _parsed(kind: type, least: int) -> Callable:
    """What reads a flag of this kind, and refuses numbers below the least."""
    if kind is str:
        return str

    def number(text: str) -> int | float:
        value = kind(text)
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not a number from {least}")
        return value

    return number


def _add_machines(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--devices", type=int, metavar="N", help="how many of this machine's GPUs or cores to use"
    )
    group.add_argument(
        "--coordinator", metavar="HOST:PORT", help="where process 0 of several is reached"
    )
    group.add_argument(
        "--processes", type=int, metavar="N", default=1, help="how many train together"
    )
    group.add_argument(
        "--rank", type=int, metavar="R", default=0, help="which of them this is, from 0"
    )


def _name(options: argparse.Namespace) -> str:
    """The recipe's name, or what a checkpoint is called that is trained anew."""
    if options.refit:
        return f"{options.refit.resolve().name}-refit"
    return getattr(options, "recipe", getattr(options, "architecture", "cnn"))


def _recipe(options: argparse.Namespace) -> Recipe:
    """The recipe with what the flags change."""
    changes = {c.name: getattr(options, c.name) for c in CHOICES if c.name in options}
    recipe = RECIPES[_name(options)].changed(changes)
    # A checkpoint to start with takes the place of downloaded weights.
    return recipe.changed({"pretrained": RANDOM}) if options.start else recipe


def _prepare(options: argparse.Namespace, out: Path) -> None:
    """Refuse to overwrite, and make ready devices and folder, before the long work."""
    interrupted = run_state.is_interrupted(out)
    if interrupted and not (options.resume or options.force):
        raise CheckpointExists(
            f"{out} holds an interrupted training. --resume goes on with it, --force begins anew."
        )
    checkpoint.refuse_to_overwrite(out, options.force or (options.resume and interrupted))
    if options.resume and not interrupted:
        log.info("There is nothing to resume in %s; the training begins.", out)
    if options.coordinator is None:
        distributed.use_devices(options.devices)
    else:
        distributed.use_devices(options.devices or 1)
        distributed.join(options.coordinator, options.processes, options.rank)


def _make(folder: Path) -> None:
    """Make the folder before the long work, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DigitError(f"{folder} cannot be made: {error.strerror}. Name another.") from error


def _train(options: argparse.Namespace) -> None:
    out = options.out or Path("checkpoints") / _name(options)
    # Process 0 writes the checkpoint; the others keep no more than what they can resume from.
    folder = out / f"process-{options.rank}" if options.rank else out
    _prepare(options, folder)
    validated = _validated(options.refit) if options.refit else None
    recipe = validated.recipe if validated else _recipe(options)
    first = _started(options.start, recipe.architecture)
    teacher = _teacher(options.teacher) if options.teacher else None
    source = mnist.load(options.data)
    corrections = read_corrections(options.extra) if options.extra else None
    _make(folder)
    origin = _origin(first, teacher, validated)
    train, validation = _parts(source.train, validated)
    no_digits = None
    if corrections:
        corrected, no_digits = corrections
        train = mnist.joined(train, corrected)
        origin |= {"corrections": len(corrected) + len(no_digits)}
        log.info("%s corrections besides.", f"{origin['corrections']:,}")
    learn: Callable[..., Trained] = fit
    if recipe.columns:
        learn = partial(fit_columns, calibrations=validated.columns if validated else ())
    trained = learn(
        recipe,
        train,
        validation,
        start=first.model if first else None,
        teacher=teacher,
        no_digits=no_digits,
        folder=folder,
        resume=options.resume,
        devices=options.devices,
        verbose=1 if sys.stdout.isatty() else 2,
    )
    if options.rank == 0:
        _save(recipe, trained, source.test, origin, out)
        curves.draw(training_log.read_log(out / training_log.LOG)).save(out / "curves.png")
    if trained.finished:
        run_state.forget(folder)
    else:
        total = recipe.total_epochs
        log.info("Stopped after %d of %d epochs; --resume goes on.", trained.epochs, total)


def _started(start: Path | None, architecture: str) -> checkpoint.Checkpoint | None:
    """The checkpoint to begin with, if there is one."""
    if start is None:
        return None
    first = checkpoint.load(start)
    if first.architecture != architecture:
        raise DigitError(
            f"{start} holds a network of the kind {first.architecture}, and {architecture} is to "
            f"be trained. Say --architecture {first.architecture}."
        )
    return first


def _validated(folder: Path) -> Validated:
    """The checkpoint to train anew on all images."""
    found = checkpoint.load(folder)
    training = found.record.get("training", {})
    try:
        recipe = Recipe.from_json(found.record["recipe"])
        columns = tuple(Calibration(**column) for column in training.get("columns", ()))
    except (KeyError, TypeError) as error:
        raise _unclear(folder) from error
    if recipe.architecture != found.architecture or len(columns) != len(recipe.columns):
        raise _unclear(folder)
    return Validated(recipe, found.calibration, columns, training, found.sha256)


def _unclear(folder: Path) -> DigitError:
    return DigitError(
        f"{folder} does not say how it was trained. Train it anew by train.py, and then --refit "
        "that."
    )


def _origin(
    start: checkpoint.Checkpoint | None, teacher: Teacher | None, validated: Validated | None
) -> dict[str, str | int]:
    """From which weights the new ones come. Raises DigitError where what is validated did not."""
    given = {"start": start, "teacher": teacher}
    origin: dict[str, str | int] = {name: of.sha256 for name, of in given.items() if of}
    if validated is None:
        return origin
    for name in given:
        if validated.training.get(name) != origin.get(name):
            raise DigitError(
                f"The checkpoint to --refit was trained with another --{name}. Give the same, or "
                "none where it had none."
            )
    return origin | {"refit": validated.sha256}


def _parts(
    images: mnist.LabelledImages, validated: Validated | None
) -> tuple[mnist.LabelledImages, mnist.LabelledImages | Calibration]:
    """What to train on, and images to validate on or the calibration that stands in for them."""
    if validated:
        log.info("%s images to train on, none held out.", f"{len(images):,}")
        return images, validated.calibration
    train, validation = mnist.split(images)
    log.info("%s images to train on, %s to validate on.", f"{len(train):,}", f"{len(validation):,}")
    return train, validation


def _teacher(folder: Path) -> Teacher:
    found = checkpoint.load(folder)
    recipe = Recipe.from_json(found.record.get("recipe", {}))
    return Teacher(
        found.model,
        found.calibration.temperature,
        found.sha256,
        knows_outliers=all(part.outliers > 0 for part in recipe.columns or (recipe,)),
    )


def _score_once(trained: Trained, test: mnist.LabelledImages) -> Scores:
    logits = trained.model.predict(test.tiles, batch_size=500, verbose=0)
    return score(logits, test.labels, trained.calibration.temperature)


def _save(
    recipe: Recipe,
    trained: Trained,
    test: mnist.LabelledImages | None,
    origin: dict[str, str | int],
    out: Path,
) -> None:
    """Write the checkpoint; origin: what beside the recipe and MNIST the weights come from."""
    scores = {"validation": trained.validation.as_json()} if trained.validation else {}
    if test is not None:
        scores["test"] = _score_once(trained, test).as_json()
    training: dict = {
        "epochs": trained.epochs,
        "seconds": round(trained.seconds, 1),
    }
    if trained.columns:
        training["columns"] = [asdict(column) for column in trained.columns]
    record = {
        "recipe": recipe.as_json(),
        "training": training | origin,
        "scores": scores,
    }
    saved = checkpoint.save(
        out,
        checkpoint.Checkpoint(trained.model, recipe.architecture, trained.calibration, record),
        force=True,
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
