"""Read the digits in pictures with a trained network."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import jax
import jax.numpy as jnp
import keras
import numpy as np

from .acceptance import accept_row, any_encloses, any_outsize, label_costs, to_probabilities
from .architectures import inference
from .arrays import (
    DIGITS,
    TILE_BOX,
    TILE_SIZE,
    Box,
    Calibration,
    Digit,
    Heatmap,
    IgnoredMark,
    Ink,
    Placement,
    Reading,
    Tile,
)
from .backend import require_jax_backend
from .errors import DigitError
from .explain import Explainer, LogitsAndEvidence, heatmap_of, logits_and_evidence
from .one_writer import read_as_one_writer
from .picture.components import Glyph
from .picture.decode import Decoded, Source, decode_reduced
from .picture.ignored import marks_left_out
from .picture.ink import LocatedInk, locate_all_ink, locate_ink
from .picture.lattice import Lattice, Path, Span, best_path, near_best_paths, one_digit_lattice
from .picture.normalise import normalise
from .picture.perspective import map_points
from .picture.segment import MAX_DIGIT_WIDTH, segmentations, single_digit
from .picture.strip import Strip, draw_strip
from .picture.tile_sheet import draw_tile_sheet
from .row_reader import Decision, RowReader, decide, evidence, log_likelihoods, read_greedily

# The network is compiled for these sizes, into which batches are split. It takes as long for each
# tile in all of them, so that splitting costs little, and padding would cost as much as tiles do.
BATCH_SIZES = (1, 4, 128)
# A picture with at least so many digits, which cost at least this much each in nats, is also read
# turned by 90 degrees. Upright rows cost 0.1 to 0.5 nats a digit, and turned ones 0.6 to 2.4.
MIN_TURNED_DIGITS = 3
MIN_TURNED_COST = 0.3
# It counts as turned if its digits then cost less than this share. Of rows of five drawn digits,
# that rejects 94 of 96 turned ones and none of 48 upright ones.
TURNED_COST_SHARE = 0.6
# A row is shown to the row reader if other texts cost at most so many nats more than the best, or
# the best costs so many for each digit, ...
DOUBTFUL_MARGIN = 3.0
DOUBTFUL_COST = 1.0
# ... unless it has more digits than a number has, or costs more nats for each digit.
MAX_ROW_DIGITS = 20
MAX_ROW_COST = 3.0
# A row is cut again if the row reader finds another text likelier by so many nats.
MIN_GAIN = 4.0


Logits = dict[Span, np.ndarray]


class Recogniser:
    """Reads pictures with one network, which is compiled on construction. Safe to use in threads.

    explanations: the methods that ``heatmap`` and ``contrast`` accept; the first is the default.
    """

    def __init__(
        self,
        model: keras.Model,
        calibration: Calibration | None = None,
        row_reader: Callable[[], RowReader] | None = None,
    ):
        """Compile a model.

        model: an architecture with its weights. calibration: how to interpret its logits; by
        default as they are. row_reader: returns what decides where a row may be read in several
        ways; called for such rows only, so that it can be loaded then.
        """
        require_jax_backend()
        self._row_reader = row_reader
        self.calibration = calibration or Calibration()
        self._explainer = Explainer(model)
        self.explanations = self._explainer.methods
        logits = inference(model)
        functions: dict[int, LogitsAndEvidence] = {
            size: lambda tiles: (logits(tiles), None) for size in BATCH_SIZES
        }
        # Of one tile the evidence costs nothing; of many it would cost as much as the logits.
        functions[1] = logits_and_evidence(model)
        self._compiled = {size: _compile(function, size) for size, function in functions.items()}

    def read(self, source: Source, *, one: bool = False) -> Reading:
        """Read the digits of one picture.

        source: a path, the bytes of a file, a PIL image or an array, as ``decode`` accepts them.
        one: the picture holds exactly one digit.
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

        Returns for each picture its Reading, or the error that kept it from being read. The seconds
        of a Reading are its preparation and its share of the network's time.
        """
        prepared = [_prepare(source, one) for source in sources]
        found = [item for item in prepared if isinstance(item, _Prepared)]
        started = time.perf_counter()
        rows = [
            row for item in found for sheet in item.sheets for rows in sheet.ways for row in rows
        ]
        logits = iter(self._logits_of(rows))
        share = (time.perf_counter() - started) / max(1, len(found))
        return [
            self._reading(item, logits, share) if isinstance(item, _Prepared) else item
            for item in prepared
        ]

    def read_tiles(self, tiles: np.ndarray, rows: Sequence[int]) -> Reading:
        """Read (n, 28, 28) float32 tiles in 0..1, each as one digit in the row that ``rows`` gives.

        The reading's picture shows the tiles side by side in their rows.
        """
        started = time.perf_counter()
        picture, placements = draw_tile_sheet(tiles, rows)
        logits, found = self._evaluate(tiles)
        logits = read_as_one_writer(logits, self.calibration)
        probabilities = self._probabilities(logits)
        accepted = np.concatenate(
            [
                accept_row(logits[list(places)], self.calibration)
                for _, places in groupby(range(len(tiles)), key=lambda place: rows[place])
            ]
        )
        digits = tuple(
            Digit(
                tile,
                placements[place],
                _ink_box(placements[place]),
                rows[place],
                probabilities[place],
                bool(accepted[place]),
                found[place],
            )
            for place, tile in enumerate(tiles)
        )
        return Reading(picture, digits, time.perf_counter() - started)

    def predict_logits(self, tiles: np.ndarray) -> np.ndarray:
        """Return the logits, (n, 10) float32, of (n, 28, 28) float32 tiles in 0..1."""
        return self._evaluate(tiles)[0]

    def _evaluate(self, tiles: np.ndarray) -> tuple[np.ndarray, list[np.ndarray | None]]:
        """Return the logits of tiles, and of each the evidence or None (``Digit.evidence``)."""
        logits = np.zeros((len(tiles), DIGITS), np.float32)
        found: list[np.ndarray | None] = []
        while rest := len(tiles) - len(found):
            size = max(size for size in BATCH_SIZES if size <= rest)
            here = slice(len(found), len(found) + size)
            logits[here], own = self._compiled[size](np.asarray(tiles[here], np.float32))
            found += [None] * size if own is None else list(np.asarray(own))
        return logits, found

    def _logits_of(self, rows: "list[_Row]") -> np.ndarray:
        """Return the logits of all candidates of rows, (n, 10); keep the evidence with them."""
        candidates = [candidate for row in rows for candidate in row.candidates.values()]
        logits, found = self._evaluate(np.array([candidate.tile for candidate in candidates]))
        for candidate, own in zip(candidates, found, strict=True):
            candidate.evidence = own
        return logits

    def heatmap(
        self, digit: Digit, target: int | None = None, *, method: str | None = None
    ) -> Heatmap:
        """Return which pixels of a digit's tile count for a target digit.

        target: 0 to 9; by default the digit's label. method: one of ``explanations``; by default
        the first.
        Returns (28, 28) float32 in 0..1; the digit's placement maps it to the picture.
        """
        target = digit.label if target is None else target
        if digit.evidence is not None and method in (None, self.explanations[0]):
            return heatmap_of(digit.evidence[target])
        return self._explainer.heatmap(digit.tile, target, method)

    def contrast(self, digit: Digit, other: int, *, method: str | None = None) -> np.ndarray:
        """Return which pixels of a digit's tile count for its label rather than for another digit.

        other: 0 to 9. method: one of ``explanations``; by default the first.
        Returns (28, 28) float32 in -1..1: positive for the label, negative for ``other``.
        """
        return self._explainer.contrast(digit.tile, digit.label, other, method)

    def _reading(self, item: "_Prepared", logits: Iterator[np.ndarray], share: float) -> Reading:
        """Return the reading of one picture, taking the logits of its candidates from ``logits``.

        If no candidate is part of a best path, the one with the most ink is reported, not accepted.
        """
        digits: list[Digit] = []
        ignored: list[IgnoredMark] = []
        strips: list[Ink] = []
        guesses = []
        for sheet in item.sheets:
            ways = [_interpret(rows, logits) for rows in sheet.ways]
            cheapest = min(ways, key=lambda way: way.cost)
            chosen = self._decided(sheet.ink, cheapest).by_one_writer(self.calibration)
            read = self._digits(sheet, chosen)
            if self._is_turned(sheet.ink, cheapest):
                read = _refused(read)
            first_row = digits[-1].row + 1 if digits else 0
            digits += [replace(digit, row=digit.row + first_row) for digit in read]
            ignored += _marks_left_out(sheet, chosen)
            strips += chosen.strips
            guesses += [(sheet, way) for way in ways]
        if not digits:
            digits, ignored = [self._guess(guesses)], []
        return Reading(
            item.decoded.picture,
            tuple(digits),
            item.seconds + share,
            tuple(ignored),
            item.decoded.reduction,
            tuple(strips),
        )

    def _digits(self, sheet: "_Sheet", chosen: "_Interpretation") -> list[Digit]:
        """Return the digits of one sheet, whose rows are counted from 0.

        None is accepted if one encloses another, as the arc of a dial does.
        """
        digits = [
            digit
            for place in range(len(chosen.rows))
            for digit in self._digits_of_row(sheet, chosen, place)
        ]
        return _refused(digits) if any_encloses([digit.box for digit in digits]) else digits

    def _decided(self, ink: Ink, chosen: "_Interpretation") -> "_Interpretation":
        """Return an interpretation whose doubtful rows the row reader has decided."""
        if self._row_reader is None:
            return chosen
        for place, row in enumerate(chosen.rows):
            paths = _doubtful_paths(row, chosen.logits[place], chosen.paths[place])
            if paths and (pieces := row.lattice.without_crosses(chosen.paths[place].spans)):
                strip = draw_strip(ink, pieces, row.lattice.height)
                frames = self._row_reader().log_probabilities(strip.image)
                decision = decide(frames, paths)
                if again := self._cut_again(row, strip, frames, decision):
                    row, logits, decision = again
                    chosen = chosen.with_row(place, row, logits)
                chosen = chosen.with_decision(place, decision, frames, strip.image)
        return chosen

    def _cut_again(
        self, row: "_Row", strip: Strip, frames: np.ndarray, decision: Decision
    ) -> "tuple[_Row, Logits, Decision] | None":
        """Cut a row where the row reader sees digits end, if both readers then agree on it.

        Digits that touch along a stroke, such as a 1 before an 8, leave no narrow place.
        """
        seen = read_greedily(frames)
        if row.lattice.cut_again is None or seen.text == decision.path.text:
            return None
        [likelihood] = log_likelihoods(frames, [seen.text])
        if likelihood < decision.likelihood + MIN_GAIN:
            return None
        seams = list(pairwise(map(strip.ink_column, seen.columns)))
        finer = self._interpreted(_rows([row.lattice.cut_again(seams)]))
        [finer_row], [logits] = finer.rows, finer.logits
        paths = near_best_paths(finer_row.lattice, _label_costs(logits), DOUBTFUL_MARGIN)
        again = decide(frames, paths)
        agree = again.path.text == seen.text and again.cost < decision.cost
        return (finer_row, logits, again) if agree else None

    def _is_turned(self, ink: Ink, upright: "_Interpretation") -> bool:
        """Return whether the digits of a picture read much better after a turn by 90 degrees.

        Turned digits are often misread with confidence, a 5 as a 2 for instance. A number lies in
        more rows when it is turned, never in fewer.
        """
        cost = upright.mean_reading_cost()
        if not MIN_TURNED_COST <= cost < math.inf:
            return False
        turned = (self._read_ink(np.rot90(ink, turn)) for turn in (1, -1))
        return any(
            way.mean_reading_cost() < TURNED_COST_SHARE * cost
            and way.count_rows() <= upright.count_rows()
            for way in turned
        )

    def _read_ink(self, ink: Ink) -> "_Interpretation":
        """Read ink in the first way to take it."""
        return self._interpreted(_rows(next(segmentations(ink))))

    def _interpreted(self, rows: "list[_Row]") -> "_Interpretation":
        """Find the best path through each row, with a call of the network."""
        return _interpret(rows, iter(self._logits_of(rows)))

    def _digits_of_row(
        self, sheet: "_Sheet", chosen: "_Interpretation", place: int
    ) -> Iterator[Digit]:
        """Yield the digits of one row. place: its number.

        A digit cut from a component that was mostly discarded, such as a scribble, is not accepted,
        and none is if one is too tall for the others.
        """
        row, spans = chosen.rows[place], chosen.paths[place].spans
        if not spans:
            return
        logits = np.array([chosen.logits[place][span] for span in spans])
        cut_from_one = row.lattice.is_cut_from_one(spans)
        accepted = accept_row(logits, self.calibration, cut_from_one=cut_from_one)
        accepted &= [(place, span) not in chosen.unsure for span in spans]
        accepted &= [not row.lattice.is_remnant(span, spans) for span in spans]
        boxes = [row.candidates[span].glyph.box for span in spans]
        if any_outsize([box.height for box, sure in zip(boxes, accepted, strict=True) if sure]):
            accepted[:] = False
        for span, probabilities, sure in zip(
            spans, self._probabilities(logits), accepted, strict=True
        ):
            yield _digit(sheet, row.candidates[span], probabilities, bool(sure))

    def _guess(self, ways: "list[tuple[_Sheet, _Interpretation]]") -> Digit:
        """Return the candidate with the most ink as a digit that is not accepted."""
        candidates = [
            (sheet, row.candidates[span], logits)
            for sheet, way in ways
            for row, row_logits in zip(way.rows, way.logits, strict=True)
            for span, logits in row_logits.items()
        ]
        sheet, candidate, logits = max(candidates, key=lambda guess: guess[1].glyph.ink.sum())
        return _digit(sheet, candidate, self._probabilities(logits), accepted=False)

    def _probabilities(self, logits: np.ndarray) -> np.ndarray:
        return to_probabilities(logits, self.calibration.temperature).astype(np.float32)


@dataclass(eq=False)
class _Candidate:
    """A glyph that may be a digit, its tile, and what ``Digit.evidence`` will be."""

    glyph: Glyph
    tile: Tile
    placement: Placement
    evidence: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class _Row:
    lattice: Lattice
    candidates: dict[Span, _Candidate]


@dataclass(frozen=True, eq=False)
class _Sheet:
    """A writing surface of a picture.

    to_picture: the (3, 3) matrix that maps the ink's pixels to those of the original picture.
    size: the width and height of the original picture.
    ways: the ways to take the ink, each as rows; the network decides between them.
    """

    ink: Ink
    to_picture: np.ndarray
    size: tuple[int, int]
    ways: list[list[_Row]]


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A picture that is ready for the network: its sheets in reading order.

    seconds: the time that the preparation took.
    """

    decoded: Decoded
    sheets: list[_Sheet]
    seconds: float


