"""Train one network: a recipe and labelled images in, calibrated weights out."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from ..architectures import ARCHITECTURES, TRANSFER
from ..arrays import DIGITS, Calibration
from ..data.mnist import LabelledImages
from ..errors import DigitError
from ..metrics import Scores, calibrate, score
from ..training_log import LOG, epoch_rows, read_log
from .batches import AugmentedBatches, build_training_set
from .distillation import Teacher
from .distributed import (
    MAX_SCORING_BATCH,
    data_parallel,
    minimum_over_processes,
    process_slice,
    scoring_batch,
)
from .interruption import StopOnCtrlC
from .optimizers import OPTIMIZERS
from .random_numbers import reproducible_random_numbers
from .recipes import RANDOM, Recipe
from .run_state import BEST, Backup, LogWriter, restore, run_folder, start_or_resume


@dataclass(frozen=True, eq=False)
class TrainingOptions:
    """Optional inputs of a training run, and how it is run.

    start: a network of the recipe's architecture that provides the initial weights; otherwise the
    recipe says which. start_share: in 0..1, how much of them is kept: the result is the weighted
    mean of both networks' weights, which forgets less of what the first one knew (Wortsman et al.
    2022, https://arxiv.org/abs/2109.01903). teacher: a network whose answers replace the labels.
    outliers: images without a digit, (n, 28, 28) uint8, to add to the recipe's own.
    folder: receives the log, and after each epoch the state from which to resume, until
    ``run_state.remove_state``; a temporary folder by default. Each of several processes needs its
    own. resume: continue the interrupted run in the folder, if there is one.
    devices: how many to use in each process; by default as many as divide the batches.
    verbose: Keras's setting: 0 prints nothing, 1 a progress bar, 2 a line per epoch.
    """

    start: keras.Model | None = None
    start_share: float = 0.0
    teacher: Teacher | None = None
    outliers: np.ndarray | None = None
    folder: Path | None = None
    resume: bool = False
    devices: int | None = None
    verbose: int = 1


DEFAULT_OPTIONS = TrainingOptions()


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A trained network, the calibration of its logits, and its scores on the validation images.

    validation: None after a refit, which has no validation images. epochs: how many began.
    finished: whether all epochs were completed. member_calibrations: those of an ensemble's
    members, each for the member's logits before the ensemble divides them.
    """

    model: keras.Model
    calibration: Calibration
    validation: Scores | None
    epochs: int
    seconds: float
    finished: bool
    member_calibrations: tuple[Calibration, ...] = ()


def fit(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    options: TrainingOptions = DEFAULT_OPTIONS,
) -> TrainingResult:
    """Train a network; return the averaged weights of the epoch that reads validation best.

    recipe: one without members; ``fit_ensemble`` trains the others.
    The first Ctrl-C ends training after the current step, and the epoch so far is validated like
    any other. Raises DigitError for inputs that do not fit together, and WeightsUnavailable.
    """
    run = _train(recipe, train, validation, options)
    calibration, scores = calibrate_and_score(run.model, validation)
    return TrainingResult(run.model, calibration, scores, run.epochs, run.seconds, run.finished)


def refit(
    recipe: Recipe,
    images: LabelledImages,
    calibration: Calibration,
    options: TrainingOptions = DEFAULT_OPTIONS,
) -> TrainingResult:
    """Train on all images, without any held out; return the averaged weights of the last epoch.

    calibration: that of an earlier run of the same recipe with validation images.
    Stops and raises as ``fit`` does.
    """
    run = _train(recipe, images, None, options)
    return TrainingResult(run.model, calibration, None, run.epochs, run.seconds, run.finished)


class _Run(NamedTuple):
    model: keras.Model
    epochs: int
    seconds: float
    finished: bool


