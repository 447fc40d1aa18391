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

    def __init__(self, model: keras.Model, temperature: float, sha256: str):
        """Compile the network's answers.

        temperature: what its logits are divided by for calibrated probabilities.
        """
        self.sha256 = sha256
        logits_of, softened = inference(model), temperature * _TEMPERATURE
        self._answers = jax.jit(lambda tiles: jax.nn.softmax(logits_of(tiles) / softened))

    def targets(self, tiles: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the targets of (n, 28, 28) float32 tiles in 0..1, as (n, 10) float32.

        labels: the targets without a teacher, of the same shape. A row of zeros marks an outlier,
        and stays: a student of the teacher's answers for outliers would refuse no more than it.
        Digits get the softened distribution over the ten.
        """
        is_digit = labels.any(axis=1, keepdims=True)
        return np.where(is_digit, self._answers(tiles), labels)
