"""Which devices and processes train together, through keras.distribution on JAX."""

import ctypes
import math
import os
import sys

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils

from ..errors import DigitError

# Of glibc's malloc.h: M_MMAP_MAX, M_TRIM_THRESHOLD, M_ARENA_MAX. Other arenas than the first hand
# out large blocks of the system's.
_MALLOPT = {-4: 0, -1: 2**31 - 1, -8: 1}


def use_devices(count: int | None = None) -> None:
    """Show each CPU core, or ``count`` devices, to JAX. Call before anything runs on JAX."""
    _keep_freed_memory()
    jax.config.update("jax_num_cpu_devices", count or min(os.cpu_count() or 1, 8))


def _keep_freed_memory() -> None:
    """Let glibc keep what a training step frees for the next one.

    Large blocks go back to the system else, and to get them again, page by page, took a quarter of
    a large network's step (benchmarks/LOG.md).
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for parameter, value in _MALLOPT.items():
            libc.mallopt(parameter, value)


def join(coordinator: str, processes: int, rank: int) -> None:
    """Join the other processes of a run. Call before anything runs on JAX.

    coordinator: HOST:PORT at which process 0 listens. processes: how many there are.
    rank: which of them this is, from 0. Raises DigitError where they do not find each other.
    """
    if not 0 <= rank < processes:
        raise DigitError(f"--rank {rank} is none of 0 to {processes - 1}.")
    try:
        keras.distribution.initialize(coordinator, processes, rank)
    except (RuntimeError, ValueError) as error:
        raise DigitError(
            f"The {processes} processes did not find each other at {coordinator}. Start all of "
            f"them within five minutes, with the same --coordinator and --processes. ({error})"
        ) from error


def data_parallel(devices: int | None, *sizes: int) -> keras.distribution.DataParallel:
    """The distribution for batches of all these sizes.

    devices: of each process; without it all of several processes', or of one as many as divide the
    sizes evenly. XLA runs much of a convolution's training step on one core, so that on a CPU two
    virtual devices train a network up to twice as fast as one (benchmarks/LOG.md).
    Raises DigitError where the devices asked for are not there or do not divide the sizes.
    """
    found = keras.distribution.list_devices()
    even = math.gcd(*sizes)
    if devices is not None:
        count = devices * jax.process_count()
    elif jax.process_count() > 1:
        count = len(found)
    else:
        count = max(n for n in range(1, len(found) + 1) if even % n == 0)
    if not 0 < count <= len(found):
        raise DigitError(f"There are {len(found)} devices, not {count}. Change --devices.")
    if even % count:
        raise DigitError(
            f"{count} devices do not divide {', '.join(map(str, sizes))} images evenly. Change "
            "--devices, --processes or --batch-size."
        )
    return keras.distribution.DataParallel(devices=found[:count], auto_shard_dataset=False)


def own_part(length: int) -> slice:
    """The part of a batch, or of the validation images, that this process feeds in."""
    each = length // jax.process_count()
    return slice(jax.process_index() * each, (jax.process_index() + 1) * each)


def agreed(number: int) -> int:
    """The smallest of the numbers that the processes bring."""
    return int(multihost_utils.process_allgather(np.int32(number)).min())
