"""Draw many images with all processor cores."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
from tqdm import tqdm

_T = TypeVar("_T")

# Images that one process draws at a time. A multiple of ten, so that each label is as frequent.
_CHUNK = 500


def draw_in_chunks(
    draw: Callable[[int, np.random.Generator], _T], count: int, seed: int
) -> list[_T]:
    """Call ``draw`` with the size and the generator of each chunk; return the results in order.

    In a terminal a bar shows the progress.
    draw: a function of a module, so that other processes can call it.
    The generators depend only on the seed and the place of the chunk. There is at least one chunk.
    Several chunks start processes, so a script that draws them needs ``if __name__ == "__main__"``.
    """
    sizes = [min(_CHUNK, count - start) for start in range(0, max(count, 1), _CHUNK)]
    numbers = range(len(sizes))
    draw_chunk = partial(_draw_chunk, draw, seed)
    if len(sizes) == 1:
        return list(map(draw_chunk, sizes, numbers))
    processes = min(len(sizes), os.cpu_count() or 1)
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(processes, context, _ignore_interrupts) as pool,
        tqdm(desc="Drawing", total=count, unit=" images", disable=None) as progress,
    ):
        drawn = []
        for size, chunk in zip(sizes, pool.map(draw_chunk, sizes, numbers), strict=True):
            drawn.append(chunk)
            progress.update(size)
        return drawn


def _draw_chunk(
    draw: Callable[[int, np.random.Generator], _T], seed: int, size: int, number: int
) -> _T:
    return draw(size, np.random.default_rng((seed, number)))


def _ignore_interrupts() -> None:
    """Let the main process decide what Ctrl-C does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
