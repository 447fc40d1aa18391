"""Picture -> the writing surface in it: a sheet, a card or a board whose edges are in view.

Flat regions of a small copy are proposed at several gradient thresholds. The best region that
fills a quadrilateral, with an edge along its sides and something written on it, is the surface.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import ndimage

from ..arrays import Picture
from .components import EIGHT_NEIGHBOURS, fill_holes
from .light import shrink
from .perspective import homography, warp
from .thumb import paint_over_thumbs

# The surface is looked for on a copy of this many pixels on its longer side.
COPY_SIZE = 160
MIN_SIDE = 100
# A glance at a copy of this size, with this threshold, finds most pictures to be one even page:
# paper on this share of the border.
GLANCE_SIZE = 80
GLANCE_THRESHOLD = 3.0
EVEN_BORDER = 0.97
# In pixels of that copy: a square of this size fits into a sheet, but into few strokes.
BROAD = 21
# A sheet covers this share of its quadrilateral; thick strokes cover less of theirs.
MIN_GLANCE_FIT = 0.85
# In grey levels a pixel of the copy; noise stays below the first, and paper's shade below the last.
GRADIENT_THRESHOLDS = (3.0, 5.0, 8.0, 12.0, 18.0)
# Shares of the picture: what is smaller is no surface that a person holds up, what is larger fills
# the picture.
MIN_AREA, MAX_AREA = 0.06, 0.94
# A region and its holes cover this share of the quadrilateral around them, ...
MIN_FILLED = 0.68
MIN_SHAPE = 0.88
# ... and the region alone this share.
MIN_PAPER = 0.45
# At most this share of the picture's border may belong to the surface.
MAX_BORDER = 0.5
# At most this share of the quadrilateral is outside the region and has the surroundings' colour. A
# broad digit nearly fills a quadrilateral, but has such notches.
MAX_NOTCHED = 0.08
MIN_SCORE = 0.55
# Another note beside the surface is as clear as this. The boxes around both share at most
# MAX_OVERLAP of the smaller one.
MIN_FURTHER_SCORE = 0.7
MAX_OVERLAP = 0.15
# What is longer for its height is a thick stroke, such as a 1.
MAX_ASPECT = 4.0
MIN_CONTRAST = 6.0
# In pixels of the copy: thinner parts of a region, such as a line that touches it, are cut off.
OPENING = 5
MAX_CORNER_COSINE = 0.5
TRIMMED = 0.015
# In pixels of the copy: the sides lie this near to the edges.
EDGE_REACH = 2.0
# In pixels of the copy, on both sides of the edge: where the colours are compared. A line that runs
# along the edge reaches the first of the places inside, but not both.
INSIDE = (2.5, 6.0)
SURROUNDINGS = (2.5, 7.0, 13.0)
# Strokes may part a sheet into regions of at least this share of the picture, ...
MIN_SEED = 0.004
# ... whose colours differ by fewer levels than this.
SAME_COLOUR = 30
Point: TypeAlias = Sequence[float]

_DISC = np.hypot(*np.mgrid[-5:6, -5:6]) <= 5.5


@dataclass(frozen=True, eq=False)
class Surface:
    """A quadrilateral: (4, 2) corners, x and y, clockwise from the top left."""

    corners: np.ndarray
    score: float


def find_surface(picture: Picture) -> Surface | None:
    """Find the writing surface of a picture; None where paper fills the picture.

    picture: (height, width, 3) uint8. The corners are in its pixels.
    """
    surfaces = find_surfaces(picture)
    return surfaces[0] if surfaces else None


def find_surfaces(picture: Picture) -> list[Surface]:
    """Find the writing surface of a picture and, after it, the others that are as clear.

    picture: (height, width, 3) uint8. The corners are in its pixels. Returns an empty list where
    paper fills the picture.
    """
    if min(picture.shape[:2]) < MIN_SIDE or _is_one_page(shrink(picture, GLANCE_SIZE)):
        return []
    copy = shrink(picture, COPY_SIZE)
    candidates = [
        candidate
        for flat, region in _flat_regions(copy)
        if (candidate := _candidate(copy, flat, region))
    ]
    candidates.sort(
        key=lambda surface: -surface.score * polygon_area(surface.corners) ** 0.25,
    )
    scale = np.array(picture.shape[1::-1]) / copy.shape[1::-1]
    return [Surface(surface.corners * scale, surface.score) for surface in _apart(candidates)]


def _apart(candidates: list[Surface]) -> list[Surface]:
    """Return the first surface and each later one that is clear and overlaps with none before."""
    chosen = candidates[:1]
    for surface in candidates[1:]:
        clear = surface.score >= MIN_FURTHER_SCORE
        if clear and not any(_overlap(surface.corners, other.corners) for other in chosen):
            chosen.append(surface)
    return chosen


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether the upright boxes around two quadrilaterals share much of the smaller one."""
    across, down = np.minimum(a.max(axis=0), b.max(axis=0)) - np.maximum(
        a.min(axis=0), b.min(axis=0)
    )
    smaller = min(np.prod(np.ptp(corners, axis=0)) for corners in (a, b))
    return bool(max(across, 0) * max(down, 0) > MAX_OVERLAP * smaller)


