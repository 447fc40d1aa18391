"""Explain the answer of a network: which pixels of a tile count for a digit.

Networks with a feature map are explained by Grad-CAM (Selvaraju et al. 2017,
https://arxiv.org/abs/1610.02391), or by HiResCAM (Draelos and Carin 2020,
https://arxiv.org/abs/2011.08891) if their last layer weights each position on its own, and by the
sharper LayerCAM (Jiang et al. 2021, https://doi.org/10.1109/TIP.2021.3089943). Other networks are
explained by gradient x input (Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713).
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import layers

from .architectures import FEATURES, inference, members
from .arrays import DIGITS, TILE_SIZE, Heatmap, Tile

GRAD_CAM = "Grad-CAM"
HIRES_CAM = "HiResCAM"
LAYER_CAM = "LayerCAM"
GRADIENT_INPUT = "gradient × input"

# Takes a (28, 28) tile and a digit, and returns the evidence for the digit, (28, 28).
Evidence = Callable[[jax.Array, jax.Array], jax.Array]
EvidenceBuilder = Callable[[keras.Model], Evidence]
# Takes (n, 28, 28) tiles, and returns their logits, (n, 10), and their evidence, if it is computed.
LogitsAndEvidence = Callable[[jax.Array], tuple[jax.Array, jax.Array | None]]

# The maps of a convolution are used after these layers: before the activation their sign is not
# settled, and the gradient of a maximum pooling is a grid.
_FINISHING_LAYERS = (
    layers.BatchNormalization,
    layers.Activation,
    layers.ReLU,
    layers.LeakyReLU,
    layers.MaxPooling2D,
)


class Explainer:
    """Computes heatmaps for one network. Safe to use in threads.

    methods: the names of the methods that suit the network, of which the first is the default. Each
        is compiled when it is first used.
    """

    def __init__(self, model: keras.Model):
        builders = _builders(model)
        self.methods = tuple(builders)
        self._evidence = _compiled_on_demand(builders, model)
        # If all were scaled to a peak of 1, weak evidence for one digit would look like strong
        # evidence for another.
        self._unscaled = dict(self._evidence)
        if LAYER_CAM in builders:
            unscaled = {LAYER_CAM: average_over_members(layer_cam)}
            self._unscaled |= _compiled_on_demand(unscaled, model)

    def heatmap(self, tile: Tile, digit: int, method: str | None = None) -> Heatmap:
        """Return which pixels of a (28, 28) tile count for a digit, 0 to 9.

        method: one of ``methods``; by default the first.
        Returns (28, 28) float32 in 0..1 with a maximum of 1, or all 0 if nothing counts for the
        digit.
        """
        return _scaled(_evaluate(self._evidence[method or self.methods[0]](), tile, digit))

    def contrast(self, tile: Tile, digit: int, other: int, method: str | None = None) -> np.ndarray:
        """Return which pixels of a (28, 28) tile count for one digit rather than for another.

        This is the evidence for ``digit`` minus the evidence for ``other``. With Grad-CAM or
        HiResCAM its sum is, up to a constant, by how much the logit of ``digit`` is larger.
        digit, other: 0 to 9. method: one of ``methods``; by default the first.
        Returns (28, 28) float32 in -1..1: positive where a pixel counts for ``digit``, negative
        where it counts for ``other``. Its largest magnitude is 1, unless all are 0.
        """
        compute = self._unscaled[method or self.methods[0]]()
        difference = _evaluate(compute, tile, digit) - _evaluate(compute, tile, other)
        return _divided_by(np.abs(difference).max(), difference)


def _compiled_on_demand(
    builders: dict[str, EvidenceBuilder], model: keras.Model
) -> dict[str, Callable[[], Callable]]:
    return {
        name: functools.cache(functools.partial(_compile, builder, model))
        for name, builder in builders.items()
    }


def _evaluate(evidence: Callable, tile: Tile, digit: int) -> np.ndarray:
    return np.asarray(evidence(np.asarray(tile, np.float32), np.int32(digit)))


def heatmap_of(evidence: np.ndarray) -> Heatmap:
    """Return the heatmap of the default method from the evidence of ``logits_and_evidence``.

    evidence: (rows, columns) for one digit of one tile.
    """
    rows, columns = map(_enlarging, evidence.shape)
    return _scaled(rows @ evidence @ columns.T)


@functools.cache
def _enlarging(size: int) -> np.ndarray:
    """Return the (28, size) matrix that resizes a column as _resize does."""
    return np.asarray(jax.image.resize(np.eye(size, dtype=np.float32), (TILE_SIZE, size), "linear"))


def _scaled(evidence: np.ndarray) -> Heatmap:
    evidence = np.maximum(evidence, 0)
    return _divided_by(evidence.max(), evidence)


def _divided_by(peak: float, evidence: np.ndarray) -> np.ndarray:
    return evidence / peak if peak > 0 else evidence


def _builders(model: keras.Model) -> dict[str, EvidenceBuilder]:
    """Return the methods that suit a network, by their names."""
    networks = members(model)
    if not all(map(_has_features, networks)):
        return {GRADIENT_INPUT: gradient_input}
    first = GRAD_CAM if all(map(_averages_positions, networks)) else HIRES_CAM
    return {
        first: average_over_members(hires_cam),
        LAYER_CAM: average_over_members(_scaled_to_peak(layer_cam)),
    }


def _has_features(network: keras.Model) -> bool:
    return any(layer.name == FEATURES for layer in network.layers)


def _averages_positions(network: keras.Model) -> bool:
    return any(isinstance(layer, layers.GlobalAveragePooling2D) for layer in network.layers)


def average_over_members(build: EvidenceBuilder) -> EvidenceBuilder:
    """Average the evidence of an ensemble's members, as the ensemble averages their logits."""

    def build_average(model: keras.Model) -> Evidence:
        evidences = [build(member) for member in members(model)]
        return lambda tile, digit: jnp.mean(
            jnp.stack([evidence(tile, digit) for evidence in evidences]), axis=0
        )

    return build_average


