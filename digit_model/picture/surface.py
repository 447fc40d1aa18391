"""Picture -> the writing surface in it: a sheet, a card or a board whose edges are in view.

Flat regions of a small copy are proposed at several gradient thresholds. The best region that
fills a quadrilateral, with an edge along its sides and something written on it, is the surface.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from ..arrays import Picture
from .perspective import homography, warp

# The surface is looked for on a copy of this many pixels on its longer side.
COPY_SIZE = 160
MIN_SIDE = 100
# In grey levels a pixel of the copy; noise stays below the first, and paper's shade below the last.
GRADIENT_THRESHOLDS = (3.0, 5.0, 8.0, 12.0, 18.0)
# Shares of the picture: what is smaller is no surface that a person holds up, what is larger fills
# the picture.
MIN_AREA, MAX_AREA = 0.06, 0.94
# A region and its holes cover this share of the quadrilateral around them, ...
MIN_FILLED = 0.82
# ... and the region alone this share.
MIN_PAPER = 0.45
# At most this share of the picture's border may belong to the surface.
MAX_BORDER = 0.5
MIN_SCORE = 0.55
TRIMMED = 0.02
# Strokes may part a sheet into regions of at least this share of the picture, ...
MIN_SEED = 0.004
# ... whose colours differ by fewer levels than this.
SAME_COLOUR = 30
_DISC = np.hypot(*np.mgrid[-4:5, -4:5]) <= 4.5


@dataclass(frozen=True, eq=False)
class Surface:
    """A quadrilateral: (4, 2) corners, x and y, clockwise from the top left."""

    corners: np.ndarray
    score: float


def find_surface(picture: Picture) -> Surface | None:
    """Find the writing surface of a picture; None where paper fills the picture.

    picture: (height, width, 3) uint8. The corners are in its pixels.
    """
    if min(picture.shape[:2]) < MIN_SIDE:
        return None
    factor = COPY_SIZE / max(picture.shape)
    size = tuple(max(8, round(side * factor)) for side in picture.shape[1::-1])
    copy = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX), np.float32)
    found = [candidate for region in _flat_regions(copy) if (candidate := _candidate(copy, region))]
    if not found:
        return None
    best = max(found, key=lambda surface: surface.score)
    scale = np.array(picture.shape[1::-1]) / size
    return Surface(best.corners * scale, best.score) if best.score >= MIN_SCORE else None


def flatten(picture: Picture) -> tuple[Picture, np.ndarray]:
    """Return the writing surface seen straight on, and the (3, 3) matrix from it to the picture.

    Without such a surface these are the picture itself and the identity.
    """
    surface = find_surface(picture)
    if surface is None:
        return picture, np.eye(3)
    centre = surface.corners.mean(axis=0)
    corners = centre + (surface.corners - centre) * (1 - TRIMMED)
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    size = max(8, round((sides[0] + sides[2]) / 2)), max(8, round((sides[1] + sides[3]) / 2))
    straight = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    to_picture = homography(straight, corners)
    return warp(picture, to_picture, size), to_picture


def _gradient(copy: np.ndarray) -> np.ndarray:
    """(height, width) steepest slope of any channel, in levels a pixel."""
    smooth = ndimage.gaussian_filter(copy, (0.6, 0.6, 0))
    down = np.abs(ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis=0)).max(axis=2)
    across = np.abs(ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis=1)).max(axis=2)
    return np.maximum(down, across)


def _flat_regions(copy: np.ndarray) -> Iterator[np.ndarray]:
    """Yield flat regions, alone and with those of the same colour that a pen's width parts."""
    gradient = _gradient(copy)
    for threshold in GRADIENT_THRESHOLDS:
        labels, count = ndimage.label(gradient < threshold)
        areas = np.bincount(labels.ravel(), minlength=count + 1)
        areas[0] = 0
        seeds = np.flatnonzero(areas >= MIN_SEED * gradient.size)
        colours = {k: np.median(copy[labels == k], axis=0) for k in seeds.tolist()}
        for seed, colour in colours.items():
            if areas[seed] >= MIN_AREA * MIN_PAPER * gradient.size:
                yield ndimage.binary_dilation(labels == seed)
            alike = [k for k, other in colours.items() if abs(other - colour).max() < SAME_COLOUR]
            if len(alike) > 1 and seed == max(alike, key=lambda k: areas[k]):
                together = ndimage.binary_dilation(np.isin(labels, alike))
                yield ndimage.binary_closing(np.pad(together, 8), _DISC)[8:-8, 8:-8]


