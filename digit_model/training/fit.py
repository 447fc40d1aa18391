"""A recipe and labelled tiles in, a trained network out."""

import hashlib
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jax
import keras
import numpy as np

from ..architectures import ARCHITECTURES, TRANSFER
from ..arrays import DIGITS, Calibration
from ..data.augment import AUGMENTATIONS
from ..data.mnist import LabelledImages
from ..errors import DigitError
from ..metrics import Scores, calibrate, score
from ..synthesis.digits import draw_digits
from ..synthesis.outliers import combine_digits, draw_outliers
from ..training_log import LOG, epoch_rows, read_log
from .distillation import Teacher
from .distributed import agreed, data_parallel, own_part
from .optimizers import OPTIMIZERS
from .random_numbers import reproducible_random_numbers
from .recipes import RANDOM, Recipe
from .run_state import BEST, Backup, Log, begin, restore, run_folder

_SCORING_BATCH = 500
# Batches that are made while the network learns from the one before them.
_WORKERS, _AHEAD = 2, 5


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, how to read its logits, and how it did on the validation images, if any.

    epochs: those begun. finished: whether the last of them ended, without Ctrl-C.
    columns: how to read the logits of each, where there are any.
    """

    model: keras.Model
    calibration: Calibration
    validation: Scores | None
    epochs: int
    seconds: float
    finished: bool
    columns: tuple[Calibration, ...] = ()


class AugmentedBatches(keras.utils.PyDataset):
    """Shuffled, freshly distorted batches: (batch, 28, 28) float32 tiles and (batch, 10) targets.

    Everything random hangs on the seed, the epoch and the batch's number alone. Of several
    processes that train together each gets its own part of every batch.

    It looks ahead by itself: the queue of Keras's own workers keeps what is left in it for the next
    epoch, how much depends on their speed, and then no run is like another.
    """

    def __init__(
        self,
        images: np.ndarray,
        targets: np.ndarray,
        recipe: Recipe,
        epochs_before: int = 0,
        teacher: Teacher | None = None,
    ):
        super().__init__()
        self._images, self._targets, self._recipe = images, targets, recipe
        self._augment = AUGMENTATIONS[recipe.augment]
        self._part = own_part(recipe.batch_size)
        self._teacher = teacher
        self._pool = ThreadPoolExecutor(_WORKERS)
        self._epoch = epochs_before
        self._shuffle()

    def __len__(self) -> int:
        return len(self._images) // self._recipe.batch_size

    def __getitem__(self, index: int):
        for number in range(index, min(index + _AHEAD, len(self))):
            if number not in self._begun:
                work = self._pool.submit(self._batch, number, self._order, self._key)
                self._begun[number] = work
        return self._begun.pop(index).result()

    def _batch(self, index: int, order: np.ndarray, key: jax.Array):
        size = self._recipe.batch_size
        chosen = order[index * size : (index + 1) * size]
        tiles = self._images[chosen].astype(np.float32) / 255
        tiles = np.asarray(self._augment(jax.random.fold_in(key, index), tiles))[self._part]
        targets = self._targets[chosen][self._part]
        return tiles, self._teacher.targets(tiles, targets) if self._teacher else targets

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        seed = (self._recipe.seed, self._epoch)
        self._order = np.random.default_rng(seed).permutation(len(self._images))
        self._key = jax.random.fold_in(jax.random.key(self._recipe.seed), self._epoch)
        self._begun: dict[int, Future] = {}


class StopOnCtrlC(keras.callbacks.Callback):
    """Lets the first Ctrl-C end the training after the step at hand, and a second one at once.

    Left to itself KeyboardInterrupt is swallowed wherever Keras turns its logs into numbers.
    """

    def __init__(self):
        super().__init__()
        self._asked = False

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.model.stop_training |= self._asked

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take Ctrl-C meanwhile; only a program's main thread can.

        Of several processes none may end before the others: there it ends all at once.
        """
        if threading.current_thread() is not threading.main_thread() or jax.process_count() > 1:
            yield
            return
        before = signal.signal(signal.SIGINT, self._ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _ask(self, *_) -> None:
        self._asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


@reproducible_random_numbers()
def fit(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages | Calibration,
    *,
    start: keras.Model | None = None,
    teacher: Teacher | None = None,
    no_digits: np.ndarray | None = None,
    folder: Path | None = None,
    resume: bool = False,
    devices: int | None = None,
    verbose: int = 1,
) -> Trained:
    """Train by the recipe and return the averaged weights that did best on the validation images.

    recipe: one without columns; ``fit_columns`` trains by one with them.
    validation: images that were held out; or, to learn from those too, what an earlier training
    found with them, and then the weights of the last epoch are returned.
    start: a network of the recipe's architecture whose weights to begin with, else the recipe's.
    teacher: its answers take the place of the labels.
    no_digits: (n, 28, 28) uint8 marks that are no digit, besides those that our code draws.
    folder: gets the log, and the state after each epoch to resume from until ``progress.forget``;
    each of several processes has its own. resume: go on with the interrupted run in the folder, if
    there is one. devices: how many of each process take part; without it as many as divide the
    batches. verbose: Keras's (1 is a progress bar, 2 a line an epoch).
    Ctrl-C ends the training after the step at hand; the epoch so far is validated like any other.
    Raises DigitError for what does not go together, and WeightsUnavailable.
    """
    with run_folder(folder) as folder:
        keras.utils.set_random_seed(recipe.seed)
        scored = [len(validation), _SCORING_BATCH] if isinstance(validation, LabelledImages) else []
        distribution = data_parallel(devices, recipe.batch_size, *scored)
        images, targets = _training_set(recipe, train, no_digits)
        if len(images) < recipe.batch_size:
            raise DigitError(
                f"{len(images):,} images do not fill a batch of {recipe.batch_size:,}. Give more, "
                "or a smaller --batch-size."
            )
        with distribution.scope():
            model = _compiled(recipe, start, len(images) // recipe.batch_size)
            run = identity(recipe, start, teacher, images, targets)
            state, before = begin(folder, run, resume=resume)
            before = agreed(before)
            restore(model, state, before)
            log = Log(folder / LOG, before)
            batches = AugmentedBatches(images, targets, recipe, before, teacher)
            callbacks = _callbacks(state, before, log, best=bool(scored))
            begun = _run(model, recipe.epochs, before, batches, validation, callbacks, verbose)
        return _kept(recipe, state, validation, begun, log.seconds, not model.stop_training)


def identity(
    recipe: Recipe, start: keras.Model | None, teacher: Teacher | None, *data: np.ndarray
) -> dict:
    """What decides the weights, as JSON types."""
    weights = [] if start is None else start.get_weights()
    return {
        "recipe": recipe.as_json(),
        "data": _sha256(*data),
        "start": _sha256(*weights) if weights else None,
        "teacher": teacher.sha256 if teacher else None,
    }


def _sha256(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()


def _training_set(
    recipe: Recipe, train: LabelledImages, no_digits: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) uint8 and targets (n, 10) float32: what is given and what we draw."""
    drawn = draw_digits(recipe.drawn, recipe.seed)
    outliers = _outliers(recipe, train)
    if no_digits is not None:
        outliers = np.concatenate([outliers, no_digits])
    labels = np.concatenate([train.labels, drawn.labels])
    smoothing = recipe.label_smoothing
    sure = np.eye(DIGITS, dtype=np.float32)[labels] * (1 - smoothing) + smoothing / DIGITS
    unsure = np.zeros((len(outliers), DIGITS), np.float32)
    return np.concatenate([train.images, drawn.images, outliers]), np.concatenate([sure, unsure])


def _outliers(recipe: Recipe, train: LabelledImages) -> np.ndarray:
    """Marks that are no digit, (n, 28, 28) uint8; every third is two training digits in one."""
    combined = combine_digits(train, recipe.outliers // 3, recipe.seed)
    return np.concatenate([combined, draw_outliers(recipe.outliers - len(combined), recipe.seed)])


def _compiled(recipe: Recipe, start: keras.Model | None, steps: int) -> keras.Model:
    """A new network with its optimizer, for so many steps an epoch."""
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
    model = _network(recipe, start)
    model.compile(
        optimizer,
        _loss,
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    return model


def _loss(targets, logits):
    """Each digit a yes or no of its own, and the digits against one another.

    The first teaches that outliers are none of the ten; to them the second, all of whose terms are
    multiplied by a target, is 0.
    """
    yes_or_no = keras.ops.binary_crossentropy(targets, logits, from_logits=True)
    which = keras.ops.categorical_crossentropy(targets, logits, from_logits=True)
    return keras.ops.sum(yes_or_no, axis=-1) + which


def _network(recipe: Recipe, start: keras.Model | None) -> keras.Model:
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


def _callbacks(state: Path, before: int, log: Log, *, best: bool) -> list[keras.callbacks.Callback]:
    """What happens between epochs, in this order; best: keep the best epoch, not the last."""
    ended = epoch_rows(read_log(state.parent / LOG))
    scores = [row["val_accuracy"] for row in ended] if best else []
    return [
        log,
        keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
        keras.callbacks.ModelCheckpoint(
            state / BEST,
            monitor="val_accuracy",
            save_best_only=best,
            save_weights_only=True,
            initial_value_threshold=max(scores, default=None),
        ),
        Backup(state, before),
    ]


def _run(
    model: keras.Model,
    last: int,
    before: int,
    batches: AugmentedBatches,
    validation: LabelledImages | Calibration,
    callbacks: list[keras.callbacks.Callback],
    verbose: int,
) -> int:
    """Fit until after the last epoch or Ctrl-C; returns the epochs begun in all."""
    held_out = None
    if isinstance(validation, LabelledImages):
        own = validation[own_part(len(validation))]
        held_out = own.tiles, np.eye(DIGITS, dtype=np.float32)[own.labels]
    stop = StopOnCtrlC()
    with stop.listening():
        model.fit(
            batches,
            # Shuffled already; Keras would draw from a generator that others draw from too.
            shuffle=False,
            initial_epoch=before,
            epochs=last,
            validation_data=held_out,
            validation_batch_size=_SCORING_BATCH,
            callbacks=[stop, *callbacks],
            verbose=verbose,
        )
    return before + len(model.history.epoch)


def _kept(
    recipe: Recipe,
    state: Path,
    validation: LabelledImages | Calibration,
    begun: int,
    seconds: float,
    finished: bool,
) -> Trained:
    """The weights in a new network: the trained one has an optimizer, which is not kept."""
    model = ARCHITECTURES[recipe.architecture]()
    model.load_weights(state / BEST)
    return Trained(model, *assess(model, validation), begun, seconds, finished)


def assess(
    model: keras.Model, validation: LabelledImages | Calibration
) -> tuple[Calibration, Scores | None]:
    """Calibrate the network on the validation images, if there are any, and score it there."""
    if isinstance(validation, Calibration):
        return validation, None
    logits = model.predict(validation.tiles, batch_size=_SCORING_BATCH, verbose=0)
    calibration = calibrate(logits, validation.labels)
    return calibration, score(logits, validation.labels, calibration.temperature)
