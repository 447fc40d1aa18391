"""The training set of a recipe, and its augmented batches."""

from concurrent.futures import Future, ThreadPoolExecutor

import jax
import keras
import numpy as np

from ..arrays import DIGITS
from ..data.augment import AUGMENTATIONS
from ..data.mnist import LabelledImages
from ..synthesis.digits import draw_digits
from ..synthesis.outliers import combine_digits, draw_outliers
from .distillation import Teacher
from .distributed import process_slice
from .recipes import Recipe

_THREADS, _BATCHES_AHEAD = 2, 5


def build_training_set(
    recipe: Recipe, train: LabelledImages, more_outliers: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Add the recipe's synthetic digits and outliers to the training images.

    more_outliers: further images without a digit, (n, 28, 28) uint8.
    Returns images, (n, 28, 28) uint8, and smoothed targets, (n, 10) float32.
    """
    synthetic = draw_digits(recipe.synthetic, recipe.seed)
    outliers = _draw_outliers(recipe, train)
    if more_outliers is not None:
        outliers = np.concatenate([outliers, more_outliers])
    labels = np.concatenate([train.labels, synthetic.labels])
    smoothing = recipe.label_smoothing
    digit_targets = np.eye(DIGITS, dtype=np.float32)[labels] * (1 - smoothing) + smoothing / DIGITS
    outlier_targets = np.zeros((len(outliers), DIGITS), np.float32)
    return (
        np.concatenate([train.images, synthetic.images, outliers]),
        np.concatenate([digit_targets, outlier_targets]),
    )


def _draw_outliers(recipe: Recipe, train: LabelledImages) -> np.ndarray:
    """Draw the recipe's outliers, of which a third combine two training digits."""
    combined = combine_digits(train, recipe.outliers // 3, recipe.seed)
    return np.concatenate([combined, draw_outliers(recipe.outliers - len(combined), recipe.seed)])


class AugmentedBatches(keras.utils.PyDataset):
    """Shuffled and freshly augmented batches: (batch, 28, 28) float32 tiles, (batch, 10) targets.

    Randomness depends only on seed, epoch and batch index. Each of several processes gets its own
    slice of every batch.

    It prepares batches ahead in threads of its own. The queue of Keras's workers carries leftover
    batches into the next epoch, how many depends on timing, and runs would not be reproducible.
    """

    def __init__(
        self,
        images: np.ndarray,
        targets: np.ndarray,
        recipe: Recipe,
        epochs_done: int = 0,
        teacher: Teacher | None = None,
    ):
        super().__init__()
        self._images, self._targets, self._recipe = images, targets, recipe
        self._augment = AUGMENTATIONS[recipe.augment]
        self._slice = process_slice(recipe.batch_size)
        self._teacher = teacher
        self._pool = ThreadPoolExecutor(_THREADS)
        self._epoch = epochs_done
        self._shuffle()

    def __len__(self) -> int:
        return len(self._images) // self._recipe.batch_size

    def __getitem__(self, index: int):
        for number in range(index, min(index + _BATCHES_AHEAD, len(self))):
            if number not in self._pending:
                work = self._pool.submit(self._batch, number, self._order, self._key)
                self._pending[number] = work
        return self._pending.pop(index).result()

    def _batch(self, index: int, order: np.ndarray, key: jax.Array):
        size = self._recipe.batch_size
        chosen = order[index * size : (index + 1) * size]
        tiles = self._images[chosen].astype(np.float32) / 255
        # The whole batch is augmented, so that the result does not depend on the processes.
        tiles = np.asarray(self._augment(jax.random.fold_in(key, index), tiles))[self._slice]
        targets = self._targets[chosen][self._slice]
        return tiles, self._teacher.targets(tiles, targets) if self._teacher else targets

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        seed = (self._recipe.seed, self._epoch)
        self._order = np.random.default_rng(seed).permutation(len(self._images))
        self._key = jax.random.fold_in(jax.random.key(self._recipe.seed), self._epoch)
        self._pending: dict[int, Future] = {}
