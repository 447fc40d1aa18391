"""A recipe and labelled tiles in, a trained network out."""

import csv
import math
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import jax
import keras
import numpy as np

from ..architectures import ARCHITECTURES
from ..arrays import DIGITS, Calibration
from .augment import augment
from .dataset import Labelled
from .metrics import Scores, calibrate, score
from .outliers import combine_digits, draw_outliers
from .strokes import draw_digits

_SCORING_BATCH = 500


def _flag(default, help_text: str):
    """A field of Recipe that train.py turns into a flag with this help text."""
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True)
class Recipe:
    """The choices for a run; with the data they decide the weights."""

    architecture: str = _flag("cnn", "which network to train")
    epochs: int = _flag(22, "passes over the training set")
    batch_size: int = _flag(128, "images a step")
    learning_rate: float = _flag(3e-3, "peak learning rate, reached early and then lowered to 0")
    weight_decay: float = _flag(1e-2, "decoupled weight decay (AdamW)")
    label_smoothing: float = _flag(0.05, "share of each target spread over all ten digits")
    ema_share: float = _flag(0.03, "part of the run that the averaged weights look back over")
    augment: bool = _flag(True, "distort every training image anew in each epoch")
    drawn: int = _flag(24_000, "digits drawn by our own code that join the training set")
    outliers: int = _flag(26_000, "marks that are no digit, for which all ten targets are 0")
    seed: int = _flag(0, "decides the split, the first weights, the order and every distortion")


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, how to read its logits, and how it did on the validation images."""

    model: keras.Model
    calibration: Calibration
    validation: Scores
    epochs: int
    seconds: float


class AugmentedBatches(keras.utils.PyDataset):
    """Shuffled, freshly distorted batches: (batch, 28, 28) float32 tiles and (batch, 10) targets.

    Everything random hangs on the seed, the epoch and the batch's number alone.
    """

    def __init__(self, images: np.ndarray, targets: np.ndarray, recipe: Recipe):
        super().__init__(workers=2, max_queue_size=4)
        self._images, self._targets, self._recipe = images, targets, recipe
        self._epoch = 0
        self._shuffle()

    def __len__(self) -> int:
        return len(self._images) // self._recipe.batch_size

    def __getitem__(self, index: int):
        size = self._recipe.batch_size
        chosen = self._order[index * size : (index + 1) * size]
        tiles = self._images[chosen].astype(np.float32) / 255
        if self._recipe.augment:
            tiles = np.asarray(augment(jax.random.fold_in(self._key, index), tiles))
        return tiles, self._targets[chosen]

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        seed = (self._recipe.seed, self._epoch)
        self._order = np.random.default_rng(seed).permutation(len(self._images))
        self._key = jax.random.fold_in(jax.random.key(self._recipe.seed), self._epoch)


class HistoryFile(keras.callbacks.Callback):
    """Writes a line an epoch into a CSV file, closed in between so that nothing is lost."""

    def __init__(self, path: Path):
        super().__init__()
        self._path = path
        self._path.unlink(missing_ok=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        row = {"epoch": epoch + 1, **{k: round(float(v), 6) for k, v in (logs or {}).items()}}
        with self._path.open("a", newline="", encoding="ascii") as file:
            writer = csv.DictWriter(file, row)
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow(row)


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
        """Take Ctrl-C meanwhile; only a program's main thread can."""
        if threading.current_thread() is not threading.main_thread():
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