def _scaled_to_peak(build: EvidenceBuilder) -> EvidenceBuilder:
    """Scale evidence to a maximum of 1, so that no member of an ensemble outweighs the others."""

    def build_scaled(model: keras.Model) -> Evidence:
        compute = build(model)

        def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
            unscaled = compute(tile, digit)
            return unscaled / jnp.maximum(unscaled.max(), jnp.finfo(jnp.float32).tiny)

        return evidence

    return build_scaled


def hires_cam(model: keras.Model) -> Evidence:
    """Build HiResCAM, before its ReLU and scaling, resized to (28, 28).

    Each position of each feature map is multiplied by its gradient of the digit's logit, and the
    maps are summed (eq. 3 of the paper). If a linear layer follows the features, this is what each
    position adds to the logit. If an average over all positions follows, the gradients are equal
    everywhere, and this is Grad-CAM. Grad-CAM's mean gradient is not used for other networks: it
    found nothing in two of five digits (benchmarks/LOG.md).
    """
    below, above = _split(model, model.get_layer(FEATURES).output)

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        maps = below(tile[None])
        return _resize((_gradients(above, maps, digit) * maps).sum(axis=-1)[0])

    return evidence


def logits_and_evidence(model: keras.Model) -> LogitsAndEvidence:
    """Build the function from tiles to logits and each digit's evidence, in one forward pass.

    The evidence is (n, 10, rows, columns), as of ``hires_cam`` before it is resized; None for an
    ensemble or without a feature map.
    """
    if not _has_features(model):
        logits = inference(model)
        return lambda tiles: (logits(tiles), None)
    below, above = _split(model, model.get_layer(FEATURES).output)

    def evaluate(tiles: jax.Array) -> tuple[jax.Array, jax.Array]:
        maps = below(tiles)
        logits, pulled_back = jax.vjp(above, maps)
        each = jnp.broadcast_to(jnp.eye(DIGITS)[:, None], (DIGITS, *logits.shape))
        gradients = jax.vmap(lambda one: pulled_back(one)[0])(each)
        return logits, jnp.einsum("dnyxc,nyxc->ndyx", gradients, maps)

    return evaluate


