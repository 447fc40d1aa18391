"""Sample drawings that a visitor can put on the empty pad, to see the network succeed or waver."""

import json
from pathlib import Path

PATH = Path(__file__).with_name("samples.json")


def samples() -> dict[str, list[list[list[int]]]]:
    """Return the strokes of each sample by its name: points in units of the pad (settings.py)."""
    return json.loads(PATH.read_text(encoding="utf-8"))
