"""Build a lattice of possible digits from a row of ink, and find the best path through it.

A row is over-segmented: its connected components are cut wherever two digits may touch. A digit
may consist of up to MAX_PIECES neighbouring pieces, and a piece may be none, such as a dot or a
dash. The network's logits decide between the alternatives (recognition-based segmentation, Casey
and Lecolinet 1996, https://doi.org/10.1109/34.506792).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy import ndimage

from ..arrays import Box, Ink
from .components import (
    Component,
    Glyph,
    component_at,
    enclosing_box,
    make_glyph,
    merge_components,
    places_of,
    typical_height,
)
from .marks import kind_of_cross


class Span(NamedTuple):
    """The pieces start..end-1 of a row. ``shared``: with the ink just beyond the cuts as well."""

    start: int
    end: int
    shared: bool = False


# Two columns of the ink, between which one digit ends and the next begins.
Seam: TypeAlias = tuple[float, float]

# Lengths are shares of the height of the row's digits.
# Components narrower than this are not cut: even two touching 1s are wider.
MIN_CUT_WIDTH = 0.5
# Cuts are at least this far apart; narrower pieces would be parts of one stroke.
MIN_PIECE_WIDTH = 0.12
# A cut goes where the ink's vertical extent is smaller than on both sides by at least this.
MIN_VALLEY_DEPTH = 0.06
# In a seam, a cut may be as near as this to another. Where digits overlap, the place with least ink
# is often inside one of them; the second is then between them.
MIN_SEAM_WIDTH = 0.06
CUTS_PER_SEAM = 2
# Touching digits may share ink up to this width, about a stroke's.
SHARED_WIDTH = 0.08
# Wider pieces, or pieces with a wider gap, are more than one digit.
MAX_WIDTH = 1.3
# A component that was cut may also be one digit if it is not wider than this.
MAX_WHOLE_WIDTH = 1.6
MAX_GAP = 0.25
# Pieces that are lower together are punctuation.
MIN_HEIGHT = 0.4
MAX_PIECES = 5
# Paths to one place that are followed.
MAX_PATHS = 32
# The slants to try, as tangents; positive leans to the right.
SLANTS = np.linspace(-0.3, 0.8, 12)
USUAL_SLANT = 0.2
SLANT_PRIOR = 0.3

# Costs in nats, comparable to the network's reading cost. Chosen on rows of synthetic digits
# (synthesis/rows.py) and of MNIST training digits, with dots, dashes and paper between them.
PER_CUT_INK = 1.0  # per digit height of ink that the cuts at its sides go through
PER_GAP = 3.0  # per digit height of paper between the pieces of a broken digit
PER_APART = 4.0  # for each gap between components that are both as high as APART digit heights
APART = 0.65
PER_WIDTH = 0.5  # per e-fold that a digit is wider than high
PER_HEIGHT = 1.6  # per e-fold that a digit is taller than the row's, beyond FREE_HEIGHT
FREE_HEIGHT = 0.2
PER_LOW = 3.0  # per e-fold that a NARROW mark is lower than LOW digit heights: a comma, not a 1
LOW = 0.8
NARROW = 0.75  # the largest width of such a mark, as a share of its height
MIN_DROP = 0.1  # its middle is lower than that of the digit beside it by this share of its height
PER_OMISSION = 4.0  # for leaving out a mark as tall as the row's digits; less if it is lower, ...
WIDE = 1.0  # ... and more if it is wider than this, in digit heights
PER_CROSS = 1.0  # for leaving out a plus or a multiplication sign


@dataclass(frozen=True, eq=False)
class Lattice:
    """The possible digits of a row.

    glyphs: the spans of pieces that may be one digit, with their ink.
    shape_costs: the cost of each span's shape, in nats.
    omission_costs: the cost of leaving out each piece, in nats, and of each component that was cut.
    pieces: the pieces of the row, from the left.
    components: for each piece, the number of its connected component.
    height: the typical height of the row's digits, in pixels.
    sign: the kind of the row's only mark, if its shape shows that it is no digit.
    cut_again: builds the lattice with further cuts, in seams; None if the row is not to be cut.
    """

    glyphs: dict[Span, Glyph]
    shape_costs: dict[Span, float]
    omission_costs: dict[Span, float]
    pieces: list[Component]
    components: list[int]
    height: float
    sign: str | None = None
    cut_again: "Callable[[Sequence[Seam]], Lattice] | None" = None

    def width(self) -> int:
        """Return the width of the row, in pixels."""
        return enclosing_box(piece.box for piece in self.pieces).width

    def is_cut_from_one(self, spans: Sequence[Span]) -> bool:
        """Return whether several spans are all cut from the same connected component."""
        return len(spans) > 1 and len({self.components[piece] for piece in _pieces(spans)}) == 1

    def is_remnant(self, span: Span, spans: Sequence[Span]) -> bool:
        """Return whether ``span`` was cut from a component that ``spans`` mostly leave out."""
        read = _pieces(spans)
        for component in {self.components[piece] for piece in _pieces([span])}:
            own = {piece for piece, number in enumerate(self.components) if number == component}
            if self._mass(own & read) < self._mass(own - read):
                return True
        return False

    def left_out(self, spans: Sequence[Span]) -> list[Component]:
        """Return the components none of whose pieces is in one of the spans, from the left."""
        return list(self._left_out(spans).values())

    def without_crosses(self, spans: Sequence[Span]) -> list[Component]:
        """Return the pieces without the plus and multiplication signs that ``spans`` leave out."""
        left_out = self._left_out(spans)
        crosses = {number for number, mark in left_out.items() if kind_of_cross(mark)}
        pieces = zip(self.pieces, self.components, strict=True)
        return [piece for piece, number in pieces if number not in crosses]

    def _left_out(self, spans: Sequence[Span]) -> dict[int, Component]:
        """Return the components none of whose pieces is in a span, by their numbers."""
        read = {self.components[piece] for piece in _pieces(spans)}
        marks: dict[int, list[Component]] = {}
        for piece, number in zip(self.pieces, self.components, strict=True):
            if number not in read:
                marks.setdefault(number, []).append(piece)
        return {number: merge_components(pieces) for number, pieces in marks.items()}

    def _mass(self, pieces: set[int]) -> float:
        return sum(self.pieces[piece].mass for piece in pieces)


def _pieces(spans: Sequence[Span]) -> set[int]:
    return {piece for span in spans for piece in range(span.start, span.end)}


def one_digit_lattice(glyph: Glyph, others: Sequence[Component] = ()) -> Lattice:
    """Return the lattice of a row that is exactly one digit. others: the marks beside it."""
    pieces = [Component(glyph.box, glyph.ink > 0, float(glyph.ink.sum())), *others]
    height = glyph.box.height
    omission_costs = {
        Span(place, place + 1): _omission_cost(piece.box, height) if place else np.inf
        for place, piece in enumerate(pieces)
    }
    whole = Span(0, 1)
    filled = np.flatnonzero(glyph.ink.any(axis=0))
    gap_cost = PER_GAP * float(np.max(np.diff(filled), initial=1) - 1) / height
    numbers = list(range(len(pieces)))
    return Lattice({whole: glyph}, {whole: gap_cost}, omission_costs, pieces, numbers, height)


def digitless_lattice(mark: Component, height: float, sign: str | None = None) -> Lattice:
    """Return the lattice of a mark that is not a digit.

    height: of the digits around it. sign: its kind, if its shape is clear; it is left out for free.
    """
    cost = 0.0 if sign else _omission_cost(mark.box, height)
    return Lattice({}, {}, {Span(0, 1): cost}, [mark], [0], height, sign)


def build_lattice(
    ink: Ink,
    components: list[Component],
    row: int,
    usual_height: float = np.inf,
    seams: Sequence[Seam] = (),
) -> Lattice:
    """Build the lattice of a row.

    ink: (height, width) float32 in 0..1. components: of the row. row: its number.
    usual_height: of the picture's digits. What is left out is measured by it or by the row's
        height, whichever is lower, or one tall mark would make light of all others in its row.
    seams: where to cut as well, though the ink may not be narrow there.
    """
    height = typical_height(components)
    slant = row_slant(components, height)
    numbered = [
        (piece, number)
        for number, component in enumerate(components)
        for piece in _cut(ink, component, height, slant, seams)
    ]
    numbered.sort(key=lambda found: found[0].left + found[0].right)
    pieces, numbers = [piece for piece, _ in numbered], [number for _, number in numbered]
    wholes = _whole_components(numbers)
    tall = [component.box for component in components if component.box.height >= LOW * height]
    glyphs, shape_costs = {}, {}
    for i, j in _runs(len(pieces), wholes):
        if _may_be_digit(pieces[i:j], height, MAX_WHOLE_WIDTH if (i, j) in wholes else MAX_WIDTH):
            own = [piece.component for piece in pieces[i:j]]
            common = pieces[i].beyond[0] + pieces[j - 1].beyond[1]
            gaps = _count_gaps(pieces[i:j], numbers[i:j], height)
            cost = _shape_cost(pieces[i:j], height, tall) + PER_APART * gaps
            for shared in (False, True) if common else (False,):
                span = Span(i, j, shared)
                glyphs[span] = make_glyph(ink, own + common if shared else own, row)
                shape_costs[span] = cost
    omission_costs = _omission_costs(components, pieces, numbers, min(height, usual_height))
    return Lattice(
        glyphs,
        shape_costs,
        omission_costs,
        [piece.component for piece in pieces],
        numbers,
        height,
        cut_again=partial(build_lattice, ink, components, row, usual_height),
    )


def _omission_costs(
    components: list[Component], pieces: "list[_Piece]", numbers: list[int], height: float
) -> dict[Span, float]:
    """Return the cost of leaving out each piece, and each component that was cut.

    numbers: for each piece, the number of its component.
    """
    crosses = {number for number, component in enumerate(components) if kind_of_cross(component)}
    costs = {}
    for i, j in [*pairwise(range(len(pieces) + 1)), *_whole_components(numbers)]:
        box = enclosing_box(piece.component.box for piece in pieces[i:j])
        cost = _omission_cost(box, height)
        is_cross = numbers[i] in crosses and numbers.count(numbers[i]) == j - i
        costs[Span(i, j)] = min(PER_CROSS, cost) if is_cross else cost
    return costs


def _whole_components(numbers: list[int]) -> list[tuple[int, int]]:
    """Return the start and end of each component that was cut, unless others lie between."""
    runs = [(key, len(list(run))) for key, run in groupby(numbers)]
    ends = list(accumulate(length for _, length in runs))
    return [
        (end - length, end)
        for (number, length), end in zip(runs, ends, strict=True)
        if 1 < length == numbers.count(number)
    ]


def _runs(count: int, wholes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the start and end of every run of pieces that may be one digit."""
    short = [(i, j) for i in range(count) for j in range(i + 1, min(count, i + MAX_PIECES) + 1)]
    return short + [(i, j) for i, j in wholes if j - i > MAX_PIECES]


