#!/usr/bin/env python3
"""Time `digit-model read FOLDER` with one process and with several, on pictures drawn here.

    python benchmarks/bulk.py [--count 2000] [--rounds 3] [--jobs 2]

The pictures are numbers of several digits. Each round reads the folder with one process and with
several, in turn; the times hold the start of the command. Prints the medians and their ratio.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from digit_model.synthesis.rows import draw_rows


def main() -> int:
    options = parse()
    with TemporaryDirectory() as name:
        folder = Path(name)
        draw_pictures(folder, options.count)
        found: dict[int, list[float]] = {1: [], options.jobs: []}
        for number in range(options.rounds):
            for jobs in sorted(found, reverse=bool(number % 2)):
                found[jobs].append(seconds_to_read(folder, jobs))
                taken = f"{found[jobs][-1]:.1f} s"
                print(f"round {number + 1}, --jobs {jobs}: {taken}", file=sys.stderr, flush=True)
    medians = {jobs: statistics.median(seconds) for jobs, seconds in found.items()}
    print("| processes | seconds of each round | median |\n|---|---|---|")
    for jobs, seconds in found.items():
        rounds = ", ".join(f"{one:.1f}" for one in seconds)
        print(f"| {jobs} | {rounds} | {medians[jobs]:.1f} |")
    ratio = medians[1] / medians[options.jobs]
    print(f"\n{options.jobs} processes read {ratio:.2f} times as fast.")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="pictures (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (%(default)s)")
    return parser.parse_args()


def draw_pictures(folder: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    for number in range(count):
        picture = draw_rows(rng, "apart").picture
        Image.fromarray(picture).save(folder / f"{number:05}.png")


def seconds_to_read(folder: Path, jobs: int) -> float:
    """Return the seconds that the command takes."""
    with TemporaryDirectory() as name:
        out = Path(name) / "readings.csv"
        options = ["--jobs", str(jobs), "--out", str(out)]
        command = [sys.executable, "-m", "digit_model", "read", str(folder), *options]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
