"""Paint over what lies on a sheet and is thicker than any pen: a thumb, a coin, a magnet."""

import numpy as np
from PIL import Image
from scipy import ndimage

from ..arrays import Picture
from .light import fit_paper, shrink

# Thumbs are looked for on a copy of this many pixels on its longer side.
COPY_SIZE = 128
# In levels: a thumb differs from the paper by at least this.
MIN_DIFFERENCE = 20
# The least radius, as a share of the square root of the sheet's area, ...
MIN_RADIUS = 0.04
# ... and how much thinner the pen is that wrote beside the thumb.
MAX_PEN = 0.6
# A thumb reaches beyond its thick core by this many times the least radius.
GROWTH = 1.4
# It reaches to within this share of the shorter side from the edge.
MAX_EDGE_GAP = 0.1
# A thumb is no longer than this many times its width, and fills this share of the box around it.
MAX_ASPECT = 2.2
MIN_FILL = 0.6


def paint_over_thumbs(sheet: Picture) -> Picture:
    """Return a sheet, seen straight on, with its thumbs painted in the paper's colour."""
    copy = shrink(sheet, COPY_SIZE)
    paper = _paper(copy)
    marks = np.abs(copy - paper).max(axis=2) > MIN_DIFFERENCE
    thumbs = _thumbs(marks)
    if not thumbs.any():
        return sheet
    where = Image.fromarray(thumbs).resize(sheet.shape[1::-1])
    colour = Image.fromarray(paper.round().astype(np.uint8)).resize(sheet.shape[1::-1])
    return np.asarray(Image.composite(colour, Image.fromarray(sheet), where))


def _paper(copy: np.ndarray) -> np.ndarray:
    """Return the colour of the paper at each pixel, written on or not."""
    planes = [fit_paper(np.ascontiguousarray(plane) / 255) for plane in np.moveaxis(copy, 2, 0)]
    return 255 * np.clip(np.stack(planes, axis=2), 0, 1)


def _thumbs(marks: np.ndarray) -> np.ndarray:
    """Return the (height, width) bool mask of the marks that are thumbs.

    Thick marks in the middle of a sheet were written: they count for the width of the pen.
    """
    radius = MIN_RADIUS * np.sqrt(marks.size)
    margin = int(np.ceil(radius)) + 2
    own = (slice(margin, -margin),) * 2
    inside = np.pad(marks, margin, mode="symmetric")
    depth = ndimage.distance_transform_edt(inside)
    labels, count = ndimage.label(depth > radius)
    cores = [labels == number for number in range(1, count + 1)]
    blobs = [ndimage.distance_transform_edt(~core) <= GROWTH * radius + 1 for core in cores]
    at_edge = [
        (core, blob) for core, blob in zip(cores, blobs, strict=True) if _is_near_edge(blob[own])
    ]
    covered = np.logical_or.reduce([blob[own] for _, blob in at_edge], initial=False)
    pen = float(depth[own][marks & ~covered].max(initial=0))
    thumbs = np.zeros_like(marks)
    for core, blob in at_edge:
        if _is_compact(core[own]) and 0 < pen <= MAX_PEN * depth[core].max():
            thumbs |= blob[own]
    return thumbs


def _is_near_edge(mask: np.ndarray) -> bool:
    gap = round(MAX_EDGE_GAP * min(mask.shape))
    frame = mask.copy()
    frame[gap:-gap, gap:-gap] = False
    return bool(frame.any())


def _is_compact(mask: np.ndarray) -> bool:
    if not mask.any():
        return False
    [(rows, columns)] = ndimage.find_objects(mask.astype(int))
    low, high = sorted((rows.stop - rows.start, columns.stop - columns.start))
    return high <= MAX_ASPECT * low and mask[rows, columns].mean() >= MIN_FILL