class Path(NamedTuple):
    """A way through a lattice: its cost in nats, its spans from the left, and their text."""

    cost: float
    spans: tuple[Span, ...] = ()
    text: str = ""


# For each of a row's glyphs, the cost in nats of reading it as each digit, (10,).
LabelCosts = Mapping[Span, np.ndarray]


def best_path(row: Lattice, costs: LabelCosts) -> Path:
    """Return the cheapest path; it leaves out the pieces in none of its spans."""
    steps = _steps(row, costs, 0.0)
    paths = [Path(0.0)]
    for ending in steps:
        ways = (_extended(paths[step.span.start], step) for step in ending)
        paths.append(min(ways, key=lambda path: path.cost))
    return paths[-1]


def near_best_paths(row: Lattice, costs: LabelCosts, margin: float) -> list[Path]:
    """Return the cheapest path for each text that costs at most ``margin`` nats more than the best.

    They are ordered by cost. Of very many, the MAX_PATHS cheapest to each place are followed.
    """
    steps = _steps(row, costs, margin)
    rest = _cheapest_rests(steps)
    paths: list[list[Path]] = [[Path(0.0)]]
    for end, ending in enumerate(steps, 1):
        cheapest: dict[str, Path] = {}
        for step in ending:
            for start in paths[step.span.start]:
                path = _extended(start, step)
                known = cheapest.get(path.text)
                if path.cost + rest[end] <= rest[0] + margin and (
                    known is None or path.cost < known.cost
                ):
                    cheapest[path.text] = path
        paths.append(sorted(cheapest.values(), key=lambda path: path.cost)[:MAX_PATHS])
    return paths[-1]


