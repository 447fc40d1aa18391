"""ResNet50, the network that most transfer tutorials take, taught on ImageNet."""

import keras
from keras import layers

from .transfer import colour_pictures, with_backbone

# Of ImageNet's training pictures: blue, green, red, in 0..255 (the "caffe" mode of
# keras.applications.imagenet_utils).
IMAGENET_MEAN = [103.939, 116.779, 123.68]


def resnet50(weights: str | None = None) -> keras.Model:
    """ResNet50 on 48x48 pictures (https://arxiv.org/abs/1512.03385). 23,608,202 parameters.

    weights: "imagenet" for Keras's own download, None for random ones. The ``features`` are
    2x2x2048. Raises WeightsUnavailable.
    """
    tiles, pictures = colour_pictures()
    x = layers.Rescaling(1.0, offset=[-mean for mean in IMAGENET_MEAN])(pictures)
    return with_backbone(keras.applications.ResNet50, x, tiles, weights)
