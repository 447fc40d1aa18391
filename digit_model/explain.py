"""Why a network says what it says: which places of a tile speak for a digit.

For networks with a feature map Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391),
or HiResCAM (Draelos and Carin 2020, https://arxiv.org/abs/2011.08891) where the last layer sees
each place on its own, and the finer LayerCAM (Jiang et al. 2021,
https://doi.org/10.1109/TIP.2021.3089943); gradient x input (Shrikumar et al. 2016,
https://arxiv.org/abs/1605.01713) for those without.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import layers

from .architectures import FEATURES, inference, members
from .arrays import TILE_SIZE, Heatmap, Tile

GRAD_CAM = "Grad-CAM"
HIRES_CAM = "HiResCAM"
LAYER_CAM = "LayerCAM"
GRADIENT_INPUT = "gradient × input"

Evidence = Callable[[jax.Array, jax.Array], jax.Array]
Maker = Callable[[keras.Model], Evidence]

# What a convolution is to pass through before its maps are looked at: the sign is not settled
# before the activation, and the gradient of a maximum pooling is a grid.
_FINISHING = (
    layers.BatchNormalization,
    layers.Activation,
    layers.ReLU,
    layers.LeakyReLU,
    layers.MaxPooling2D,
)


class Explainer:
    """Draws heatmaps for one network; safe to call from threads.

    methods: which explanations the network allows; the first is the one that is meant when none
    is named, and is compiled when this is made. The others are compiled at their first use.
    """

    def __init__(self, model: keras.Model):
        makers = _makers(model)
        self.methods = tuple(makers)
        self._evidence: dict[str, Callable] = {
            name: functools.cache(functools.partial(_compiled, maker, model))
            for name, maker in makers.items()
        }
        self._evidence[self.methods[0]]()

    def heatmap(self, tile: Tile, digit: int, method: str | None = None) -> Heatmap:
        """What speaks for ``digit`` (0 to 9) in a (28, 28) tile.

        method: one of ``methods``; without it the first.
        Returns (28, 28) float32 in 0..1, 1 at the strongest place; all 0 where nothing speaks for
        the digit.
        """
        run = self._evidence[method or self.methods[0]]()
        evidence = np.maximum(run(np.asarray(tile, np.float32), np.int32(digit)), 0)
        peak = evidence.max()
        return evidence / peak if peak > 0 else evidence


def _makers(model: keras.Model) -> dict[str, Maker]:
    """The methods that a network allows, by their names."""
    networks = members(model)
    if not all(map(_has_features, networks)):
        return {GRADIENT_INPUT: gradient_input}
    first = GRAD_CAM if all(map(_averages_places, networks)) else HIRES_CAM
    return {
        first: average_over_members(hires_cam),
        LAYER_CAM: average_over_members(_peaking(layer_cam)),
    }


def _has_features(network: keras.Model) -> bool:
    return any(layer.name == FEATURES for layer in network.layers)


def _averages_places(network: keras.Model) -> bool:
    return any(isinstance(layer, layers.GlobalAveragePooling2D) for layer in network.layers)


def average_over_members(maker: Maker) -> Maker:
    """The mean of the columns' evidence, as a network's logits are the mean of its columns'."""

    def made(model: keras.Model) -> Evidence:
        parts = [maker(column) for column in members(model)]
        return lambda tile, digit: jnp.mean(
            jnp.stack([part(tile, digit) for part in parts]), axis=0
        )

    return made


def _peaking(maker: Maker) -> Maker:
    """Evidence that is 1 at its peak: as LayerCAM gives it one column outweighed the rest."""

    def made(model: keras.Model) -> Evidence:
        run = maker(model)

        def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
            found = run(tile, digit)
            return found / jnp.maximum(found.max(), jnp.finfo(jnp.float32).tiny)

        return evidence

    return made


