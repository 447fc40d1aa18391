"""Read a whole row of digits without cutting it, as a second opinion beside the lattice's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path as FilePath
from typing import NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from scipy import special

from .architectures import inference
from .architectures.row import FRAME, REACH, row_network
from .arrays import DIGITS, Ink
from .picture.lattice import Path
from .picture.strip import STRIP_HEIGHT, STRIP_WINDOW
from .weights_file import (
    CONFIG,
    WEIGHTS,
    file_sha256,
    load_weights,
    verify_file,
    verify_structure,
    without_weights,
)

# How much the row reader counts beside the network that reads tiles. Chosen on drawn rows.
ROW_WEIGHT = 0.35
# A digit that other texts read otherwise is sure if they are less likely by so many nats.
MIN_MARGIN = 0.3
BLANK = 0
# The log of a probability of nothing, finite so that differences are no NaN.
_IMPOSSIBLE = -1e30


class RowReader:
    """Reads strips with one network, which is compiled on construction. Safe to use in threads."""

    def __init__(self, model: keras.Model):
        window = jax.ShapeDtypeStruct((1, STRIP_HEIGHT, STRIP_WINDOW), jnp.float32)
        self._compiled = jax.jit(inference(model)).lower(window).compile()

    def log_probabilities(self, strip: Ink) -> np.ndarray:
        """Return the log-probabilities of blank and the digits in each frame of a strip.

        strip: (STRIP_HEIGHT, width) float32 in 0..1. Returns (frames, 11) float64, a frame for
        FRAME columns. A strip wider than the network's window is read in overlapping windows; the
        frames near an edge come from the window that sees what lies beyond it.
        """
        frames = -(-strip.shape[1] // FRAME)
        logits = np.empty((frames, 1 + DIGITS))
        for start in range(0, max(1, strip.shape[1] - 2 * REACH), STRIP_WINDOW - 2 * REACH):
            window = np.zeros((STRIP_HEIGHT, STRIP_WINDOW), np.float32)
            part = strip[:, start : start + STRIP_WINDOW]
            window[:, : part.shape[1]] = part
            first = (start + REACH) // FRAME if start else 0
            answers = np.asarray(self._compiled(window[None])[0])[first - start // FRAME :]
            logits[first : first + len(answers)] = answers[: frames - first]
        return special.log_softmax(logits, axis=-1)


@dataclass(frozen=True, eq=False)
class Decision:
    """What the row reader decides between the paths of a row.

    sure: whether nothing that is nearly as likely reads the digit otherwise, (n,) bool; none is if
    the number of digits is in doubt.
    likelihood: the log-likelihood of the path's text in the strip. cost: in nats, of both readers.
    """

    path: Path
    sure: np.ndarray
    likelihood: float
    cost: float


def decide(frames: np.ndarray, paths: Sequence[Path]) -> Decision:
    """Choose the path that both readers together find likeliest.

    frames: (frames, 11) log-probabilities, as RowReader returns them. paths: of different texts.
    """
    likelihoods = log_likelihoods(frames, [path.text for path in paths])
    totals = np.array([path.cost for path in paths]) - ROW_WEIGHT * likelihoods
    chosen = int(totals.argmin())
    near = [paths[place] for place in np.flatnonzero(totals < totals[chosen] + MIN_MARGIN).tolist()]
    sure = _agreed(paths[chosen], near)
    return Decision(paths[chosen], sure, float(likelihoods[chosen]), float(totals[chosen]))


def _agreed(path: Path, others: Sequence[Path]) -> np.ndarray:
    """Return for each digit of a path whether all others read its span as the same digit."""
    if any(len(other.spans) != len(path.spans) for other in others):
        return np.zeros(len(path.spans), bool)
    digits = [set(zip(other.spans, other.text, strict=True)) for other in others]
    read = zip(path.spans, path.text, strict=True)
    return np.array([all(digit in other for other in digits) for digit in read], bool)


def evidence(frames: np.ndarray, text: str, place: int) -> np.ndarray:
    """Return what a strip adds to the logits of one digit of a text, (10,); 0 for the digit."""
    texts = [text[:place] + str(digit) + text[place + 1 :] for digit in range(DIGITS)]
    likelihoods = log_likelihoods(frames, texts)
    return ROW_WEIGHT * (likelihoods - likelihoods[int(text[place])])


def log_likelihoods(frames: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """Return the log-likelihood of each text, (n,) float64: of all ways to spread it over frames.

    frames: (frames, 11) log-probabilities of blank and the digits. This is the forward algorithm of
    connectionist temporal classification (Graves et al. 2006).
    """
    lengths = np.array([len(text) for text in texts], int)
    states = np.full((len(texts), 2 * lengths.max(initial=0) + 1), BLANK)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = [int(digit) + 1 for digit in text]
    # A digit may follow another without a blank between them, unless it is the same.
    skips = np.zeros(states.shape, bool)
    skips[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    log_sums = np.full((len(texts), states.shape[1] + 2), _IMPOSSIBLE)
    log_sums[:, 2] = 0
    for frame in frames:
        stay, step, skip = log_sums[:, 2:], log_sums[:, 1:-1], log_sums[:, :-2]
        reached = np.logaddexp(stay, step)
        reached = np.where(skips, np.logaddexp(reached, skip), reached)
        log_sums[:, 2:] = reached + frame[states]
    ends = np.arange(len(texts)), 2 * lengths
    last_digit = np.where(lengths > 0, log_sums[ends[0], ends[1] + 1], _IMPOSSIBLE)
    return np.logaddexp(log_sums[ends[0], ends[1] + 2], last_digit)


class Seen(NamedTuple):
    """The digits that are likeliest in a strip, and the column in which each is clearest."""

    text: str
    columns: list[float]


def read_greedily(frames: np.ndarray) -> Seen:
    """Return the digits of the likeliest class of each frame, (frames, 11), without repetitions."""
    classes = frames.argmax(axis=-1)
    text, columns = "", []
    for label, run in groupby(range(len(classes)), key=lambda frame: classes[frame]):
        if label != BLANK:
            clearest = max(run, key=lambda frame: frames[frame, label])
            text += str(label - 1)
            columns.append(FRAME * (clearest + 0.5))
    return Seen(text, columns)


def save_row_network(folder: FilePath, model: keras.Model, record: dict) -> None:
    """Write a row network into a folder. record: how it was trained, as JSON types."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS
    model.save_weights(weights)
    described = {"sha256": file_sha256(weights), "size": weights.stat().st_size}
    content = {"weights": described, **record}
    (folder / CONFIG).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def load_row_network(folder: FilePath) -> keras.Model:
    """Load and verify the row network in a folder. Raises BadCheckpoint."""
    weights = folder / WEIGHTS
    verify_file(weights, json.loads((folder / CONFIG).read_bytes()))
    model = without_weights(row_network)
    verify_structure(weights, model.count_params())
    load_weights(model, weights, model.name)
    return model
