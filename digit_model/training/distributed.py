"""Train on several devices and processes, through keras.distribution on JAX."""

import ctypes
import math
import os
import sys

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils

from ..errors import DigitError

MAX_SCORING_BATCH = 500
# From glibc's malloc.h: M_MMAP_MAX, M_TRIM_THRESHOLD and M_ARENA_MAX. A single arena, because the
# others return large blocks to the system regardless.
_MALLOPT = {-4: 0, -1: 2**31 - 1, -8: 1}


def configure_devices(count: int | None = None) -> None:
    """Make ``count`` CPU devices visible to JAX; by default one per core, at most eight.

    Call this before anything runs on JAX.
    """
    _keep_freed_memory()
    jax.config.update("jax_num_cpu_devices", count or min(os.cpu_count() or 1, 8))


def _keep_freed_memory() -> None:
    """Let glibc keep the memory that one training step frees for the next.

    Otherwise large blocks go back to the system. Getting them again, page by page, took a quarter
    of a large network's step (benchmarks/LOG.md).
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for parameter, value in _MALLOPT.items():
            libc.mallopt(parameter, value)


def join_processes(coordinator: str, processes: int, rank: int) -> None:
    """Join the other processes of a run. Call this before anything runs on JAX.

    coordinator: HOST:PORT at which process 0 listens. processes: how many there are.
    rank: the number of this process, from 0. Raises DigitError if they cannot connect.
    """
    if not 0 <= rank < processes:
        raise DigitError(
            f"--rank {rank} is out of range: {processes} processes have the ranks 0 to "
            f"{processes - 1}."
        )
    try:
        keras.distribution.initialize(coordinator, processes, rank)
    except (RuntimeError, ValueError) as error:
        raise DigitError(
            f"The {processes} processes could not connect at {coordinator}. Start all of them "
            f"within five minutes, with the same --coordinator and --processes. ({error})"
        ) from error


def data_parallel(devices: int | None, *sizes: int) -> keras.distribution.DataParallel:
    """Return a distribution that splits batches and sets of these sizes evenly over devices.

    devices: the number per process. By default all devices of several processes, or as many of a
    single one's as divide the sizes evenly. XLA runs much of a convolution's training step on one
    core, so two virtual devices train a network up to twice as fast as one on a CPU
    (benchmarks/LOG.md).
    Raises DigitError if there are fewer devices or they do not divide the sizes.
    """
    available = keras.distribution.list_devices()
    divisor = math.gcd(*sizes)
    if devices is not None:
        count = devices * jax.process_count()
    elif jax.process_count() > 1:
        count = len(available)
    else:
        count = max(n for n in range(1, len(available) + 1) if divisor % n == 0)
    if not 0 < count <= len(available):
        raise DigitError(f"There are {len(available)} devices, not {count}. Change --devices.")
    if divisor % count:
        raise DigitError(
            f"{count} devices do not divide {', '.join(map(str, sizes))} images evenly; the "
            f"divisors of {divisor} do. Change --devices, --processes or --batch-size."
        )
    return keras.distribution.DataParallel(devices=available[:count], auto_shard_dataset=False)


def scoring_batch(distribution: keras.distribution.DataParallel) -> int:
    """Return the largest batch of up to 500 images that a process splits evenly over its devices.

    The last batch of a set is even too if the whole set is.
    """
    devices = distribution.device_mesh.devices.size // jax.process_count()
    return max(MAX_SCORING_BATCH // devices, 1) * devices


def process_slice(length: int) -> slice:
    """Return the part of a batch or set of this length that this process provides."""
    share = length // jax.process_count()
    return slice(jax.process_index() * share, (jax.process_index() + 1) * share)


def minimum_over_processes(number: int) -> int:
    """Return the smallest of the numbers that all processes pass."""
    return int(multihost_utils.process_allgather(np.int32(number)).min())
