"""Why a network says what it says: which places of a tile speak for a digit.

Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391) for networks with a feature map;
gradient x input (Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713) for those without.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import keras
import numpy as np

from .architectures import FEATURES
from .arrays import TILE_SIZE, Heatmap, Tile

GRAD_CAM = "Grad-CAM"
GRADIENT_INPUT = "gradient × input"


class Explainer:
    """Draws heatmaps for one network; compiled when it is made, safe to call from threads.

    method: which explanation the network allows, GRAD_CAM or GRADIENT_INPUT.
    """

    def __init__(self, model: keras.Model):
        has_features = any(layer.name == FEATURES for layer in model.layers)
        self.method = GRAD_CAM if has_features else GRADIENT_INPUT
        evidence = grad_cam(model) if has_features else gradient_input(model)
        tile = jax.ShapeDtypeStruct((TILE_SIZE, TILE_SIZE), jnp.float32)
        digit = jax.ShapeDtypeStruct((), jnp.int32)
        self._evidence = jax.jit(evidence).lower(tile, digit).compile()

    def heatmap(self, tile: Tile, digit: int) -> Heatmap:
        """What speaks for ``digit`` (0 to 9) in a (28, 28) tile.

        Returns (28, 28) float32 in 0..1, 1 at the strongest place; all 0 where nothing speaks for
        the digit.
        """
        evidence = np.maximum(self._evidence(np.asarray(tile, np.float32), np.int32(digit)), 0)
        peak = evidence.max()
        return evidence / peak if peak > 0 else evidence


def grad_cam(model: keras.Model) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """(tile, digit) -> Grad-CAM before its ReLU and scaling, stretched to (28, 28).

    The feature maps are weighted by their mean gradient of the digit's logit and summed (eq. 1
    and 2 of the paper).
    """
    features = model.get_layer(FEATURES).output
    below = _inference(keras.Model(model.input, features))
    above = _inference(keras.Model(features, model.output))

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        maps = below(tile[None])
        gradients = jax.grad(lambda maps: above(maps)[0, digit])(maps)
        weights = gradients.mean(axis=(1, 2), keepdims=True)
        coarse = (weights * maps).sum(axis=-1)[0]
        return jax.image.resize(coarse, (TILE_SIZE, TILE_SIZE), "linear")

    return evidence


def gradient_input(model: keras.Model) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """(tile, digit) -> each pixel's value times its gradient of the digit's logit, (28, 28)."""
    logits = _inference(model)

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        return tile * jax.grad(lambda tile: logits(tile[None])[0, digit])(tile)

    return evidence


def _inference(model: keras.Model) -> Callable[[jax.Array], jax.Array]:
    """The model as a pure function with its weights as they are now."""
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    return lambda x: model.stateless_call(trainable, others, x, training=False)[0]