def hires_cam(model: keras.Model) -> Evidence:
    """(tile, digit) -> HiResCAM before its ReLU and scaling, stretched to (28, 28).

    Each place of each feature map is weighted by its own gradient of the digit's logit, and the
    maps are summed (eq. 3 of the paper): with a linear layer behind the features, that is what each
    place adds to the logit. Behind an average over the places their gradients are alike, and this
    is Grad-CAM; where the last layer sees each place, Grad-CAM's own mean gradient found nothing
    in two of five digits (benchmarks/LOG.md).
    """
    below, above = _split(model, model.get_layer(FEATURES).output)

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        maps = below(tile[None])
        return _stretched((_gradients(above, maps, digit) * maps).sum(axis=-1)[0])

    return evidence


def layer_cam(model: keras.Model) -> Evidence:
    """(tile, digit) -> LayerCAM, (28, 28), not below 0.

    Each place of each feature map is weighted by the positive part of its own gradient (eq. 5 and
    6 of the paper). Where the network has a finer map below its features, the two are multiplied:
    the features say which parts speak for the digit, the finer map where exactly they are. The
    paper fuses by the maximum, which keeps the coarse map's blots.
    """
    features = model.get_layer(FEATURES).output
    below, above = _split(model, features)

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        maps = below(tile[None])
        return _seen(maps, _gradients(above, maps, digit))

    finer = _finer_maps(model, features)
    return evidence if finer is None else _fused(model, finer, features, above)


def _fused(
    model: keras.Model, finer: keras.KerasTensor, features: keras.KerasTensor, above: Callable
) -> Evidence:
    """LayerCAM of the finer maps times that of the features, in one pass back through both."""
    below = inference(keras.Model(model.input, finer))
    between = inference(keras.Model(finer, features))

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        fine = below(tile[None])
        coarse, pulled_back = jax.vjp(between, fine)
        gradients = _gradients(above, coarse, digit)
        return _seen(coarse, gradients) * _seen(fine, *pulled_back(gradients))

    return evidence


def gradient_input(model: keras.Model) -> Evidence:
    """(tile, digit) -> each pixel's value times its gradient of the digit's logit, (28, 28)."""
    logits = inference(model)

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        return tile * _gradients(logits, tile[None], digit)[0]

    return evidence


def _seen(maps: jax.Array, gradients: jax.Array) -> jax.Array:
    """LayerCAM of one layer, (28, 28), from its maps and their gradients, (1, y, x, channels)."""
    weighted = jnp.maximum(gradients, 0) * maps
    return _stretched(jnp.maximum(weighted.sum(axis=-1)[0], 0))


def _finer_maps(model: keras.Model, features: keras.KerasTensor) -> keras.KerasTensor | None:
    """The first finished maps of the next finer size that all information passes through."""
    finer = sorted(
        (
            layer.output
            for layer, following in zip(model.layers, model.layers[1:], strict=False)
            if _is_finer(layer.output, features) and not isinstance(following, _FINISHING)
        ),
        key=lambda maps: maps.shape[1],
    )
    return next((maps for maps in finer if _is_bottleneck(model, maps)), None)


def _is_finer(maps: keras.KerasTensor, features: keras.KerasTensor) -> bool:
    """Whether these are learned maps, not the tile itself in up to three channels."""
    return len(maps.shape) == 4 and maps.shape[1] > features.shape[1] and maps.shape[3] > 3


def _is_bottleneck(model: keras.Model, maps: keras.KerasTensor) -> bool:
    try:
        keras.Model(maps, model.output)
    except ValueError:  # Keras: the output needs more than these maps, as inside a residual block.
        return False
    return True


def _compiled(maker: Maker, model: keras.Model) -> Callable:
    tile = jax.ShapeDtypeStruct((TILE_SIZE, TILE_SIZE), jnp.float32)
    digit = jax.ShapeDtypeStruct((), jnp.int32)
    return jax.jit(maker(model)).lower(tile, digit).compile()


def _split(model: keras.Model, maps: keras.KerasTensor) -> tuple[Callable, Callable]:
    """The network from a tile to these maps, and from there to the logits."""
    return (
        inference(keras.Model(model.input, maps)),
        inference(keras.Model(maps, model.output)),
    )


def _gradients(logits: Callable, at: jax.Array, digit: jax.Array) -> jax.Array:
    return jax.grad(lambda at: logits(at)[0, digit])(at)


def _stretched(maps: jax.Array) -> jax.Array:
    return jax.image.resize(maps, (TILE_SIZE, TILE_SIZE), "linear")
