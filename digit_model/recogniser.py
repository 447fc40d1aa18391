"""A trained network as a reader of pictures: read(picture) -> Reading."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np
from PIL import Image
from scipy import special

from .architectures import inference
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
from .picture.components import Glyph
from .picture.decode import decode
from .picture.ink import find_ink
from .picture.lattice import Lattice, Span, best_path, single_glyph_lattice
from .picture.normalise import normalise
from .picture.segment import segment, single_digit
from .picture.tile_sheet import lay_out

Source = str | Path | bytes | Image.Image | np.ndarray
# Compiled at load; a batch is padded to the next of these sizes and cut at the last.
BATCH_SIZES = (1, 8, 128)
# In a row in which at least this share of the digits are beyond doubt, the others may be worse.
MOST_OF_A_ROW = 0.5
LENIENT_CONFIDENCE = 0.3
LENIENT_ENERGY = 3.0


class Recogniser:
    """Reads pictures with one network. Compiled and warm once made; safe to call from threads.

    explanations: the names of the methods that ``heatmap`` takes, the one it takes unasked first.
    """

    def __init__(self, model: keras.Model, calibration: Calibration | None = None):
        """model: an architecture with its weights. calibration: how to read its logits."""
        self.calibration = calibration or Calibration()
        self._explainer = Explainer(model)
        self.explanations = self._explainer.methods
        logits = jax.jit(inference(model))
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
        tiles = [
            candidate.tile
            for item in found
            for row in item.rows
            for candidate in row.candidates.values()
        ]
        logits = iter(self.predict_logits(np.array(tiles)))
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
        logits = zip(rows, self.predict_logits(tiles), strict=True)
        judged = [
            found
            for _, row in groupby(logits, key=itemgetter(0))
            for found in self._judged([scores for _, scores in row])
        ]
        digits = tuple(
            Digit(tile, placement, _inner_box(placement), row, *found)
            for tile, row, placement, found in zip(tiles, rows, placements, judged, strict=True)
        )
        return Reading(picture, digits, time.perf_counter() - started)

    def predict_logits(self, tiles: np.ndarray) -> np.ndarray:
        """The logits, (n, 10) float32, of (n, 28, 28) float32 tiles in 0..1."""
        largest = BATCH_SIZES[-1]
        starts = range(0, len(tiles), largest)
        batches = [self._run(tiles[start : start + largest]) for start in starts]
        return np.concatenate(batches) if batches else np.zeros((0, DIGITS), np.float32)

    def heatmap(
        self, digit: Digit, target: int | None = None, *, method: str | None = None
    ) -> Heatmap:
        """What speaks for ``target`` in a read digit, by default for the answer itself.

        method: one of ``explanations``, by default the first.
        Returns (28, 28) float32 in 0..1 on the digit's tile; its placement maps it to the picture.
        """
        target = digit.label if target is None else target
        return self._explainer.heatmap(digit.tile, target, method)

    def _run(self, tiles: np.ndarray) -> np.ndarray:
        size = next(size for size in BATCH_SIZES if size >= len(tiles))
        batch = np.zeros((size, TILE_SIZE, TILE_SIZE), np.float32)
        batch[: len(tiles)] = tiles
        return np.asarray(self._compiled[size](batch))[: len(tiles)]

    def _reading(self, item: "_Prepared", logits: Iterator[np.ndarray], share: float) -> Reading:
        """Take the next logits, one a candidate, and keep what reads best as rows of digits.

        Where nothing does, the mark with the most ink is the best guess, refused.
        """
        said = [{span: next(logits) for span in row.candidates} for row in item.rows]
        digits = [
            digit
            for row, scores in zip(item.rows, said, strict=True)
            for digit in self._digits(item, row, scores)
        ]
        if not digits:
            candidate, scores = max(
                (
                    (row.candidates[span], scores[span])
                    for row, scores in zip(item.rows, said, strict=True)
                    for span in scores
                ),
                key=lambda guess: guess[0].glyph.ink.sum(),
            )
            digits = [_digit(item, candidate, self._probabilities(scores), accepted=False)]
        return Reading(item.picture, tuple(digits), item.seconds + share)

    def _digits(
        self, item: "_Prepared", row: "_Row", said: dict[Span, np.ndarray]
    ) -> Iterator[Digit]:
        """The digits of one row, from the logits of each of its candidates.

        What is cut from a mark that is no number for the most part, such as a scribble, is refused.
        """
        spans = best_path(row.lattice, {span: self._doubt(said[span]) for span in said})
        alone = row.lattice.is_cut_from_one(spans)
        judged = self._judged([said[span] for span in spans], cut_from_one=alone)
        for span, (probabilities, accepted) in zip(spans, judged, strict=True):
            accepted &= not row.lattice.is_remnant(span, spans)
            yield _digit(item, row.candidates[span], probabilities, accepted)

    def _judged(
        self, row: Sequence[np.ndarray], *, cut_from_one: bool = False
    ) -> list[tuple[np.ndarray, bool]]:
        """The probabilities of each digit of a row, from its logits, and whether it is accepted.

        cut_from_one: nothing but the digits themselves speaks for cutting them apart, so that they
        stand and fall together: an H is no 1 beside something that is not clear.
        """
        sure = [self._accepts(logits) for logits in row]
        if cut_from_one:
            return [(self._probabilities(logits), all(sure)) for logits in row]
        lenient = len(sure) > 1 and sum(sure) >= MOST_OF_A_ROW * len(sure)
        return [(self._probabilities(logits), self._accepts(logits, lenient)) for logits in row]

    def _probabilities(self, logits: np.ndarray) -> np.ndarray:
        scaled = logits.astype(np.float64) / self.calibration.temperature
        return special.softmax(scaled).astype(np.float32)

    def _doubt(self, logits: np.ndarray) -> float:
        """What reading a mark as its likeliest digit costs, in nats.

        Each logit is trained as a yes or no of its own: yes to this digit, and no to all others.
        """
        scores = logits.astype(np.float64)
        against = np.logaddexp(0, scores).sum()
        return float(against - scores.max())

    def _accepts(self, logits: np.ndarray, lenient: bool = False) -> bool:
        least, most = self.calibration.min_confidence, self.calibration.max_energy
        if lenient:
            least, most = min(least, LENIENT_CONFIDENCE), most + LENIENT_ENERGY
        energy = -float(special.logsumexp(logits))
        return bool(self._probabilities(logits).max() >= least and energy <= most)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A mark that may be a digit, and its tile."""

    glyph: Glyph
    tile: Tile
    placement: Placement


