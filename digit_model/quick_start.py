"""Start programs of our own sooner. Imports nothing heavy by itself."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pretrained import Pretrained


@contextmanager
def without_collection() -> Iterator[None]:
    """Collect no garbage inside, and never look again at what is there at the end.

    What the import of a large library makes stays, but would be searched for garbage many times:
    that is a tenth of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def import_keras_without_pandas() -> None:
    """Import Keras, which imports pandas where it is installed, half a second sooner without it.

    For programs of our own only, since Keras then accepts no tables of pandas in this process.
    """
    if "pandas" in sys.modules:
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        import keras  # noqa: F401
    finally:
        del sys.modules["pandas"]


def load(model: str | None) -> "Pretrained":
    """Load a network as ``pretrained`` does, sooner. For programs of our own only.

    model: as ``pretrained.load_from`` takes it; by default what the environment names.
    """
    with without_collection():
        import_keras_without_pandas()
        from . import pretrained
        from .backend import cache_compiled_networks

        cache_compiled_networks()
        return pretrained.load_from(model) if model else pretrained.load()