@dataclass(frozen=True, eq=False)
class _Interpretation:
    """The rows of a picture, the logits of their candidates, the best paths and their cost.

    strips: the rows that the row reader has decided. unsure: the digits in them of which it is not
    sure, as the place of the row and the span.
    """

    rows: list[_Row]
    logits: list[Logits]
    paths: list[Path]
    cost: float
    strips: tuple[Ink, ...] = ()
    unsure: frozenset[tuple[int, Span]] = frozenset()

    def with_row(self, place: int, row: _Row, logits: Logits) -> "_Interpretation":
        """Return the interpretation with one row replaced."""
        rows, all_logits = list(self.rows), list(self.logits)
        rows[place], all_logits[place] = row, logits
        return replace(self, rows=rows, logits=all_logits)

    def with_decision(
        self, place: int, decision: Decision, frames: np.ndarray, strip: Ink
    ) -> "_Interpretation":
        """Return the interpretation with one row as the row reader has decided it.

        What the strip says is added to the logits of the digits that it changes only, so that
        tiles without their row, as in a link, mostly read the same.
        """
        path, paths, logits = decision.path, list(self.paths), list(self.logits)
        paths[place] = path
        changed = {
            span: logits[place][span] + evidence(frames, path.text, number)
            for number, (span, digit) in enumerate(zip(path.spans, path.text, strict=True))
            if logits[place][span].argmax() != int(digit)
        }
        logits[place] = logits[place] | changed
        sure = dict(zip(path.spans, decision.sure.tolist(), strict=True))
        unsure = {(place, span) for span in sure if not sure[span]}
        return replace(
            self,
            paths=paths,
            logits=logits,
            strips=(*self.strips, strip),
            unsure=self.unsure | unsure,
        )

    def by_one_writer(self, calibration: Calibration) -> "_Interpretation":
        """Return the interpretation with the logits of its digits as of one writer's."""
        read = [(place, span) for place, path in enumerate(self.paths) for span in path.spans]
        logits = [dict(row) for row in self.logits]
        own = np.array([logits[place][span] for place, span in read])
        for (place, span), adapted in zip(read, read_as_one_writer(own, calibration), strict=True):
            logits[place][span] = adapted
        return replace(self, logits=logits)

    def count_rows(self) -> int:
        """Return how many rows hold a digit."""
        return sum(bool(path.spans) for path in self.paths)

    def mean_reading_cost(self) -> float:
        """Return the mean cost of a digit in nats; infinite for fewer than MIN_TURNED_DIGITS."""
        logits = [
            row[span]
            for row, path in zip(self.logits, self.paths, strict=True)
            for span in path.spans
        ]
        if len(logits) < MIN_TURNED_DIGITS:
            return math.inf
        return float(label_costs(np.array(logits)).min(axis=1).mean())


