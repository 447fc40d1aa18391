"""Read handwritten digits.

Importing this package selects Keras's JAX backend by setting the environment variable
KERAS_BACKEND, which Keras reads when it is imported. No other setting of the program is changed.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