class _Step(NamedTuple):
    """One edge of a lattice. text: the digit that it reads, or nothing if it leaves pieces out."""

    span: Span
    cost: float
    text: str


def _steps(row: Lattice, costs: LabelCosts, margin: float) -> list[list[_Step]]:
    """Return for each piece the steps that end there.

    margin: only digits that cost at most so much more than the glyph's cheapest are steps.
    """
    steps: list[list[_Step]] = [[] for _ in row.pieces]
    for span, cost in row.omission_costs.items():
        steps[span.end - 1].append(_Step(span, cost, ""))
    for span, shape_cost in row.shape_costs.items():
        likely = np.flatnonzero(costs[span] <= costs[span].min() + margin)
        steps[span.end - 1] += [
            _Step(span, shape_cost + float(costs[span][digit]), str(digit)) for digit in likely
        ]
    return steps


def _extended(path: Path, step: _Step) -> Path:
    spans = (*path.spans, step.span) if step.text else path.spans
    return Path(path.cost + step.cost, spans, path.text + step.text)


def _cheapest_rests(steps: list[list[_Step]]) -> list[float]:
    """Return the cheapest cost to the end from before the first piece, the second, and so on."""
    rests = [np.inf] * len(steps) + [0.0]
    for end in range(len(steps), 0, -1):
        for step in steps[end - 1]:
            start = step.span.start
            rests[start] = min(rests[start], step.cost + rests[end])
    return rests