def _compile(function: Callable, size: int) -> Callable:
    """Compile a function of (size, 28, 28) tiles."""
    tiles = jax.ShapeDtypeStruct((size, TILE_SIZE, TILE_SIZE), jnp.float32)
    return jax.jit(function).lower(tiles).compile()


def _refused(digits: list[Digit]) -> list[Digit]:
    return [replace(digit, accepted=False) for digit in digits]


def _prepare(source: Source, one: bool) -> _Prepared | DigitError:
    started = time.perf_counter()
    try:
        decoded = decode_reduced(source)
        picture = decoded.picture
        inks = [locate_ink(picture)] if one else locate_all_ink(picture)
    except DigitError as error:
        return error
    sheets = [_prepare_sheet(located, decoded, one) for located in inks]
    return _Prepared(decoded, sheets, time.perf_counter() - started)


def _prepare_sheet(located: LocatedInk, decoded: Decoded, one: bool) -> _Sheet:
    ways = [] if one else [_rows(lattices) for lattices in segmentations(located.ink)]
    if not any(row.candidates for rows in ways for row in rows):
        lattice = one_digit_lattice(single_digit(located.ink))
        ways = [_rows([lattice])]
    to_picture = np.diag([decoded.reduction, decoded.reduction, 1]) @ located.to_picture
    return _Sheet(located.ink, to_picture, decoded.size, ways)


