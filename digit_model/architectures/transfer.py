"""What the networks of keras.applications need before and after them to read tiles."""

import warnings
from collections.abc import Callable

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from ..errors import WeightsUnavailable
from .im2col import with_products

# Both networks halve it five times: 32 would leave one place for a heatmap. At 96, the least that
# keras.applications has weights made for, an epoch of ResNet50 takes two cores over an hour.
PICTURE_SIZE = 48
# Keras's own, 0.99 and for MobileNetV2 0.999, look back over more steps than a short run has: after
# 429 with 0.99 MobileNetV2's deep layers still believed the variances that they began with.
BATCH_MOMENTUM = 0.9


def colour_pictures():
    """The input for tiles, and the tiles as (n, 48, 48, 3) pictures in 0..255, grey in colours."""
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = layers.Rescaling(255)(layers.Resizing(PICTURE_SIZE, PICTURE_SIZE)(x))
    return tiles, layers.Concatenate()([x, x, x])


def with_backbone(
    build: Callable[..., keras.Model], pictures, tiles, weights: str | None
) -> keras.Model:
    """A network of keras.applications behind the pictures, and a linear layer that gives logits.

    build: the function of keras.applications. weights: "imagenet" for Keras's own download, None
    for random ones. Raises WeightsUnavailable where the download fails.
    """
    try:
        with warnings.catch_warnings():
            # MobileNetV2 says that for this size it takes the weights for 224x224.
            warnings.filterwarnings("ignore", message="`input_shape` is undefined")
            backbone = build(
                include_top=False,
                weights=weights,
                input_tensor=pictures,
                input_shape=pictures.shape[1:],
            )
    # Keras raises a plain Exception when a download fails, and OSError when it is damaged.
    except Exception as error:
        if weights is None:
            raise
        raise WeightsUnavailable(
            "The ImageNet weights could not be downloaded from storage.googleapis.com. Check the "
            f"network, or begin with random weights: --pretrained none. ({error})"
        ) from error
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = BATCH_MOMENTUM
    x = layers.Identity(name="features")(backbone.output)
    x = layers.GlobalAveragePooling2D()(x)
    logits = layers.Dense(DIGITS)(x)
    return with_products(keras.Model(tiles, logits, name=build.__name__.lower()))
