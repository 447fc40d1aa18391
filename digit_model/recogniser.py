"""A trained network as a reader of pictures: read(picture) -> Reading."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np
from PIL import Image
from scipy import special

from .arrays import (
    DIGITS,
    TILE_BOX,
    TILE_SIZE,
    Box,
    Calibration,
    Digit,
    Heatmap,
    Picture,
    Placement,
    Reading,
    Tile,
)
from .errors import DigitError
from .explain import Explainer
from .picture.decode import decode
from .picture.ink import find_ink
from .picture.normalise import normalise
from .picture.segment import Mark, best_path, pieces, segment, whole
from .picture.sheet import lay_out

Source = str | Path | bytes | Image.Image | np.ndarray
# Compiled at load; a batch is padded to the next of these sizes and cut at the last.
BATCH_SIZES = (1, 8, 128)


class Recogniser:
    """Reads pictures with one network. Compiled and warm once made; safe to call from threads.

    explanation: the name of the method behind ``heatmap``.
    """

    def __init__(self, model: keras.Model, calibration: Calibration | None = None):
        """model: an architecture with its weights. calibration: how to read its logits."""
        self.calibration = calibration or Calibration()
        self._explainer = Explainer(model)
        self.explanation = self._explainer.method
        trainable = [v.value for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]

        @jax.jit
        def logits(tiles):
            return model.stateless_call(trainable, others, tiles, training=False)[0]

        self._compiled = {
            size: logits.lower(
                jax.ShapeDtypeStruct((size, TILE_SIZE, TILE_SIZE), jnp.float32)
            ).compile()
            for size in BATCH_SIZES
        }

    def read(self, source: Source, *, one: bool = False) -> Reading:
        """Read the digits of one picture.

        source: a file's path, its bytes, a PIL image or an array, as ``decode`` takes them.
        one: take the picture as holding exactly one digit.
        Raises UndecodableImage, PictureTooLarge or NoInk.
        """
        [reading] = self.read_all([source], one=one)
        if isinstance(reading, DigitError):
            raise reading
        return reading

    def read_all(
        self, sources: Iterable[Source], *, one: bool = False
    ) -> list[Reading | DigitError]:
        """Read several pictures with one call of the network.

        Each gives its Reading, or the error that keeps it from being read; the others go on. The
        seconds of a Reading are its own preparation and its share of the network's time.
        """
        prepared = [_prepare(source, one) for source in sources]
        found = [item for item in prepared if isinstance(item, _Prepared)]
        started = time.perf_counter()
        tiles = [piece.tile for item in found for mark in item.marks for piece in mark.values()]
        logits = iter(self.classify(np.array(tiles)))
        share = (time.perf_counter() - started) / max(1, len(found))
        return [
            self._reading(item, logits, share) if isinstance(item, _Prepared) else item
            for item in prepared
        ]

    def read_tiles(self, tiles: np.ndarray, rows: Sequence[int]) -> Reading:
        """Read (n, 28, 28) float32 tiles in 0..1 as they are, each one digit, in the rows given.

        The reading's picture shows the tiles themselves, side by side in their rows.
        """
        started = time.perf_counter()
        picture, placements = lay_out(tiles, rows)
        read = zip(tiles, rows, placements, self.classify(tiles), strict=True)
        digits = tuple(
            Digit(tile, placement, _inner_box(placement), row, *self._judged(logits))
            for tile, row, placement, logits in read
        )
        return Reading(picture, digits, time.perf_counter() - started)

    def classify(self, tiles: np.ndarray) -> np.ndarray:
        """The logits, (n, 10) float32, of (n, 28, 28) float32 tiles in 0..1."""
        largest = BATCH_SIZES[-1]
        starts = range(0, len(tiles), largest)
        batches = [self._run(tiles[start : start + largest]) for start in starts]
        return np.concatenate(batches) if batches else np.zeros((0, DIGITS), np.float32)

    def heatmap(self, digit: Digit, target: int | None = None) -> Heatmap:
        """What speaks for ``target`` in a read digit, by default for the answer itself.

        Returns (28, 28) float32 in 0..1 on the digit's tile; its placement maps it to the picture.
        """
        return self._explainer.heatmap(digit.tile, digit.digit if target is None else target)

    def _run(self, tiles: np.ndarray) -> np.ndarray:
        size = next(size for size in BATCH_SIZES if size >= len(tiles))
        batch = np.zeros((size, TILE_SIZE, TILE_SIZE), np.float32)
        batch[: len(tiles)] = tiles
        return np.asarray(self._compiled[size](batch))[: len(tiles)]

    def _reading(self, item: "_Prepared", logits: Iterator[np.ndarray], share: float) -> Reading:
        """Take the next logits, one a piece, and keep the pieces that read best as digits."""
        digits: list[Digit] = []
        for mark in item.marks:
            read = {span: self._digit(item, piece, next(logits)) for span, piece in mark.items()}
            scores = {span: digit.confidence - (not digit.accepted) for span, digit in read.items()}
            digits += [read[span] for span in best_path(scores)]
        return Reading(item.picture, tuple(digits), item.seconds + share)

    def _digit(self, item: "_Prepared", piece: "_Piece", logits: np.ndarray) -> Digit:
        probabilities, accepted = self._judged(logits)
        left, top, scale = piece.placement
        return Digit(
            tile=piece.tile,
            placement=Placement(
                item.scale * (piece.mark.box.left + left),
                item.scale * (piece.mark.box.top + top),
                item.scale * scale,
            ),
            box=_on_picture(piece.mark.box, item.scale, item.picture),
            row=piece.mark.row,
            probabilities=probabilities,
            accepted=accepted,
        )

    def _judged(self, logits: np.ndarray) -> tuple[np.ndarray, bool]:
        """The calibrated probabilities, (10,) float32, and whether they make an answer."""
        probabilities = special.softmax(logits.astype(np.float64) / self.calibration.temperature)
        energy = -float(special.logsumexp(logits))
        accepted = (
            probabilities.max() >= self.calibration.min_confidence
            and energy <= self.calibration.max_energy
        )
        return probabilities.astype(np.float32), bool(accepted)


@dataclass(frozen=True, eq=False)
class _Piece:
    """A mark, or a part of one, that may be a digit, and its tile."""

    mark: Mark
    tile: Tile
    placement: Placement


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A picture ready for the network; ``scale`` is picture pixels per pixel of ink."""

    picture: Picture
    scale: float
    marks: list[dict[tuple[int, int], _Piece]]
    seconds: float


