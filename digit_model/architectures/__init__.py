"""One network a file. Each takes (n, 28, 28) float32 in 0..1 and gives (n, 10) logits.

A layer named ``features`` holds the last feature map, (n, rows, columns, channels), where the
network has one. What a network needs besides, such as channels or scaling, is layers inside it.
"""

from collections.abc import Callable

import keras

from .cnn import cnn
from .dense import dense

ARCHITECTURES: dict[str, Callable[[], keras.Model]] = {"cnn": cnn, "dense": dense}
FEATURES = "features"