@dataclass(frozen=True, eq=False)
class _Row:
    lattice: Lattice
    candidates: dict[Span, _Candidate]


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A picture ready for the network; ``scale`` is picture pixels per pixel of ink."""

    picture: Picture
    scale: float
    rows: list[_Row]
    seconds: float


def _prepare(source: Source, one: bool) -> _Prepared | DigitError:
    started = time.perf_counter()
    try:
        picture = decode(source)
        ink = find_ink(picture)
    except DigitError as error:
        return error
    lattices = [] if one else [row for row in segment(ink) if row.glyphs]
    lattices = lattices or [single_glyph_lattice(single_digit(ink))]
    rows = [_Row(lattice, _candidates(lattice)) for lattice in lattices]
    scale = picture.shape[1] / ink.shape[1]
    return _Prepared(picture, scale, rows, time.perf_counter() - started)


def _candidates(lattice: Lattice) -> dict[Span, _Candidate]:
    return {
        span: _Candidate(glyph, *normalise(glyph.ink)) for span, glyph in lattice.glyphs.items()
    }


def _digit(
    item: _Prepared, candidate: _Candidate, probabilities: np.ndarray, accepted: bool
) -> Digit:
    """A digit with its place on the picture."""
    left, top, scale = candidate.placement
    box = candidate.glyph.box
    return Digit(
        tile=candidate.tile,
        placement=Placement(
            item.scale * (box.left + left), item.scale * (box.top + top), item.scale * scale
        ),
        box=_on_picture(box, item.scale, item.picture),
        row=candidate.glyph.row,
        probabilities=probabilities,
        accepted=accepted,
    )


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
