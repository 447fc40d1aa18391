"""MobileNetV2, a network for phones, pretrained on ImageNet and fine-tuned on digits."""

import keras
from keras import layers

from .transfer import colour_pictures, with_backbone


def mobilenetv2(weights: str | None = None) -> keras.Model:
    """Build MobileNetV2 (https://arxiv.org/abs/1801.04381) at 48x48. 2,270,794 parameters.

    weights: "imagenet" for Keras's own download, None for random weights. The ``features`` are
    2x2x1280. Raises WeightsUnavailable.
    """
    tiles, pictures = colour_pictures()
    x = layers.Rescaling(1 / 127.5, offset=-1)(pictures)
    return with_backbone(keras.applications.MobileNetV2, x, tiles, weights)
