"""Adapt the networks of keras.applications to tiles: layers before and after them."""

import warnings
from collections.abc import Callable

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from ..errors import WeightsUnavailable
from .im2col import with_products

# Both networks halve the size five times, so 32 would leave a single position for the heatmap. At
# 96, the smallest size that keras.applications offers weights for, an epoch of ResNet50 takes over
# an hour on two cores.
PICTURE_SIZE = 48
# Keras's values, 0.99 and for MobileNetV2 0.999, average over more steps than a short run has:
# after 429 steps with 0.99, MobileNetV2's deep layers still used the variances they started with.
BATCH_MOMENTUM = 0.9


def colour_pictures():
    """Return an input for tiles, and the tiles as (n, 48, 48, 3) grey RGB pictures in 0..255."""
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = layers.Rescaling(255)(layers.Resizing(PICTURE_SIZE, PICTURE_SIZE)(x))
    return tiles, layers.Concatenate()([x, x, x])


def with_backbone(
    build: Callable[..., keras.Model], pictures, tiles, weights: str | None
) -> keras.Model:
    """Put a network of keras.applications and a linear layer for the logits after the pictures.

    build: the function of keras.applications. weights: "imagenet" for Keras's own download, None
    for random weights. Raises WeightsUnavailable if the download fails.
    """
    try:
        with warnings.catch_warnings():
            # MobileNetV2 warns that for this size it uses the weights for 224x224.
            warnings.filterwarnings("ignore", message="`input_shape` is undefined")
            backbone = build(
                include_top=False,
                weights=weights,
                input_tensor=pictures,
                input_shape=pictures.shape[1:],
            )
    # Keras raises a plain Exception if a download fails, and OSError if the file is damaged.
    except Exception as error:
        if weights is None:
            raise
        raise WeightsUnavailable(
            "The ImageNet weights could not be downloaded from storage.googleapis.com. Check the "
            f"network, or start from random weights: --pretrained none. ({error})"
        ) from error
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = BATCH_MOMENTUM
    x = layers.Identity(name="features")(backbone.output)
    x = layers.GlobalAveragePooling2D()(x)
    logits = layers.Dense(DIGITS)(x)
    return with_products(keras.Model(tiles, logits, name=build.__name__.lower()))