def _rows(lattices: list[Lattice]) -> list[_Row]:
    return [_Row(lattice, _candidates(lattice)) for lattice in lattices]


def _interpret(rows: list[_Row], logits: Iterator[np.ndarray]) -> _Interpretation:
    """Find the best path through each row, taking its candidates' logits from ``logits``."""
    by_row = [{span: next(logits) for span in row.candidates} for row in rows]
    paths = [
        best_path(row.lattice, _label_costs(row_logits))
        for row, row_logits in zip(rows, by_row, strict=True)
    ]
    return _Interpretation(rows, by_row, paths, sum(path.cost for path in paths))


def _doubtful_paths(row: _Row, logits: Logits, best: Path) -> list[Path]:
    """Return the paths between which the row reader is to decide, or none if the row is clear."""
    # A digit is about as wide as high: so many fit into the row, if not in the best path.
    room = max(len(best.spans), row.lattice.width() / row.lattice.height)
    if not row.candidates or room > MAX_ROW_DIGITS or best.cost > MAX_ROW_COST * room:
        return []
    paths = near_best_paths(row.lattice, _label_costs(logits), DOUBTFUL_MARGIN)
    is_lone_digit = room <= MAX_DIGIT_WIDTH and all(len(path.spans) < 2 for path in paths)
    is_clear = len(paths) < 2 and best.cost < DOUBTFUL_COST * room
    return [] if is_clear or is_lone_digit else paths