def _is_one_page(copy: np.ndarray) -> bool:
    """Return whether even paper reaches all of the border, and nothing on it may be a sheet.

    A sheet is a quadrilateral. Where folds of a cloth run into it, it is still even, of another
    colour than the cloth, and broader than strokes. Drawings and most scans cost next to nothing.
    """
    copy = _without_repeats(copy)
    labels, count = ndimage.label(_gradient(copy) < GLANCE_THRESHOLD)
    border = np.bincount(
        np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]), minlength=count + 1
    )
    page = int(border[1:].argmax()) + 1 if count else 0
    if page == 0 or border[page] < EVEN_BORDER * border.sum():
        return False
    if _holds_other_paper(copy, labels, page):
        return False
    objects, _ = ndimage.label(labels != page, EIGHT_NEIGHBOURS)
    fits = (
        _fit_quadrilateral(fill_holes(objects[box] == number), labels.size)
        for number, box in enumerate(ndimage.find_objects(objects), start=1)
    )
    return not any(fitted and fitted[1] >= MIN_GLANCE_FIT for fitted in fits)


def _holds_other_paper(copy: np.ndarray, labels: np.ndarray, page: int) -> bool:
    """Return whether the page holds another even region, and a broad one in another colour."""
    areas = np.bincount(labels.ravel())
    areas[[0, page]] = 0
    if areas.max() < MIN_PAPER * MIN_AREA * labels.size:
        return False
    colour = np.median(copy[labels == page], axis=0)
    other = _differences(copy, colour) >= SAME_COLOUR
    return bool(ndimage.minimum_filter(other, BROAD).any())


def flatten(picture: Picture) -> tuple[Picture, np.ndarray]:
    """Return the writing surface seen straight on, and the (3, 3) matrix from it to the picture.

    Without such a surface these are the picture itself and the identity.
    """
    surface = find_surface(picture)
    return _flatten(picture, surface) if surface else (picture, np.eye(3))


def flatten_all(picture: Picture) -> list[tuple[Picture, np.ndarray]]:
    """Return each writing surface in reading order, like flatten: several notes, for instance."""
    surfaces = in_reading_order(find_surfaces(picture))
    return [_flatten(picture, surface) for surface in surfaces] or [(picture, np.eye(3))]


def in_reading_order(surfaces: list[Surface]) -> list[Surface]:
    """Sort surfaces from the top, and from the left where one lies beside another."""
    lines: list[list[Surface]] = []
    for surface in sorted(surfaces, key=lambda surface: float(surface.corners[:, 1].mean())):
        middle = surface.corners[:, 1].mean()
        if lines and middle < lines[-1][0].corners[2:, 1].mean():
            lines[-1].append(surface)
        else:
            lines.append([surface])
    return [
        surface
        for line in lines
        for surface in sorted(line, key=lambda surface: float(surface.corners[:, 0].mean()))
    ]


def _flatten(picture: Picture, surface: Surface) -> tuple[Picture, np.ndarray]:
    corners = _refine(picture, surface.corners)
    centre = corners.mean(axis=0)
    corners = centre + (corners - centre) * (1 - TRIMMED)
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    size = max(8, round((sides[0] + sides[2]) / 2)), max(8, round((sides[1] + sides[3]) / 2))
    straight = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    to_picture = homography(straight, corners)
    return paint_over_thumbs(warp(picture, to_picture, size)), to_picture


