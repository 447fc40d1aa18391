"""What a process may use: memory arenas, address space, the network."""

import ctypes
import importlib.util
import sys

# glibc's number of the option, from malloc.h, and how many arenas threads share.
_M_ARENA_MAX = -8
MAX_ARENAS = 2


def share_arenas() -> None:
    """Have all threads take memory from a few arenas, so that the process does not grow for hours.

    By default glibc gives each thread an arena, and what one frees no other uses. Does nothing
    where the C library is another.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(_M_ARENA_MAX, MAX_ARENAS)


def bound_address_space(size: int) -> None:
    """Let this process have at most ``size`` bytes of address space, where the system can."""
    # macOS takes the limit and ignores it; Windows has none.
    if sys.platform == "linux" and importlib.util.find_spec("resource"):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
