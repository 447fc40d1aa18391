"""Knowledge distillation (Hinton et al. 2015, https://arxiv.org/abs/1503.02531).

The teacher sees each distorted image as the network that learns from it does (Beyer et al. 2022,
https://arxiv.org/abs/2106.05237): what is no longer clear in it is not taught as if it were.
"""

import jax
import keras
import numpy as np

from ..architectures import inference

# Hinton's: the answers are softened, so that what else a digit looks like is taught too.
_TEMPERATURE = 2


class Teacher:
    """A trained network whose answers take the place of the labels; safe to call from threads.

    sha256: of its weights, in hexadecimal.
    """

    def __init__(self, model: keras.Model, temperature: float, sha256: str):
        """temperature: what its logits are divided by for honest probabilities."""
        self.sha256 = sha256
        logits, temperature = inference(model), temperature * _TEMPERATURE
        self._answers = jax.jit(lambda tiles: jax.nn.softmax(logits(tiles) / temperature))

    def targets(self, tiles: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """What to learn of (n, 28, 28) float32 tiles in 0..1, as (n, 10) float32.

        labels: what else would be learned, of the same shape; where they are all 0 the tile is no
        digit, of which the teacher need know nothing, and they stay.
        """
        return np.where(labels.any(axis=1, keepdims=True), self._answers(tiles), labels)