def _refine(picture: Picture, corners: np.ndarray) -> np.ndarray:
    """Move the sides of a quadrilateral onto the strongest edges nearby, to within a pixel."""
    reach = max(2, round(EDGE_REACH * max(picture.shape) / COPY_SIZE))
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = (end - start) / np.hypot(*(end - start))
        normal = np.array([-along[1], along[0]])
        places = np.linspace(0.06, 0.94, 48) * np.hypot(*(end - start))
        steps = np.arange(-reach - 2, reach + 3)
        points = start + places[:, None, None] * along + steps[:, None] * normal
        profiles = _sample(picture, points.reshape(-1, 2)).reshape(len(places), len(steps), -1)
        smooth = ndimage.uniform_filter1d(profiles.astype(np.float32), 5, axis=0)
        edges = np.abs(smooth[:, 4:] - smooth[:, :-4]).max(axis=2)
        offset, slope = _fit_line(places, edges.argmax(axis=1) - float(reach))
        lines.append((start + offset * normal, along + slope * normal))
    return np.array([_meet(lines[k - 1], lines[k]) for k in range(4)])


def _fit_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the offset and the slope of a line through most of the points."""
    distance = np.abs(y - np.median(y))
    for tolerance in (4, 4, 2, 1.5):
        kept = distance <= max(tolerance, float(np.quantile(distance, 0.4)))
        slope, offset = np.polyfit(x[kept], y[kept], 1)
        distance = np.abs(offset + slope * x - y)
    return float(offset), float(slope)


def _meet(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return where two lines meet, each a point and a direction."""
    matrix = np.column_stack([a[1], -b[1]])
    return a[0] + np.linalg.solve(matrix, b[0] - a[0])[0] * a[1]


def _without_repeats(copy: np.ndarray) -> np.ndarray:
    """Return one channel of a grey picture, and all of another."""
    return copy[..., :1] if (copy == copy[..., :1]).all() else copy


def _gradient(copy: np.ndarray) -> np.ndarray:
    """(height, width) steepest slope of any channel, in levels a pixel."""
    smooth = ndimage.gaussian_filter(_without_repeats(copy), (0.6, 0.6, 0))
    down = np.abs(ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis=0))
    across = np.abs(ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis=1))
    # NumPy is slow at the maximum along a short last axis.
    return np.maximum.reduce(np.moveaxis(np.maximum(down, across), 2, 0))


