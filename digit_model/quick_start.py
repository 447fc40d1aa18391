"""Start and run programs of our own faster. Imports nothing heavy by itself."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pretrained import Pretrained


# glibc's numbers of the options, from malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
MAX_ARENAS = 2
# Arrays of a picture of 1,000 x 1,000 pixels stay below the first, and all of them the second.
LARGE_BYTES, KEPT_BYTES = 4 * 2**20, 32 * 2**20


def reuse_memory() -> None:
    """Have the memory of one call used again by the next.

    By default glibc gives freed memory back and fetches it again, which is a tenth of the time of a
    call, and gives each thread an arena, which no other uses, so that a process grows for hours.
    Does nothing where the C library is another.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(_M_ARENA_MAX, MAX_ARENAS)
            library.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
            library.mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)


@contextmanager
def without_collection() -> Iterator[None]:
    """Collect no garbage inside the block, and leave out of later collections what it made.

    The objects of a large library stay for good. Searching them for garbage, again and again, takes
    a tenth of its import.
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
    reuse_memory()
    with without_collection():
        import_keras_without_pandas()
        from . import pretrained
        from .backend import cache_compiled_networks

        cache_compiled_networks()
        return pretrained.load_from(model) if model else pretrained.load()