@dataclass(frozen=True, eq=False)
class _Piece:
    """A connected component, or a piece that was cut from one.

    left, right: its extent along the row after the slant is removed.
    cuts: how much ink the cuts at its left and right go through.
    beyond: the neighbouring ink just beyond those cuts.
    """

    component: Component
    left: float
    right: float
    cuts: tuple[float, float]
    beyond: tuple[list[Component], list[Component]]


def row_slant(components: list[Component], height: float) -> float:
    """Return the shear that makes the row upright: its columns are then either full or empty.

    A prior prefers the usual slant where the ink does not decide.
    """
    step = max(1.0, height / 40)
    squares, sums = np.zeros((2, len(SLANTS)))
    for component in components:
        y, x = places_of(_outline(component.mask))
        columns = _columns(x + np.multiply.outer(SLANTS, y), step)
        extents = _extents(columns, y)
        squares, sums = squares + (extents**2).sum(axis=1), sums + extents.sum(axis=1)
    prior = 1 - SLANT_PRIOR * (SLANTS - USUAL_SLANT) ** 2
    return float(SLANTS[np.argmax(squares / sums * prior)])


def _outline(mask: np.ndarray) -> np.ndarray:
    """Return the boundary pixels of a mask.

    They include the top and bottom pixel of every column, also of slanted columns.
    """
    # Seven times as fast as scipy.ndimage's binary_erosion.
    padded = np.pad(mask, 1)
    inside = padded[:-2] & padded[1:-1] & padded[2:]
    return mask & ~(inside[:, :-2] & inside[:, 1:-1] & inside[:, 2:])


def _columns(along: np.ndarray, step: float = 1.0) -> np.ndarray:
    """Return the columns, from 0, of places along a row: (..., n) to (..., n) int."""
    return ((along - along.min(axis=-1, keepdims=True)) / step).astype(int)


def _cut(
    ink: Ink, component: Component, height: float, slant: float, seams: Sequence[Seam]
) -> list[_Piece]:
    """Cut a component along the slant wherever digits may touch, and in its seams.

    Returns pieces from the left.
    """
    y, x = component.pixels
    y, x = y + component.box.top, x + component.box.left
    along = x + slant * (y - ink.shape[0] / 2)
    left = float(along.min())
    columns = _columns(along)
    width = int(columns.max()) + 1
    cuts = _valleys(_extents(columns, y), height) if width > MIN_CUT_WIDTH * height else []
    amounts = np.bincount(columns, ink[y, x]) / height
    # A slanted line's column is taken in the middle of the ink; a seam's in the middle of its row.
    shift = slant * ((component.box.top + component.box.bottom - ink.shape[0]) / 2) - left
    cuts = _with_seams(cuts, amounts, [(a + shift, b + shift) for a, b in seams], height)
    costs = pairwise([0.0, *(float(amounts[cut - 1 : cut + 1].min()) for cut in cuts), 0.0])
    reach = max(1, round(SHARED_WIDTH * height))

    def between(start: int, stop: int) -> list[Component]:
        inside = (columns >= start) & (columns < stop)
        return [component_at(ink, y[inside], x[inside])] if inside.any() else []

    pieces = []
    for (start, stop), cost in zip(pairwise([0, *cuts, width]), costs, strict=True):
        beyond = between(start - reach, start), between(stop, stop + reach)
        for piece in between(start, stop) if cuts else [component]:
            pieces.append(_Piece(piece, left + start, left + stop, cost, beyond))
    return pieces