def _candidate(copy: np.ndarray, region: np.ndarray) -> Surface | None:
    filled = _without_holes(region)
    area = filled.sum()
    if not MIN_AREA <= area / filled.size <= MAX_AREA:
        return None
    border = np.concatenate([region[0], region[-1], region[:, 0], region[:, -1]])
    if border.mean() > MAX_BORDER:
        return None
    opened = ndimage.binary_opening(filled, np.ones((5, 5)))
    if not opened.any():
        return None
    labels, _ = ndimage.label(opened)
    filled = labels == np.bincount(labels[labels > 0]).argmax()
    area = filled.sum()
    hull = convex_hull(_outline_points(filled))
    if area < MIN_FILLED * polygon_area(hull):
        return None
    corners = enclosing_quadrilateral(hull)
    if corners is None:
        return None
    share = area / max(polygon_area(corners), 1)
    paper = (region & filled).sum() / area
    if share < MIN_FILLED or paper < MIN_PAPER:
        return None
    contrast = _side_contrast(copy, corners)
    score = share * min(1, contrast / 20) * min(1, paper / 0.7)
    return Surface(corners, float(score))


def _without_holes(region: np.ndarray) -> np.ndarray:
    labels, _ = ndimage.label(np.pad(~region, 1, constant_values=True))
    return (labels != labels[0, 0])[1:-1, 1:-1]


def _outline_points(mask: np.ndarray) -> np.ndarray:
    """(n, 2) x and y of the pixel corners at the left and right ends of each row of a mask."""
    rows = np.flatnonzero(mask.any(axis=1))
    left = mask[rows].argmax(axis=1)
    right = mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    points = [np.stack([x, y], axis=1) for x in (left, right) for y in (rows, rows + 1)]
    return np.concatenate(points).astype(float)


def convex_hull(points: np.ndarray) -> np.ndarray:
    """The corners of the convex hull of (n, 2) points, clockwise on the picture (Andrew 1979)."""
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
    while len(hull) > 4:
        start, end = hull, np.roll(hull, -1, axis=0)
        before, after = start - np.roll(hull, 1, axis=0), end - np.roll(hull, -2, axis=0)
        side = end - start
        across = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = (side[:, 0] * after[:, 1] - side[:, 1] * after[:, 0]) / across
            meeting = start + reach[:, None] * before
            added = np.abs(reach * (before[:, 0] * side[:, 1] - before[:, 1] * side[:, 0])) / 2
        added[~(reach > 0)] = np.inf
        k = int(np.argmin(added))
        if not np.isfinite(added[k]):
            return None
        hull = np.roll(hull, -k, axis=0)
        hull = np.concatenate([np.roll(meeting, -k, axis=0)[:1], hull[2:]])
    return clockwise_from_top_left(hull) if len(hull) == 4 else None


def clockwise_from_top_left(corners: np.ndarray) -> np.ndarray:
    return np.roll(corners, -int(np.argmin(corners.sum(axis=1))), axis=0)


def _side_contrast(copy: np.ndarray, corners: np.ndarray) -> float:
    """How much the colour differs between the two banks of the sides, in levels: the weakest."""
    centre = corners.mean(axis=0)
    contrasts = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        points = start + np.linspace(0.1, 0.9, 24)[:, None] * (end - start)
        normal = np.array([end[1] - start[1], start[0] - end[0]]) / np.hypot(*(end - start))
        inwards = normal if np.dot(centre - start, normal) > 0 else -normal
        outer, inner = (points + inwards * reach for reach in (-2.5, 2.5))
        inside = ((outer >= 0) & (outer < copy.shape[1::-1])).all(axis=1)
        if inside.sum() < 8:
            continue
        banks = [_sample(copy, bank[inside]) for bank in (outer, inner)]
        contrasts.append(np.median(np.abs(banks[0] - banks[1]).max(axis=1)))
    return float(min(contrasts)) if len(contrasts) > 1 else 0.0


def _sample(copy: np.ndarray, points: np.ndarray) -> np.ndarray:
    limit = np.array(copy.shape[1::-1]) - 1
    x, y = np.clip(points, 0, limit).astype(int).T
    return copy[y, x]
