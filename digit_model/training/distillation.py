"""Distil a large network into a small one (Hinton et al. 2015, https://arxiv.org/abs/1503.02531).

The teacher sees each augmented image exactly as the student does (Beyer et al. 2022,
https://arxiv.org/abs/2106.05237), so an image that became ambiguous gets ambiguous targets.
"""

import jax
import keras
import numpy as np

from ..architectures import inference

# Softens the answers, so that the targets also say which other digits an image resembles.
_TEMPERATURE = 2


class Teacher:
    """A trained network whose answers replace the labels; safe to call from several threads.

    sha256: of its weights, in hexadecimal.
    """

    def __init__(
        self, model: keras.Model, temperature: float, sha256: str, *, knows_outliers: bool = False
    ):
        """Compile the network's answers.

        temperature: what its logits are divided by for calibrated probabilities.
        knows_outliers: whether it learned to refuse outliers, and so can teach that too.
        """
        self.sha256 = sha256
        logits_of, softened = inference(model), temperature * _TEMPERATURE

        def answers(tiles: jax.Array) -> tuple[jax.Array, jax.Array]:
            logits = logits_of(tiles)
            return jax.nn.softmax(logits / softened), jax.nn.sigmoid(logits)

        self._answers = jax.jit(answers)
        self._knows_outliers = knows_outliers

    def targets(self, tiles: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the targets of (n, 28, 28) float32 tiles in 0..1, as (n, 10) float32.

        labels: the targets without a teacher, of the same shape. A row of zeros marks an outlier:
        its targets are the teacher's separate yes-or-no answers for the ten digits, or stay zero
        if the teacher does not know outliers. Digits get the softened distribution over the ten.
        """
        which, yes_or_no = self._answers(tiles)
        is_digit = labels.any(axis=1, keepdims=True)
        return np.where(is_digit, which, yes_or_no if self._knows_outliers else labels)
