"""Check which backend Keras runs on."""

import keras

from .errors import WrongBackend


def require_jax_backend() -> None:
    """Raise WrongBackend unless Keras runs on JAX.

    Keras chooses its backend once, when it is imported. Importing digit_model first selects JAX; a
    program that has imported Keras before may have selected another one.
    """
    backend = keras.backend.backend()
    if backend != "jax":
        raise WrongBackend(
            f"Keras runs on its {backend} backend, and digit_model needs JAX. Import digit_model "
            "before keras, or set the environment variable KERAS_BACKEND=jax."
        )
