"""ResNet50, the usual network of transfer-learning tutorials, pretrained on ImageNet."""

import keras
from keras import layers

from .transfer import colour_pictures, with_backbone

# The mean blue, green and red of ImageNet's training pictures, 0..255 (the "caffe" mode of
# keras.applications.imagenet_utils).
IMAGENET_MEAN = [103.939, 116.779, 123.68]


def resnet50(weights: str | None = None) -> keras.Model:
    """Build ResNet50 (https://arxiv.org/abs/1512.03385) at 48x48. 23,608,202 parameters.

    weights: "imagenet" for Keras's own download, None for random weights. The ``features`` are
    2x2x2048. Raises WeightsUnavailable.
    """
    tiles, pictures = colour_pictures()
    x = layers.Rescaling(1.0, offset=[-mean for mean in IMAGENET_MEAN])(pictures)
    return with_backbone(keras.applications.ResNet50, x, tiles, weights)
