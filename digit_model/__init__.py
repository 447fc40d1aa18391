"""Reads handwritten digits. Importing this package puts Keras on its JAX backend."""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
# XLA takes up to 12 seconds to compile the newer way of making random numbers for a single array of
# weights, and 0.3 this one.
os.environ["JAX_THREEFRY_PARTITIONABLE"] = "false"
if "jax" in sys.modules:
    # It has read the environment already.
    sys.modules["jax"].config.update("jax_threefry_partitionable", False)