def _prepare(source: Source, one: bool) -> _Prepared | DigitError:
    started = time.perf_counter()
    try:
        picture = decode(source)
        ink = find_ink(picture)
    except DigitError as error:
        return error
    marks = [{(0, 1): whole(ink)}] if one else [pieces(mark) for mark in segment(ink)]
    tiles = [
        {span: _Piece(piece, *normalise(piece.ink)) for span, piece in mark.items()}
        for mark in marks
    ]
    scale = picture.shape[1] / ink.shape[1]
    return _Prepared(picture, scale, tiles, time.perf_counter() - started)


def _inner_box(placement: Placement) -> Box:
    """Where LeCun's box lies on the picture; the ink may pass it by a little."""
    margin = (TILE_SIZE - TILE_BOX) // 2 - 1
    low, high = margin * placement.scale, (TILE_SIZE - margin) * placement.scale
    left, top = placement.left, placement.top
    return Box(*(round(side) for side in (left + low, top + low, left + high, top + high)))


def _on_picture(box: Box, scale: float, picture: Picture) -> Box:
    """A box on the ink, outwards to whole pixels of the picture."""
    height, width = picture.shape[:2]
    return Box(
        int(box.left * scale),
        int(box.top * scale),
        min(width, int(np.ceil(box.right * scale))),
        min(height, int(np.ceil(box.bottom * scale))),
    )
