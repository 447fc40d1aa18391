"""Shared by the tests of digit_model/hub: a sample repository, and what a folder holds."""

from pathlib import Path

REPO = "user/digits"
WEIGHTS, CONFIG = "model.weights.h5", "config.json"
FILES = {WEIGHTS: bytes(range(256)) * 64, CONFIG: b'{"format": 1}'}
LONG_SECONDS = 20.0


def content(folder: Path) -> dict[str, bytes]:
    """Return the content of the files in a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