def fit(
    recipe: Recipe,
    train: Labelled,
    validation: Labelled,
    *,
    start: keras.Model | None = None,
    no_digits: np.ndarray | None = None,
    history: Path | None = None,
    verbose: int = 1,
) -> Trained:
    """Train by the recipe and return the averaged weights that did best on the validation images.

    start: a network of the recipe's architecture whose weights to begin with, else random ones.
    no_digits: (n, 28, 28) uint8 marks that are no digit, besides those that our code draws.
    history: a CSV file that gets a line an epoch. verbose: Keras's (1 is a progress bar).
    Ctrl-C ends the training after the step at hand; the epoch so far is validated like any other.
    """
    keras.utils.set_random_seed(recipe.seed)
    images, targets = _training_set(recipe, train, no_digits)
    batches = AugmentedBatches(images, targets, recipe)
    started = time.perf_counter()
    with _distribution(recipe.batch_size, len(validation)).scope():
        model = _compiled(recipe, len(batches))
        if start is not None:
            model.set_weights(start.get_weights())
        model, epochs = _run(model, recipe, batches, validation, history, verbose)
        logits = model.predict(validation.tiles, batch_size=_SCORING_BATCH, verbose=0)
    calibration = calibrate(logits, validation.labels)
    return Trained(
        model,
        calibration,
        score(logits, validation.labels, calibration.temperature),
        epochs,
        time.perf_counter() - started,
    )


def _training_set(
    recipe: Recipe, train: Labelled, no_digits: np.ndarray | None
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


def _outliers(recipe: Recipe, train: Labelled) -> np.ndarray:
    """Marks that are no digit, (n, 28, 28) uint8; every third is two training digits in one."""
    combined = combine_digits(train, recipe.outliers // 3, recipe.seed)
    return np.concatenate([combined, draw_outliers(recipe.outliers - len(combined), recipe.seed)])


def _distribution(batch_size: int, held_out: int) -> keras.distribution.DataParallel:
    """Every local device that divides the batches evenly.

    XLA runs much of a convolution's training step on one core, so that on a CPU two virtual
    devices train a network up to twice as fast as one (benchmarks/LOG.md).
    """
    devices = keras.distribution.list_devices()
    even = math.gcd(batch_size, held_out, _SCORING_BATCH)
    count = max(n for n in range(1, len(devices) + 1) if even % n == 0)
    return keras.distribution.DataParallel(devices=devices[:count], auto_shard_dataset=False)


def use_all_cores() -> None:
    """Show each CPU core to JAX as a device of its own. Call before anything runs on JAX."""
    jax.config.update("jax_num_cpu_devices", min(os.cpu_count() or 1, 8))


def _compiled(recipe: Recipe, steps: int) -> keras.Model:
    """A new network with its optimizer, for so many steps an epoch."""
    total = steps * recipe.epochs
    warmup = total // 10
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 25,
        total - warmup,
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=recipe.weight_decay,
        use_ema=True,
        ema_momentum=1 - 1 / max(1, recipe.ema_share * total),
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model = ARCHITECTURES[recipe.architecture]()
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


def _run(
    model: keras.Model,
    recipe: Recipe,
    batches: AugmentedBatches,
    validation: Labelled,
    history: Path | None,
    verbose: int,
) -> tuple[keras.Model, int]:
    """Fit; returns a new network with the best averaged weights, and the epochs begun.

    The trained one has an optimizer, which does not belong into a checkpoint.
    """
    truth = np.eye(DIGITS, dtype=np.float32)[validation.labels]
    with tempfile.TemporaryDirectory() as folder:
        best = Path(folder) / "best.weights.h5"
        stop = StopOnCtrlC()
        callbacks = [
            stop,
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            keras.callbacks.ModelCheckpoint(
                best, monitor="val_accuracy", save_best_only=True, save_weights_only=True
            ),
        ]
        if history is not None:
            callbacks.append(HistoryFile(history))
        with stop.listening():
            model.fit(
                batches,
                # Shuffled already; Keras would draw from a generator that others draw from too.
                shuffle=False,
                epochs=recipe.epochs,
                validation_data=(validation.tiles, truth),
                validation_batch_size=_SCORING_BATCH,
                callbacks=callbacks,
                verbose=verbose,
            )
        finished = ARCHITECTURES[recipe.architecture]()
        finished.load_weights(best)
    return finished, len(model.history.epoch)