def layer_cam(model: keras.Model) -> Evidence:
    """Build LayerCAM, (28, 28), at least 0.

    Each position of each feature map is multiplied by the positive part of its gradient (eq. 5 and
    6 of the paper). If the network has a finer map below its features, the two are multiplied: the
    features tell which parts count for the digit, and the finer map where exactly they are. The
    paper takes the maximum of both, which keeps the blobs of the coarse map.
    """
    features = model.get_layer(FEATURES).output
    below, above = _split(model, features)

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        maps = below(tile[None])
        return _layer_cam_of(maps, _gradients(above, maps, digit))

    finer = _finer_maps(model, features)
    return evidence if finer is None else _fused_layer_cam(model, finer, features, above)


def _fused_layer_cam(
    model: keras.Model, finer: keras.KerasTensor, features: keras.KerasTensor, above: Callable
) -> Evidence:
    """Build LayerCAM of the finer maps times that of the features, in one backward pass."""
    below = inference(keras.Model(model.input, finer))
    between = inference(keras.Model(finer, features))

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        fine = below(tile[None])
        coarse, pulled_back = jax.vjp(between, fine)
        gradients = _gradients(above, coarse, digit)
        return _layer_cam_of(coarse, gradients) * _layer_cam_of(fine, *pulled_back(gradients))

    return evidence


def gradient_input(model: keras.Model) -> Evidence:
    """Build gradient x input: each pixel times its gradient of the digit's logit, (28, 28)."""
    logits = inference(model)

    def evidence(tile: jax.Array, digit: jax.Array) -> jax.Array:
        return tile * _gradients(logits, tile[None], digit)[0]

    return evidence


def _layer_cam_of(maps: jax.Array, gradients: jax.Array) -> jax.Array:
    """Return LayerCAM of one layer, (28, 28), from its (1, y, x, channels) maps and gradients."""
    weighted = jnp.maximum(gradients, 0) * maps
    return _resize(jnp.maximum(weighted.sum(axis=-1)[0], 0))


def _finer_maps(model: keras.Model, features: keras.KerasTensor) -> keras.KerasTensor | None:
    """Return the first finished maps of the next finer size that all information passes."""
    finer = sorted(
        (
            layer.output
            for layer, following in zip(model.layers, model.layers[1:], strict=False)
            if _is_finer(layer.output, features) and not isinstance(following, _FINISHING_LAYERS)
        ),
        key=lambda maps: maps.shape[1],
    )
    return next((maps for maps in finer if _is_bottleneck(model, maps)), None)


def _is_finer(maps: keras.KerasTensor, features: keras.KerasTensor) -> bool:
    """Return whether maps are finer and learned, not the tile itself in up to three channels."""
    return len(maps.shape) == 4 and maps.shape[1] > features.shape[1] and maps.shape[3] > 3


def _is_bottleneck(model: keras.Model, maps: keras.KerasTensor) -> bool:
    try:
        keras.Model(maps, model.output)
    except ValueError:  # Keras: the output needs more than these maps, as inside a residual block.
        return False
    return True


def _compile(build: EvidenceBuilder, model: keras.Model) -> Callable:
    tile = jax.ShapeDtypeStruct((TILE_SIZE, TILE_SIZE), jnp.float32)
    digit = jax.ShapeDtypeStruct((), jnp.int32)
    return jax.jit(build(model)).lower(tile, digit).compile()


def _split(model: keras.Model, maps: keras.KerasTensor) -> tuple[Callable, Callable]:
    """Return the network from a tile to these maps, and from them to the logits."""
    return (
        inference(keras.Model(model.input, maps)),
        inference(keras.Model(maps, model.output)),
    )


def _gradients(logits: Callable, at: jax.Array, digit: jax.Array) -> jax.Array:
    return jax.grad(lambda at: logits(at)[0, digit])(at)


def _resize(maps: jax.Array) -> jax.Array:
    return jax.image.resize(maps, (TILE_SIZE, TILE_SIZE), "linear")
