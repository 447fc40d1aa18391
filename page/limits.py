"""Limit a process: its address space, the network."""

import ctypes
import errno
import importlib.util
import platform
import struct
import sys


def bound_address_space(size: int) -> None:
    """Let this process have at most ``size`` bytes of address space, where the system can."""
    # macOS takes the limit and ignores it; Windows has none.
    if sys.platform == "linux" and importlib.util.find_spec("resource"):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def cut_network() -> bool:
    """Refuse this process all new sockets, in all its threads; return whether the system does.

    Needs Linux with seccomp (man 2 seccomp) on a processor whose numbers are known here.
    """
    if sys.platform != "linux" or platform.machine() not in _SYSTEM_CALLS:
        return False
    architecture, seccomp, socket = _SYSTEM_CALLS[platform.machine()]
    program = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (_LOAD, 0, 0, 4),  # the architecture of the call
            (_JUMP_IF_EQUAL, 0, 4, architecture),  # another one is refused
            (_LOAD, 0, 0, 0),  # the number of the call
            (_JUMP_IF_AT_LEAST, 2, 0, _X32),
            (_JUMP_IF_EQUAL, 1, 0, socket),
            (_JUMP_IF_EQUAL, 0, 1, _IO_URING_SETUP),  # which opens sockets, too
            (_RETURN, 0, 0, _REFUSE),
            (_RETURN, 0, 0, _ALLOW),
        )
    )
    library = ctypes.CDLL(None, use_errno=True)
    filters = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(filters))
    library.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return library.syscall(seccomp, _SET_FILTER, _ALL_THREADS, header) == 0


# From Linux's headers: linux/audit.h, asm/unistd.h, linux/bpf_common.h, linux/seccomp.h.
_SYSTEM_CALLS = {"x86_64": (0xC000003E, 317, 41), "aarch64": (0xC00000B7, 277, 198)}
_X32, _IO_URING_SETUP = 0x40000000, 425
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_SET_NO_NEW_PRIVILEGES, _SET_FILTER, _ALL_THREADS = 38, 1, 1
