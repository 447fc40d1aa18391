"""Remove what enters from the picture's edge, such as a desk, a finger or a dark corner."""

import numpy as np
from scipy import ndimage

from .components import EIGHT_NEIGHBOURS
from .levels import LOWER_STROKE_SHARE, stroke_level

# Strokes are at least this many times as dark as the faint shadow that joins them to the edge.
MIN_SHADOW_RATIO = 2.0
# If nothing is taller than this share of the picture, its subject must touch the edge.
MIN_SUBJECT_HEIGHT = 0.08
# A stroke that leaves the picture touches at most this share of the shorter side.
MAX_CONTACT = 0.15
# From this aspect ratio on, a picture is a closely cropped row of writing, without surroundings.
MIN_STRIP_RATIO = 1.8
# The ratio for pictures smaller than any camera takes (320 x 240).
MIN_SMALL_STRIP_RATIO = 1.3
MIN_PHOTO_SIDE = 320
# What lies within this share of the shorter side from the edge of a sheet is the desk or the edge.
MAX_SLIVER = 0.05
# In a strip, a stroke may touch the sides over this share of its own length. Lines touch more.
MAX_STRIP_CONTACT = 0.4


def without_surroundings(mask: np.ndarray, darkness: np.ndarray | None = None) -> np.ndarray:
    """Remove what enters from the picture's edge, such as a desk or a dark corner.

    Returns the mask unchanged if nothing else would be left. darkness: if given, strokes that only
    a faint shadow joins to the edge are kept.
    """
    if not (mask[[0, -1]].any() or mask[:, [0, -1]].any()):
        return mask
    inside = _components_inside(mask)
    outside = mask & ~inside
    if darkness is not None and outside.any():
        inside |= _without_shadow(outside, darkness)
    return inside if inside.any() else mask


def without_slivers(mask: np.ndarray) -> np.ndarray:
    """Remove the desk and the edges that are still in view beside a flattened sheet.

    Returns the mask unchanged if nothing else would be left.
    """
    labels, count = ndimage.label(mask, EIGHT_NEIGHBOURS)
    margin = round(MAX_SLIVER * min(mask.shape))
    inner = labels[margin:-margin, margin:-margin]
    kept = np.zeros(count + 1, bool)
    kept[inner[inner > 0]] = True
    return kept[labels] if kept.any() else mask


def _without_shadow(outside: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Return the strokes that a much fainter shadow joins to the edge."""
    least = LOWER_STROKE_SHARE * stroke_level(darkness, outside)
    clear = least >= MIN_SHADOW_RATIO * darkness[outside].min()
    return _components_inside(outside & (darkness > least) & clear)


def _components_inside(mask: np.ndarray) -> np.ndarray:
    """Return the components of a mask that do not enter from the edge; none if all are low.

    A component that touches the edge is kept if it lies mostly in the middle, or touches one side
    with no more than the end of a stroke.
    """
    labels, count = ndimage.label(mask, EIGHT_NEIGHBOURS)
    height, width = mask.shape
    sides = [labels[0], labels[-1], labels[:, 0], labels[:, -1]]
    contacts = np.stack([np.bincount(side, minlength=count + 1) for side in sides])
    middle = labels[height // 8 : -height // 8, width // 8 : -width // 8]
    central = np.bincount(middle.ravel(), minlength=count + 1)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    opposite = (contacts[0] * contacts[1] > 0) | (contacts[2] * contacts[3] > 0)
    ends = ~opposite & (contacts.max(axis=0) <= MAX_CONTACT * min(mask.shape))
    kept = ends | (central > 0.6 * sizes)
    if is_strip(mask):
        kept |= contacts.sum(axis=0) <= MAX_STRIP_CONTACT * _stroke_lengths(mask, labels)
    kept[0] = False
    boxes = ndimage.find_objects(labels)
    heights = [rows.stop - rows.start for rows, _ in boxes]
    tallest = max((h for h, keep in zip(heights, kept[1:], strict=True) if keep), default=0)
    return kept[labels] & (tallest >= MIN_SUBJECT_HEIGHT * height)


def is_strip(mask: np.ndarray) -> bool:
    short, long = sorted(mask.shape)
    return long >= (MIN_SMALL_STRIP_RATIO if long < MIN_PHOTO_SIDE else MIN_STRIP_RATIO) * short


def _stroke_lengths(mask: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the length of each label's strokes in pixels: area divided by mean width."""
    areas = np.bincount(labels.ravel())
    depths = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    # The mean distance to the paper across a stroke of width w is w / 4.
    widths = 4 * np.bincount(labels.ravel(), depths.ravel()) / areas - 1
    return areas / np.maximum(widths, 1)
