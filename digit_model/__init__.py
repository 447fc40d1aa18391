"""Reads handwritten digits. Importing this package puts Keras on its JAX backend."""

import os

os.environ["KERAS_BACKEND"] = "jax"
