"""MobileNetV2, a network for telephones, taught on ImageNet and taken on to digits."""

import keras
from keras import layers

from .transfer import colour_pictures, with_backbone


def mobilenetv2(weights: str | None = None) -> keras.Model:
    """MobileNetV2 on 48x48 pictures (https://arxiv.org/abs/1801.04381). 2,270,794 parameters.

    weights: "imagenet" for Keras's own download, None for random ones. The ``features`` are
    2x2x1280. Raises WeightsUnavailable.
    """
    tiles, pictures = colour_pictures()
    x = layers.Rescaling(1 / 127.5, offset=-1)(pictures)
    return with_backbone(keras.applications.MobileNetV2, x, tiles, weights)