def _label_costs(logits: Logits) -> dict[Span, np.ndarray]:
    if not logits:
        return {}
    return dict(zip(logits, label_costs(np.array(list(logits.values()))), strict=True))


def _marks_left_out(sheet: _Sheet, chosen: _Interpretation) -> list[IgnoredMark]:
    return [
        IgnoredMark(_box_on_picture(mark.box, sheet), mark.kind)
        for row, path in zip(chosen.rows, chosen.paths, strict=True)
        for mark in marks_left_out(row.lattice, path.spans)
    ]


def _candidates(lattice: Lattice) -> dict[Span, _Candidate]:
    return {
        span: _Candidate(glyph, *normalise(glyph.ink)) for span, glyph in lattice.glyphs.items()
    }


def _digit(
    sheet: _Sheet, candidate: _Candidate, probabilities: np.ndarray, accepted: bool
) -> Digit:
    """Return a candidate as a digit, with its box and placement on the original picture."""
    return Digit(
        tile=candidate.tile,
        placement=_placement_on_picture(candidate, sheet.to_picture),
        box=_box_on_picture(candidate.glyph.box, sheet),
        row=candidate.glyph.row,
        probabilities=probabilities,
        accepted=accepted,
        evidence=candidate.evidence,
    )


def _ink_box(placement: Placement) -> Box:
    """Return the box that MNIST's rule gives the ink of a tile, widened by one tile pixel.

    The ink can reach beyond MNIST's 20 x 20 pixels a little, because it is centred by its mass.
    """
    low = (TILE_SIZE - TILE_BOX) // 2 - 1
    high = TILE_SIZE - low
    left, top, x_scale, y_scale, _ = placement
    return Box(
        round(left + low * x_scale),
        round(top + low * y_scale),
        round(left + high * x_scale),
        round(top + high * y_scale),
    )


def _placement_on_picture(candidate: _Candidate, to_picture: np.ndarray) -> Placement:
    """Return where a tile lies on the picture, turned as its sheet is."""
    box, (left, top, x_scale, y_scale, _) = candidate.glyph.box, candidate.placement
    middle = np.array([box.left + left, box.top + top])
    middle += TILE_SIZE / 2 * np.array([x_scale, y_scale])
    steps = np.array([[0, 0], [x_scale, 0], [0, y_scale]])
    centre, right, below = map_points(to_picture, middle + steps)
    x_scale, y_scale = math.dist(right, centre), math.dist(below, centre)
    left, top = centre - TILE_SIZE / 2 * np.array([x_scale, y_scale])
    turn = math.atan2(right[1] - centre[1], right[0] - centre[0])
    return Placement(float(left), float(top), x_scale, y_scale, turn)


def _box_on_picture(box: Box, sheet: _Sheet) -> Box:
    """Return a box on the ink as a box on the original picture, enlarged to whole pixels."""
    width, height = sheet.size
    corners = np.array([(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)])
    points = map_points(sheet.to_picture, corners).round(6)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return Box(
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(width, math.ceil(right)),
        min(height, math.ceil(bottom)),
    )