def _extents(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return each column's extent from its highest to its lowest ink, in pixels, or 0.

    columns: (..., n) the columns of n pixels, for each of several slants. y: (n,) their rows, from
        the top. Returns (..., width) float64.
    It is small where digits touch. The amount of ink is not a good measure: two touching 0s have
    the least ink in their middles.
    """
    extents = np.zeros((*columns.shape[:-1], columns.max() + 1))
    slants = np.indices(columns.shape[:-1])[..., None]
    # Of several pixels in a column the last one stays.
    extents[*slants, columns[..., ::-1]] = -y[::-1]
    extents[*slants, columns] += y + 1
    return extents


def _valleys(extents: np.ndarray, height: float) -> list[int]:
    """Return the columns at local minima of the (n,) extents."""
    smooth = ndimage.gaussian_filter1d(extents, max(0.5, 0.03 * height))
    narrowest = max(1.0, MIN_PIECE_WIDTH * height)
    places = _minima(smooth, distance=narrowest, prominence=MIN_VALLEY_DEPTH * height)
    return [place for place in places if narrowest < place < len(extents) - narrowest]


def _minima(values: np.ndarray, **conditions: float) -> list[int]:
    """Return the places of local minima. conditions: as of scipy.signal.find_peaks."""
    # Imported here because it is slow to import and most pictures need no cut.
    from scipy import signal

    return signal.find_peaks(-values, **conditions)[0].tolist()


def _with_seams(
    cuts: list[int], amounts: np.ndarray, seams: Sequence[Seam], height: float
) -> list[int]:
    """Add to the cuts of a component those columns of each seam where there is least ink.

    amounts: (n,) the ink of its columns. seams: in its columns.
    """
    if not seams:
        return cuts
    smooth = ndimage.gaussian_filter1d(amounts, max(0.5, 0.02 * height))
    nearest = max(1.0, MIN_SEAM_WIDTH * height)
    minima = _minima(smooth, distance=nearest)
    for start, stop in seams:
        inside = [
            place
            for place in minima
            if start <= place < stop and all(abs(place - cut) >= nearest for cut in cuts)
        ]
        cuts = cuts + sorted(inside, key=lambda place: smooth[place])[:CUTS_PER_SEAM]
    return sorted(cuts)


def _may_be_digit(pieces: list[_Piece], height: float, max_width: float) -> bool:
    own_height = enclosing_box(piece.component.box for piece in pieces).height
    if own_height < MIN_HEIGHT * height:
        return False
    width = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    widest = max_width * max(height, own_height)
    narrow = width <= widest and max(_gaps(pieces)) <= MAX_GAP * height
    return len(pieces) == 1 or narrow


def _gaps(pieces: list[_Piece]) -> list[float]:
    """Return the gaps between neighbouring pieces along the row, after a leading 0."""
    reach = np.maximum.accumulate([piece.right for piece in pieces])
    return [0.0, *(b.left - a for a, b in zip(reach[:-1], pieces[1:], strict=True))]


def _count_gaps(pieces: list[_Piece], numbers: list[int], height: float) -> int:
    """Count the gaps between tall components, which are seldom parts of one digit.

    numbers: for each piece, the number of its component.
    """
    parts: dict[int, list[_Piece]] = {}
    for piece, number in zip(pieces, numbers, strict=True):
        parts.setdefault(number, []).append(piece)
    boxes = {
        number: enclosing_box(piece.component.box for piece in part)
        for number, part in parts.items()
    }
    tall = [number for number, box in boxes.items() if box.height >= APART * height]
    return sum(
        boxes[left].right < boxes[right].left
        or max(piece.right for piece in parts[left]) < min(piece.left for piece in parts[right])
        for left, right in pairwise(tall)
    )


def _shape_cost(pieces: list[_Piece], height: float, tall: list[Box]) -> float:
    """Return the cost in nats of a digit's cuts, gaps, size and place. tall: the row's digits."""
    box = enclosing_box(piece.component.box for piece in pieces)
    width = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    is_comma = width < NARROW * box.height and _hangs_low(box, tall)
    per_low = PER_LOW if is_comma else 0.0
    return (
        PER_CUT_INK * (pieces[0].cuts[0] + pieces[-1].cuts[1])
        + PER_GAP * max(_gaps(pieces)) / height
        + PER_WIDTH * max(0.0, np.log(width / box.height))
        + PER_HEIGHT * max(0.0, np.log(box.height / height) - FREE_HEIGHT)
        + per_low * max(0.0, np.log(LOW * height / box.height))
    )


def _hangs_low(box: Box, tall: list[Box]) -> bool:
    """Return whether the middle of a mark is lower than that of the nearest digit beside it."""
    centre = box.left + box.right
    near = min(tall, key=lambda other: abs(other.left + other.right - centre), default=box)
    return box.top + box.bottom - near.top - near.bottom > 2 * MIN_DROP * near.height


def _omission_cost(box: Box, height: float) -> float:
    size = max(box.height, 0.2 * box.width) / height
    return PER_OMISSION * size**1.5 * max(1.0, box.width / (WIDE * height))
