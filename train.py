#!/usr/bin/env python3
"""Train a network on MNIST and write its checkpoint folder."""

import sys

if sys.version_info < (3, 11):
    sys.exit("train.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".")

import argparse
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

try:
    import numpy as np

    from digit_model import checkpoint, curves, training_log
    from digit_model.arrays import Calibration
    from digit_model.checkpoint import CONFIG, Checkpoint
    from digit_model.data import mnist
    from digit_model.data.corrections import read_corrections
    from digit_model.data.mnist import LabelledImages
    from digit_model.errors import CheckpointExists, DigitError
    from digit_model.metrics import Scores, score
    from digit_model.training import averaging, distributed, flags, run_state
    from digit_model.training.distillation import Teacher
    from digit_model.training.ensembles import fit_ensemble, refit_ensemble
    from digit_model.training.fit import TrainingOptions, TrainingResult, fit, refit
    from digit_model.training.recipes import RANDOM, Recipe
except ModuleNotFoundError as error:
    sys.exit(
        f"train.py: the package {error.name} is missing. Run `pip install -r requirements.txt`."
    )

log = logging.getLogger("train")


@dataclass(frozen=True)
class RefitSource:
    """An earlier training with validation images, to be repeated on all images.

    training: the entry of that name in the checkpoint's record.
    """

    recipe: Recipe
    calibration: Calibration
    member_calibrations: tuple[Calibration, ...]
    training: dict
    sha256: str


@dataclass(frozen=True, eq=False)
class Inputs:
    """The recipe, and what the flags name in addition to MNIST.

    corrections: digits, and images without a digit, (n, 28, 28) uint8.
    """

    recipe: Recipe
    start: Checkpoint | None
    start_share: float
    teacher: Teacher | None
    corrections: tuple[LabelledImages, np.ndarray] | None
    refit_source: RefitSource | None

    @property
    def provenance(self) -> dict[str, str | float]:
        """Return the weights' further origins beside the recipe and MNIST, as JSON types."""
        networks = {"start": self.start, "teacher": self.teacher, "refit": self.refit_source}
        found: dict[str, str | float] = {name: of.sha256 for name, of in networks.items() if of}
        if self.start_share:
            found["start_share"] = self.start_share
        if self.corrections:
            digits, outliers = self.corrections
            found["corrections"] = len(digits) + len(outliers)
        return found


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    _refuse_conflicting_flags(parser, options)
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    for logger in (log, logging.getLogger("digit_model")):
        logger.setLevel(logging.INFO)
    try:
        (_average if options.average else _train)(options)
    except DigitError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("train.py: stopped; --resume continues after the last epoch.", file=sys.stderr)
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
        "by default Keras downloads MNIST",
    )
    parser.add_argument(
        "--extra",
        type=Path,
        metavar="DIR",
        help="corrections by visitors of the page, to train on too; `hf download USER/NAME "
        "--repo-type dataset --local-dir DIR` fetches those in a dataset on the Hub",
    )
    parser.add_argument(
        "--out", type=Path, help="the folder to write; by default checkpoints/RECIPE"
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="CHECKPOINT",
        help="start from this checkpoint's weights; by default as the recipe says",
    )
    parser.add_argument(
        "--start-share",
        type=float,
        metavar="SHARE",
        default=0.0,
        help="how much of those weights to keep: the result is the weighted mean of them and the "
        "trained ones, and forgets less of what the first network knew",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="CHECKPOINT",
        help="learn this network's answers instead of the labels (knowledge distillation)",
    )
    parser.add_argument(
        "--refit",
        type=Path,
        metavar="CHECKPOINT",
        help="repeat this checkpoint's training, with its recipe and seed, on all images, "
        "validation included; its calibration is kept",
    )
    parser.add_argument(
        "--average",
        type=Path,
        nargs="+",
        metavar="CHECKPOINT",
        help="train nothing, but average the weights of these networks, which were trained from "
        "the same --start with different seeds",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing checkpoint")
    parser.add_argument(
        "--resume", action="store_true", help="continue the interrupted training in that folder"
    )
    flags.add_recipe_flags(parser.add_argument_group("recipe"))
    flags.add_machine_flags(parser.add_argument_group("machines"))
    return parser


def _refuse_conflicting_flags(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    alone = options.coordinator is None
    if alone != (options.processes == 1) or (alone and options.rank):
        parser.error("--coordinator, --processes and --rank go together")
    if options.refit and flags.has_recipe_flags(options):
        parser.error("--refit uses the recipe of its checkpoint; leave out the recipe's flags")
    others = ("start", "teacher", "extra", "refit", "resume", "devices", "coordinator")
    if options.average and (
        flags.has_recipe_flags(options) or any(getattr(options, name) for name in others)
    ):
        parser.error("--average trains nothing; only --data, --out and --force go with it")
    if not 0 <= options.start_share < 1 or (options.start_share and not options.start):
        parser.error("--start-share is for --start CHECKPOINT, and is at least 0 and less than 1")
    if options.teacher and options.extra:
        parser.error(
            "--teacher would overrule the corrections of --extra; train the teacher with them"
        )


def _train(options: argparse.Namespace) -> None:
    out = options.out or Path("checkpoints") / _default_name(options)
    # Only process 0 writes the checkpoint. The others keep what they need to resume.
    folder = out / f"process-{options.rank}" if options.rank else out
    _refuse_to_overwrite(folder, options)
    _set_up_devices(options)
    inputs = _load_inputs(options)
    dataset = mnist.load(options.data)
    _create(folder)
    result = _learn(inputs, dataset.train, _training_options(inputs, folder, options))
    if options.rank == 0:
        _save(out, inputs.recipe, inputs.provenance, result, dataset.test)
        _draw_curves(out)
    if result.finished:
        run_state.remove_state(folder)
    else:
        total = inputs.recipe.total_epochs
        log.info("Stopped after %d of %d epochs; --resume continues.", result.epochs, total)


def _average(options: argparse.Namespace) -> None:
    folders = options.average
    out = options.out or Path("checkpoints") / f"{folders[0].resolve().name}-average"
    checkpoint.refuse_to_overwrite(out, options.force)
    found = [_load_checkpoint(folder, "--average") for folder in folders]
    recipe = _recorded_recipe(found[0], folders[0])
    trainings = [one.record.get("training", {}) for one in found]
    dataset = mnist.load(options.data)
    _create(out)
    _, validation = mnist.split(dataset.train)
    result = averaging.average([one.model for one in found], trainings, validation)
    provenance = averaging.shared_entries(trainings) | {"average": [one.sha256 for one in found]}
    _save(out, recipe, provenance, result, dataset.test)
    if averaging.write_common_log(folders, out):
        _draw_curves(out)


def _draw_curves(out: Path) -> None:
    accuracies = curves.accuracies_of_log(training_log.read_log(out / training_log.LOG))
    svg = curves.draw_epochs(accuracies, stand_alone=True)
    (out / "curves.svg").write_text(svg, encoding="utf-8")


def _default_name(options: argparse.Namespace) -> str:
    if options.refit:
        return f"{options.refit.resolve().name}-refit"
    return flags.recipe_name(options)


def _refuse_to_overwrite(folder: Path, options: argparse.Namespace) -> None:
    interrupted = run_state.is_interrupted(folder)
    if interrupted and not (options.resume or options.force):
        raise CheckpointExists(
            f"{folder} holds an interrupted training. Continue it with --resume, or start over "
            "with --force."
        )
    checkpoint.refuse_to_overwrite(folder, options.force or (options.resume and interrupted))
    if options.resume and not interrupted:
        log.info("There is nothing to resume in %s; starting from the beginning.", folder)


def _set_up_devices(options: argparse.Namespace) -> None:
    if options.coordinator is None:
        distributed.configure_devices(options.devices)
    else:
        distributed.configure_devices(options.devices or 1)
        distributed.join_processes(options.coordinator, options.processes, options.rank)


def _load_inputs(options: argparse.Namespace) -> Inputs:
    source = _load_refit_source(options.refit) if options.refit else None
    recipe = source.recipe if source else flags.recipe_from(options)
    if options.start:
        # The checkpoint provides the weights that would otherwise be downloaded.
        recipe = recipe.changed({"pretrained": RANDOM})
    inputs = Inputs(
        recipe,
        _load_start(options.start, recipe.architecture) if options.start else None,
        options.start_share,
        _load_teacher(options.teacher) if options.teacher else None,
        read_corrections(options.extra) if options.extra else None,
        source,
    )
    if source:
        _require_the_same_inputs(inputs.provenance, source)
    return inputs


def _load_checkpoint(folder: Path, flag: str) -> Checkpoint:
    if not (folder / CONFIG).is_file():
        raise DigitError(
            f"{flag} {folder} is not a checkpoint: there is no {CONFIG} in it. Give a folder that "
            "train.py wrote, such as checkpoints/cnn, or train one first."
        )
    return checkpoint.load(folder)


def _load_start(folder: Path, architecture: str) -> Checkpoint:
    start = _load_checkpoint(folder, "--start")
    if start.architecture != architecture:
        raise DigitError(
            f"{folder} holds a network of architecture {start.architecture}, but {architecture} is "
            f"to be trained. Add --architecture {start.architecture}."
        )
    return start


def _load_teacher(folder: Path) -> Teacher:
    found = _load_checkpoint(folder, "--teacher")
    return Teacher(found.model, found.calibration.temperature, found.sha256)


def _load_refit_source(folder: Path) -> RefitSource:
    found = _load_checkpoint(folder, "--refit")
    recipe = _recorded_recipe(found, folder)
    training = found.record.get("training", {})
    if "average" in training:
        raise DigitError(
            f"{folder} is the mean of several trainings and was not trained itself. Give --refit "
            "one of these."
        )
    try:
        calibrations = tuple(Calibration(**member) for member in training.get("members", ()))
    except TypeError as error:
        raise _unknown_training(folder) from error
    if len(calibrations) != len(recipe.members):
        raise _unknown_training(folder)
    return RefitSource(recipe, found.calibration, calibrations, training, found.sha256)


def _recorded_recipe(found: Checkpoint, folder: Path) -> Recipe:
    try:
        recipe = Recipe.from_json(found.record["recipe"])
    except (KeyError, TypeError) as error:
        raise _unknown_training(folder) from error
    if recipe.architecture != found.architecture:
        raise _unknown_training(folder)
    return recipe


def _unknown_training(folder: Path) -> DigitError:
    return DigitError(
        f"{folder} does not record the recipe it was trained with. Train it again with train.py, "
        "and use that checkpoint."
    )


def _require_the_same_inputs(provenance: dict[str, str | float], source: RefitSource) -> None:
    """Raise DigitError if the earlier training was given something that this one is not."""
    for name in ("start", "start_share", "teacher"):
        if source.training.get(name) != provenance.get(name):
            flag = name.replace("_", "-")
            raise DigitError(
                f"The checkpoint to --refit was trained with another --{flag}. Give the same one, "
                "or none if it had none."
            )
    before, now = source.training.get("corrections", 0), provenance.get("corrections", 0)
    if now < before:
        raise DigitError(
            f"The checkpoint to --refit was trained with {before:,} corrections, and {now:,} are "
            "given now. Give the folder that holds them with --extra."
        )


def _create(folder: Path) -> None:
    """Create the folder before the long work rather than after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DigitError(
            f"{folder} cannot be created: {error.strerror}. Give another folder with --out."
        ) from error


def _training_options(inputs: Inputs, folder: Path, options: argparse.Namespace) -> TrainingOptions:
    return TrainingOptions(
        start=inputs.start.model if inputs.start else None,
        start_share=inputs.start_share,
        teacher=inputs.teacher,
        outliers=inputs.corrections[1] if inputs.corrections else None,
        folder=folder,
        resume=options.resume,
        devices=options.devices,
        verbose=1 if sys.stdout.isatty() else 2,
    )


def _learn(inputs: Inputs, images: LabelledImages, options: TrainingOptions) -> TrainingResult:
    recipe, source = inputs.recipe, inputs.refit_source
    if source:
        log.info("%s images to train on, none held out.", f"{len(images):,}")
        images = _with_corrections(images, inputs)
        if recipe.members:
            calibrations = source.calibration, source.member_calibrations
            return refit_ensemble(recipe, images, *calibrations, options)
        return refit(recipe, images, source.calibration, options)
    train, validation = mnist.split(images)
    log.info("%s images to train on, %s to validate on.", f"{len(train):,}", f"{len(validation):,}")
    learn = fit_ensemble if recipe.members else fit
    return learn(recipe, _with_corrections(train, inputs), validation, options)


def _with_corrections(train: LabelledImages, inputs: Inputs) -> LabelledImages:
    if inputs.corrections is None:
        return train
    log.info("%s corrections added.", f"{inputs.provenance['corrections']:,}")
    return mnist.concatenate(train, inputs.corrections[0])


def _save(
    out: Path,
    recipe: Recipe,
    provenance: dict,
    result: TrainingResult,
    test: LabelledImages | None,
) -> None:
    """Write the checkpoint with its record, and log its scores."""
    scores = {"validation": result.validation} if result.validation else {}
    if test is not None:
        scores["test"] = _score_once(result, test)
    training: dict = {"epochs": result.epochs, "seconds": round(result.seconds, 1)}
    if result.member_calibrations:
        training["members"] = [asdict(calibration) for calibration in result.member_calibrations]
    record = {
        "recipe": recipe.as_json(),
        "training": training | provenance,
        "scores": {part: found.as_json() for part, found in scores.items()},
    }
    trained = Checkpoint(result.model, recipe.architecture, result.calibration, record)
    saved = checkpoint.save(out, trained, force=True)
    for part, found in scores.items():
        log.info(
            f"{part}: {found.accuracy:.2%}, {found.errors} errors of {found.images}, "
            f"NLL {found.nll:.4f}, ECE {found.ece:.4f}"
        )
    log.info("Wrote %s (sha256 %s…).", out, saved.sha256[:12])


def _score_once(result: TrainingResult, test: LabelledImages) -> Scores:
    logits = result.model.predict(test.tiles, batch_size=distributed.MAX_SCORING_BATCH, verbose=0)
    return score(logits, test.labels, result.calibration.temperature)


if __name__ == "__main__":
    sys.exit(main())
