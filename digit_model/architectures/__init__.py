"""One network a file. Each takes (n, 28, 28) float32 in 0..1 and gives (n, 10) logits.

A layer named ``features`` holds the last feature map, (n, rows, columns, channels), where the
network has one; in a network of columns each of these has its own. What a network needs besides,
such as channels or scaling, is layers inside it.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import keras

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
# Those that can begin with ImageNet's weights: ARCHITECTURES[name](weights=IMAGENET).
IMAGENET = "imagenet"
TRANSFER = frozenset({"mobilenetv2", "resnet50"})
FEATURES = "features"


def columns(model: keras.Model) -> list[keras.Model]:
    """The networks whose logits the model averages; the model itself where it is but one."""
    return [layer for layer in model.layers if isinstance(layer, keras.Model)] or [model]


def inference(model: keras.Model) -> Callable[[jax.Array], jax.Array]:
    """The model as a pure function, for JAX to compile, with its weights as they are now.

    They are copied: Keras gives those of a model that it fits or asks back to JAX.
    """
    trainable = [jnp.array(v.value) for v in model.trainable_variables]
    others = [jnp.array(v.value) for v in model.non_trainable_variables]
    return lambda x: model.stateless_call(trainable, others, x, training=False)[0]


def seeds(model: keras.Model) -> list[keras.Variable]:
    """The states of a network, such as dropout's, that no file of weights holds."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]
