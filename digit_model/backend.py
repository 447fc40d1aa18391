"""Keras's backend: check which it is, and cache what it compiles."""

import logging
import os
from pathlib import Path

import jax
import keras

from .errors import WrongBackend

log = logging.getLogger(__name__)


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


def cache_compiled_networks() -> None:
    """Have JAX cache compiled networks in a folder of the user's, for programs of our own only.

    Does nothing if JAX_COMPILATION_CACHE_DIR is set, or if the folder cannot be used. JAX runs what
    it finds there, so nobody else may write to the folder.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "digit-model" / "jax"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        log.info("Networks are compiled at each start: %s.", error)
        return
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