@reproducible_random_numbers()
def _train(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages | None,
    options: TrainingOptions,
) -> _Run:
    """Train a network, and keep the best epoch on the validation images, or else the last."""
    with run_folder(options.folder) as folder:
        keras.utils.set_random_seed(recipe.seed)
        validation_size = [len(validation)] if validation else []
        distribution = data_parallel(options.devices, recipe.batch_size, *validation_size)
        images, targets = build_training_set(recipe, train, options.outliers)
        _require_one_batch(images, recipe.batch_size)
        with distribution.scope():
            model = _compiled_model(recipe, options.start, len(images) // recipe.batch_size)
            fingerprint = run_fingerprint(recipe, options, images, targets)
            state, epochs_done = start_or_resume(folder, fingerprint, resume=options.resume)
            epochs_done = minimum_over_processes(epochs_done)
            restore(model, state, epochs_done)
            log = LogWriter(folder / LOG, epochs_done)
            stop = StopOnCtrlC()
            with stop.listening():
                model.fit(
                    AugmentedBatches(images, targets, recipe, epochs_done, options.teacher),
                    # The batches shuffle themselves; Keras would use a shared generator.
                    shuffle=False,
                    initial_epoch=epochs_done,
                    epochs=recipe.epochs,
                    callbacks=[
                        stop,
                        log,
                        keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
                        _checkpoint_callback(state, keep_best=validation is not None),
                        Backup(state, epochs_done),
                    ],
                    verbose=options.verbose,
                    **_validation_arguments(validation, distribution),
                )
        seconds, epochs_begun = log.seconds, epochs_done + len(model.history.epoch)
        best = _load_best(recipe, state)
        _keep_share_of_start(best, options)
        return _Run(best, epochs_begun, seconds, not model.stop_training)


def run_fingerprint(recipe: Recipe, options: TrainingOptions, *data: np.ndarray) -> dict:
    """Return what determines the weights of a run, as JSON types."""
    weights = options.start.get_weights() if options.start else []
    return {
        "recipe": recipe.as_json(),
        "data": _sha256(*data),
        "start": _sha256(*weights) if weights else None,
        "teacher": options.teacher.sha256 if options.teacher else None,
    }


def _sha256(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()


def _require_one_batch(images: np.ndarray, batch_size: int) -> None:
    if len(images) < batch_size:
        raise DigitError(
            f"{len(images):,} images do not fill a batch of {batch_size:,}. Give more images or a "
            "smaller --batch-size."
        )


def _compiled_model(recipe: Recipe, start: keras.Model | None, steps: int) -> keras.Model:
    """Build the recipe's network and compile it for this many steps per epoch."""
    total = steps * recipe.epochs
    warmup = total // 10
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 25,
        total - warmup,
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = OPTIMIZERS[recipe.optimizer](
        schedule,
        weight_decay=recipe.weight_decay,
        use_ema=True,
        ema_momentum=1 - 1 / max(1, recipe.ema_share * total),
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model = _initial_model(recipe, start)
    accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    model.compile(optimizer, _loss, metrics=[accuracy])
    return model


def _loss(targets, logits):
    """Return the sum of ten binary cross-entropies and one categorical cross-entropy per image.

    The first teaches that an outlier is none of the ten digits. For an outlier the second is 0,
    because all its targets are.
    """
    binary = keras.ops.binary_crossentropy(targets, logits, from_logits=True)
    categorical = keras.ops.categorical_crossentropy(targets, logits, from_logits=True)
    return keras.ops.sum(binary, axis=-1) + categorical


def _initial_model(recipe: Recipe, start: keras.Model | None) -> keras.Model:
    build = ARCHITECTURES[recipe.architecture]
    if start is not None:
        model = build()
        model.set_weights(start.get_weights())
        return model
    if recipe.pretrained == RANDOM:
        return build()
    if recipe.architecture not in TRANSFER:
        raise DigitError(
            f"There are no {recipe.pretrained} weights for {recipe.architecture}, only for "
            f"{' and '.join(sorted(TRANSFER))}. Leave --pretrained out."
        )
    return build(weights=recipe.pretrained)


def _checkpoint_callback(state: Path, *, keep_best: bool) -> keras.callbacks.ModelCheckpoint:
    """Save the weights of the best epoch so far, or else of the last."""
    completed = epoch_rows(read_log(state.parent / LOG))
    scores = [row["val_accuracy"] for row in completed] if keep_best else []
    return keras.callbacks.ModelCheckpoint(
        state / BEST,
        monitor="val_accuracy",
        save_best_only=keep_best,
        save_weights_only=True,
        initial_value_threshold=max(scores, default=None),
    )


def _validation_arguments(
    validation: LabelledImages | None, distribution: keras.distribution.DataParallel
) -> dict:
    """Return the arguments of Keras's fit for this process's share of the validation images."""
    if validation is None:
        return {}
    share = validation[process_slice(len(validation))]
    targets = np.eye(DIGITS, dtype=np.float32)[share.labels]
    return {
        "validation_data": (share.tiles, targets),
        "validation_batch_size": scoring_batch(distribution),
    }


def _load_best(recipe: Recipe, state: Path) -> keras.Model:
    """Load the best weights into a new network, which holds no optimizer."""
    model = ARCHITECTURES[recipe.architecture]()
    model.load_weights(state / BEST)
    return model


def _keep_share_of_start(model: keras.Model, options: TrainingOptions) -> None:
    """Average a trained network's weights with those that the run started from, in place."""
    if options.start is None or not options.start_share:
        return
    pairs = zip(options.start.get_weights(), model.get_weights(), strict=True)
    share = options.start_share
    model.set_weights([share * start + (1 - share) * trained for start, trained in pairs])


def calibrate_and_score(
    model: keras.Model, validation: LabelledImages
) -> tuple[Calibration, Scores]:
    """Fit the network's calibration to the validation images, and score it there."""
    logits = model.predict(validation.tiles, batch_size=MAX_SCORING_BATCH, verbose=0)
    calibration = calibrate(logits, validation.labels)
    return calibration, score(logits, validation.labels, calibration.temperature)
