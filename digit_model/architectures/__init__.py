"""The networks, one per file. Each maps (n, 28, 28) float32 tiles in 0..1 to (n, 10) logits.

A layer named ``features`` holds the last feature map, (n, rows, columns, channels), if the network
has one; each member of an ensemble has its own. Preprocessing that a network needs, such as
scaling or three channels, is done by layers inside it.
"""

from collections.abc import Callable

import jax
import keras
import numpy as np

from .cnn import cnn
from .cnn_large import cnn_large
from .dense import dense
from .ensemble import ensemble
from .mobilenetv2 import mobilenetv2
from .quick import quick
from .resnet50 import resnet50
from .small import small
from .tiny import tiny

ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "cnn": cnn,
    "cnn_large": cnn_large,
    "ensemble": ensemble,
    "dense": dense,
    "mobilenetv2": mobilenetv2,
    "quick": quick,
    "resnet50": resnet50,
    "small": small,
    "tiny": tiny,
}
# These can start from ImageNet weights: ARCHITECTURES[name](weights=IMAGENET).
IMAGENET = "imagenet"
TRANSFER = frozenset({"mobilenetv2", "resnet50"})
FEATURES = "features"


def members(model: keras.Model) -> list[keras.Model]:
    """Return the networks whose logits an ensemble averages; the model itself for any other."""
    return [layer for layer in model.layers if isinstance(layer, keras.Model)] or [model]


def inference(model: keras.Model) -> Callable[[jax.Array], jax.Array]:
    """Return the model with its current weights as a pure function that JAX can compile.

    The weights are copied, because Keras donates its buffers to JAX when it trains or predicts.
    """
    # By NumPy: JAX would compile a copy for each shape.
    trainable = [np.array(v.value) for v in model.trainable_variables]
    others = [np.array(v.value) for v in model.non_trainable_variables]
    return lambda x: model.stateless_call(trainable, others, x, training=False)[0]


def seeds(model: keras.Model) -> list[keras.Variable]:
    """Return the seeds of a network, such as dropout's, which Keras's weight files do not hold."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]