def _flat_regions(copy: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the flat pixels of one colour, and the region that they make up with what is between.

    A region is flat pixels that hang together, or several such of one colour that pen strokes part.
    """
    gradient = _gradient(copy)
    pixels = copy.reshape(gradient.size, -1)
    for threshold in GRADIENT_THRESHOLDS:
        labels, count = ndimage.label(gradient < threshold)
        areas = np.bincount(labels.ravel(), minlength=count + 1)
        areas[0] = 0
        seeds = np.flatnonzero(areas >= MIN_SEED * gradient.size)
        colours = {
            k: np.median(pixels[np.flatnonzero(labels == k)], axis=0) for k in seeds.tolist()
        }
        for seed, colour in colours.items():
            is_large = areas[seed] >= MIN_AREA * MIN_PAPER * gradient.size
            if is_large and _may_be_sheet(flat := labels == seed):
                yield flat, _dilated(flat)
            alike = [k for k, other in colours.items() if abs(other - colour).max() < SAME_COLOUR]
            if len(alike) > 1 and seed == max(alike, key=lambda k: areas[k]):
                flat = np.isin(labels, alike)
                if _may_be_sheet(flat):
                    yield flat, ndimage.binary_closing(np.pad(flat, 8), _DISC)[8:-8, 8:-8]


def _may_be_sheet(flat: np.ndarray) -> bool:
    """Return whether flat pixels are not what lies behind everything, such as a desk or a page."""
    return _share_of_border(flat) <= MAX_BORDER


def _share_of_border(mask: np.ndarray) -> float:
    return float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def _candidate(copy: np.ndarray, flat: np.ndarray, region: np.ndarray) -> Surface | None:
    filled = _largest(_opened(fill_holes(region)))
    border = _share_of_border(filled)
    fitted = _fit_quadrilateral(filled, filled.size) if border <= MAX_BORDER else None
    if fitted is None:
        return None
    corners, fit = fitted
    paper = (flat & filled).sum() / filled.sum()
    if paper < MIN_PAPER:
        return None
    contrast = _side_contrast(copy, corners)
    if contrast < MIN_CONTRAST or _aspect(corners) > MAX_ASPECT:
        return None
    colour = np.median(copy[flat & filled], axis=0)
    saturation = 1 - colour.min() / max(colour.max(), 1)
    score = fit * contrast / (contrast + 5)
    score *= min(1, paper / 0.7) * (1 - 0.6 * saturation) * (1 - border)
    if score < MIN_SCORE or _notched(copy, filled, corners, colour) > MAX_NOTCHED:
        return None
    return Surface(corners, float(score))


def _fit_quadrilateral(filled: np.ndarray, pixels: int) -> tuple[np.ndarray, float] | None:
    """Fit a quadrilateral to a region without holes, in a picture of so many pixels.

    Returns its (4, 2) corners and the share of it that the region covers, or None where the region
    is too small, too large or of another shape.
    """
    area = int(filled.sum())
    if not MIN_AREA <= area / pixels <= MAX_AREA:
        return None
    hull = convex_hull(_outline_points(filled))
    hull_area = polygon_area(hull)
    corners = enclosing_quadrilateral(hull) if area >= MIN_FILLED * hull_area else None
    if corners is None or _sharpest_corner(corners) > MAX_CORNER_COSINE:
        return None
    enclosed = polygon_area(corners)
    return (corners, area / enclosed) if hull_area >= MIN_SHAPE * enclosed else None


def _opened(mask: np.ndarray) -> np.ndarray:
    """Return the opening of a mask by a square of 5 pixels, as ndimage.binary_opening does.

    A square's sides one after the other take a fifth of the time.
    """
    sides = mask.view(np.uint8)
    for extreme in (ndimage.minimum_filter1d, ndimage.maximum_filter1d):
        for axis in (0, 1):
            sides = extreme(sides, OPENING, axis=axis, mode="constant", cval=0)
    return sides.view(bool)


def _dilated(mask: np.ndarray) -> np.ndarray:
    """Return a mask and the neighbours of its pixels; faster than ndimage.binary_dilation."""
    near = np.pad(mask, 1)
    level, upright = near[1:-1], near[:, 1:-1]
    return mask | level[:, :-2] | level[:, 2:] | upright[:-2] | upright[2:]


def _largest(mask: np.ndarray) -> np.ndarray:
    """Return the largest connected component of a mask."""
    labels, _ = ndimage.label(mask)
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    return (labels == areas.argmax()) & mask


def _outline_points(mask: np.ndarray) -> np.ndarray:
    """(n, 2) x and y of the pixel corners at the ends of a mask's rows that may be of its hull."""
    rows = np.flatnonzero(mask.any(axis=1))
    left = mask[rows].argmax(axis=1)
    right = mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    lines = np.append(rows, rows[-1] + 1)
    outermost = (
        np.minimum(np.append(left, left[-1]), np.append(left[0], left)),
        -np.maximum(np.append(right, right[-1]), np.append(right[0], right)),
    )
    bent = [np.r_[True, np.diff(x, 2) > 0, True] for x in outermost]
    points = [
        np.stack([abs(x), lines], axis=1)[own] for x, own in zip(outermost, bent, strict=True)
    ]
    return np.concatenate(points).astype(float)


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Return the corners of the convex hull of (n, 2) points, clockwise (Andrew 1979)."""
    ordered = sorted(set(map(tuple, points.tolist())))

    def chain(sequence: list) -> list:
        kept: list = []
        for x, y in sequence:
            while len(kept) > 1:
                (a, b), (c, d) = kept[-2:]
                if (c - a) * (y - b) - (d - b) * (x - a) > 0:
                    break
                kept.pop()
            kept.append((x, y))
        return kept

    return np.array(chain(ordered)[:-1] + chain(ordered[::-1])[:-1])


def polygon_area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def enclosing_quadrilateral(hull: np.ndarray) -> np.ndarray | None:
    """Take out sides of a convex polygon, those first that add least area, until four are left."""
    # In plain Python: a hull has few corners, on which numpy takes three times as long.
    corners = hull.tolist()
    ways = [_without_side(corners, k) for k in range(len(corners))]
    while len(corners) > 4:
        added, meeting, k = min((*way, k) for k, way in enumerate(ways))
        if not math.isfinite(added):
            return None
        corners = [meeting, *corners[k + 2 :], *corners[max(0, k + 2 - len(corners)) : k]]
        ways = [*ways[k + 1 :], *ways[:k]]
        for near in (-2, -1, 0, 1):
            ways[near] = _without_side(corners, near)
    return clockwise_from_top_left(np.array(corners)) if len(corners) == 4 else None


def _without_side(corners: Sequence[Point], k: int) -> tuple[float, list[float]]:
    """Return the area that a polygon gains without the side from corner k, and its new corner.

    The area is infinite where the neighbouring sides do not meet beyond that side.
    """
    before, start, end, after = (corners[(k + step) % len(corners)] for step in (-1, 0, 1, 2))
    ahead = start[0] - before[0], start[1] - before[1]
    back = end[0] - after[0], end[1] - after[1]
    side = end[0] - start[0], end[1] - start[1]
    across = ahead[0] * back[1] - ahead[1] * back[0]
    reach = (side[0] * back[1] - side[1] * back[0]) / across if across else 0.0
    if reach <= 0:
        return math.inf, []
    meeting = [start[0] + reach * ahead[0], start[1] + reach * ahead[1]]
    return abs(reach * (ahead[0] * side[1] - ahead[1] * side[0])) / 2, meeting


def clockwise_from_top_left(corners: np.ndarray) -> np.ndarray:
    return np.roll(corners, -int(np.argmin(corners.sum(axis=1))), axis=0)


def _aspect(corners: np.ndarray) -> float:
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    width, height = sides[0] + sides[2], sides[1] + sides[3]
    return float(max(width / height, height / width))


def _sharpest_corner(corners: np.ndarray) -> float:
    """Return the largest cosine, by amount, of the angles of a polygon."""
    sides = np.roll(corners, -1, axis=0) - corners
    sides /= np.maximum(np.linalg.norm(sides, axis=1, keepdims=True), 1e-9)
    return float(np.abs((sides * np.roll(sides, 1, axis=0)).sum(axis=1)).max())


def _side_contrast(copy: np.ndarray, corners: np.ndarray) -> float:
    """Return by how many levels the surroundings differ from the surface along its sides.

    The difference has to last from all of INSIDE to all of SURROUNDINGS: on both sides of a line
    lies the same paper. Of four sides the second weakest counts, so that one may be hidden; of
    three the weakest. With two sides in view it is 0: squared paper has such corners.
    """
    centre = corners.mean(axis=0)
    contrasts = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        points = start + np.linspace(0.1, 0.9, 24)[:, None] * (end - start)
        normal = np.array([end[1] - start[1], start[0] - end[0]]) / np.hypot(*(end - start))
        outwards = -normal if np.dot(centre - start, normal) > 0 else normal
        inner = [_sample(copy, points - depth * outwards) for depth in INSIDE]
        differences = [
            np.median(np.abs(_sample(copy, outer[seen]) - colours[seen]).max(axis=1))
            for reach in SURROUNDINGS
            for outer in [points + reach * outwards]
            if (seen := ((outer >= 0) & (outer < copy.shape[1::-1])).all(axis=1)).sum() >= 8
            for colours in inner
        ]
        if differences:
            contrasts.append(min(differences))
    return float(sorted(contrasts)[len(contrasts) == 4]) if len(contrasts) > 2 else 0.0


def _notched(
    copy: np.ndarray, filled: np.ndarray, corners: np.ndarray, colour: np.ndarray
) -> float:
    """Return which share of a quadrilateral lies beside the region, in its surroundings' colour.

    filled: the region without holes, (height, width) bool. colour: the region's, (3,).
    """
    y, x = np.indices(filled.shape) + 0.5
    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    depth = np.min([_depth(x, y, start, end) for start, end in sides], axis=0)
    nearest, farthest, _ = SURROUNDINGS
    around = (depth <= -nearest) & (depth >= -farthest)
    if not around.any():
        return 0.0
    inside = depth >= 0
    beside = copy[inside & ~filled]
    from_around = _differences(beside, np.median(copy[around], axis=0))
    alike = (from_around < SAME_COLOUR) & (from_around < _differences(beside, colour))
    return float(alike.sum() / inside.sum())


def _differences(colours: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Return by how many levels (..., channels) colours differ from a colour, (...)."""
    return np.abs(colours - colour).max(axis=-1)


def _depth(x: np.ndarray, y: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return how far points lie to the right of the line from start to end."""
    along = (end - start) / np.hypot(*(end - start))
    return along[0] * (y - start[1]) - along[1] * (x - start[0])


def _sample(copy: np.ndarray, points: np.ndarray) -> np.ndarray:
    limit = np.array(copy.shape[1::-1]) - 1
    x, y = np.clip(points, 0, limit).astype(int).T
    return copy[y, x]
