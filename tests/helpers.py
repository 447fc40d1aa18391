"""Shared by test modules: paths, drawn pictures, a sample checkpoint record, a running app."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parent.parent
MNIST = ROOT.parent / "shared" / "data" / "mnist.npz"
needs_mnist = pytest.mark.skipif(not MNIST.exists(), reason=f"needs MNIST at {MNIST}")
# The folder in a test's own in which app.py keeps corrections.
CORRECTIONS = "corrections"
# Strokes of a digit in a square of 1 by 1, as a person would draw them.
STROKES = {
    1: [[(0.5, 0.15), (0.5, 0.85)]],
    3: [
        [(0.3, 0.22), (0.5, 0.15), (0.68, 0.25), (0.66, 0.4), (0.48, 0.48)]
        + [(0.68, 0.56), (0.7, 0.74), (0.5, 0.86), (0.28, 0.78)]
    ],
    4: [[(0.5, 0.15), (0.25, 0.6), (0.75, 0.6)], [(0.62, 0.38), (0.62, 0.88)]],
    7: [[(0.27, 0.2), (0.73, 0.2), (0.45, 0.85)]],
}
# What train.py records of a network.
SCORES = {
    "images": 10_000,
    "accuracy": 0.9961,
    "errors": 39,
    "nll": 0.0123,
    "ece": 0.0011,
    "confusion": np.diag([1000] * 10).tolist(),
}
RECORD = {
    "recipe": {"architecture": "dense", "epochs": 3, "learning_rate": 0.003, "seed": 0},
    "training": {"epochs": 3, "seconds": 120.0},
    "scores": {"validation": SCORES | {"images": 5000, "errors": 20}, "test": SCORES},
}


def drawn_by_numpy(initializer, shape, dtype=None) -> np.ndarray:
    """Random weights without JAX, which compiles an own program for each of many shapes."""
    weights = np.random.default_rng(0).standard_normal(shape) * (2 / np.prod(shape[:-1])) ** 0.5
    return weights.astype(np.float32)


def sketch(*digits: int, side: int = 280, pen: int = 22) -> Image.Image:
    """Draw the digits side by side in black on white, with round strokes."""
    image = Image.new("RGB", (side * len(digits), side), "white")
    draw = ImageDraw.Draw(image)
    for place, digit in enumerate(digits):
        for stroke in STROKES[digit]:
            points = [((place + x) * side, y * side) for x, y in stroke]
            draw.line(points, "black", pen, joint="curve")
            for x, y in points:
                draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), "black")
    return image


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(
    home: Path,
    folder: Path,
    variables: dict[str, str] | None = None,
    options: Sequence[str] = (),
    port: int | None = None,
) -> Iterator[tuple[str, Path]]:
    """Run the app.py in ``home`` as a person would; yields its address and its log.

    folder: for the log, what is uploaded and what is corrected. variables: of the environment,
    beside the usual ones. options: of app.py, beside the port. port: by default a free one.
    """
    port, log = port or free_port(), folder / "log"
    clean = {k: v for k, v in os.environ.items() if not re.match("DIGIT_|GRADIO_|SPACE", k)}
    ours = {"GRADIO_TEMP_DIR": str(folder), "DIGIT_CORRECTIONS": str(folder / CORRECTIONS)}
    with log.open("wb") as output:
        app = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port), *options],
            cwd=home,
            env=clean | ours | (variables or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, app, log)
        yield f"http://127.0.0.1:{port}", log
    finally:
        app.terminate()
        app.wait(20)


def _wait_for(port: int, app: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        if app.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise RuntimeError(f"app.py did not start:\n{log.read_text()}")
