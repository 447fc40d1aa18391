"""Extract the ink of a picture, 0 for paper to 1 for stroke.

The steps: flatten the writing surface; choose the colour direction in which pen and paper differ
most; fit the paper's brightness from the border inwards and decide the polarity; divide by the
light; threshold with hysteresis between noise and strokes; remove surroundings and ruled lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from ..arrays import Ink, Picture
from ..errors import NoInk
from .light import LIGHT_SIZE, border_mask, fit_paper, local_light, resize, resize_to
from .surface import flatten

# Pictures are scaled down to this many pixels on their longer side.
WORKING_SIZE = 1000
# Colour, polarity and noise are estimated from at most this many rows of a picture.
MAX_SAMPLED_ROWS = 125
# A picture is grey if its red, green and blue, 0 to 255, differ by no more than this.
MIN_COLOUR = 8
# In pixels on the shorter side. A smaller picture is a cropped digit with hardly any paper.
MIN_PAGE_SIDE = 36
# Lower bound of the light that is divided by, or the noise of deep shadows would look like ink.
MIN_LIGHT = 0.2
# Strokes are darker than the paper by at least this share of its brightness ...
MIN_CONTRAST = 0.035
# ... and by at least this many times the paper's noise.
MIN_SIGNAL = 5.0
# Hysteresis, as shares of the stroke level: every stroke pixel reaches the lower one, ...
LOWER_STROKE_SHARE = 0.35
# ... and every stroke reaches the upper one somewhere.
UPPER_STROKE_SHARE = 0.55
# Strokes are at least this many times as dark as the faint shadow that joins them to the edge.
MIN_SHADOW_RATIO = 2.0
# A ruled line consists of runs of at least 1 / LINE_PIECES of the picture's side, covers this
# share of the side in all, and is at most this wide, as a share of the longer side.
LINE_PIECES = 10
MIN_LINE_COVERAGE = 0.5
MAX_LINE_WIDTH = 0.02
# In pixels: a blurred hairline that falls between two rows of pixels.
HAIRLINE_PIXELS = 3
STROKE_TO_LINE_RATIO = 1.5
# A baseline under a strip of writing may have more gaps. The feet of digits cover a smaller share.
MIN_BASELINE_COVERAGE = 0.65
BASELINE_MARGIN = 0.07
# If nothing is taller than this share of the picture, its subject must touch the edge.
MIN_SUBJECT_HEIGHT = 0.08
# A stroke that leaves the picture touches at most this share of the shorter side.
MAX_CONTACT = 0.15
# From this aspect ratio on, a picture is a closely cropped row of writing, without surroundings.
MIN_STRIP_RATIO = 1.8
# The ratio for pictures smaller than any camera takes (320 x 240).
MIN_SMALL_STRIP_RATIO = 1.3
MIN_PHOTO_SIDE = 320
# In a strip, a stroke may touch the sides over this share of its own length. Lines touch more.
MAX_STRIP_CONTACT = 0.4
_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
_COLOURS = np.array(
    [[0.299, 0.587, 0.114], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    np.float32,
)


def find_ink(picture: Picture) -> Ink:
    """Find the strokes of a picture, whatever its light and polarity.

    picture: (height, width, 3) uint8.
    Returns float32 ink in 0..1 on the picture scaled down to at most WORKING_SIZE pixels on its
    longer side, exactly 0 on the paper.
    Raises NoInk if nothing stands out from the paper.
    """
    return locate_ink(picture).ink


@dataclass(frozen=True, eq=False)
class LocatedInk:
    """Ink, and the (3, 3) matrix that maps its pixels to those of the picture (perspective.py)."""

    ink: Ink
    to_picture: np.ndarray


def locate_ink(picture: Picture) -> LocatedInk:
    """Find the strokes of a picture, like find_ink, and map them to the picture's pixels."""
    small = _shrink(picture, WORKING_SIZE)
    surface, to_small = flatten(small)
    *_, (_, ink) = _surface_steps(surface)
    if not ink.any():
        raise NoInk("This picture looks blank. Draw or photograph a digit with more contrast.")
    factors = [
        side / own for side, own in zip(picture.shape[1::-1], small.shape[1::-1], strict=True)
    ]
    return LocatedInk(ink, np.diag([*factors, 1.0]) @ to_small)


def ink_steps(picture: Picture) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the result of each step of find_ink.

    picture: (height, width, 3) uint8.
    Yields the picture scaled down, the flattened surface if there is one, then (height, width)
    float arrays of about 0..1 and bool masks. The last one is the ink, or an empty mask if nothing
    stands out.
    """
    small = _shrink(picture, WORKING_SIZE)
    yield "picture", small
    surface, _ = flatten(small)
    if surface is not small:
        yield "surface", surface
    yield from _surface_steps(surface)


def _surface_steps(small: Picture) -> Iterator[tuple[str, np.ndarray]]:
    grey, coarse = _clearest_colour(small)
    yield "clearest colour", grey
    light, darkness = _divide_light_out(grey, coarse)
    yield "paper's light", light
    yield "darkness", darkness
    yield from _stroke_steps(darkness)


def _shrink(picture: Picture, longest: int) -> Picture:
    if max(picture.shape) <= longest:
        return picture
    image = Image.fromarray(picture)
    image.thumbnail((longest, longest), Image.Resampling.BOX, reducing_gap=1)
    return np.asarray(image)


def _clearest_colour(picture: Picture) -> tuple[np.ndarray, np.ndarray]:
    """Project the picture onto the colour direction in which its strokes stand out most.

    Returns it as (height, width) float32 in 0..1, and a copy of LIGHT_SIZE.
    """
    levels = np.ascontiguousarray(np.moveaxis(picture, 2, 0))
    planes = levels / np.float32(255)
    if np.ptp(levels, axis=0).max() <= MIN_COLOUR:
        return planes[1], resize(planes[1], LIGHT_SIZE)
    coarse = np.stack([resize(plane, LIGHT_SIZE) for plane in planes])
    rows = planes[:, _sampled_rows(picture.shape[0])]
    signals = []
    for weights in _COLOURS:
        _, darkness = _divide_light_out(_project(rows, weights), _project(coarse, weights))
        signals.append(_signal(darkness))
    clearest = _COLOURS[np.argmax(signals)]
    return _project(planes, clearest), _project(coarse, clearest)


def _project(planes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.tensordot(weights, planes, 1)


def _sampled_rows(height: int) -> slice:
    """Return evenly spaced rows, at most MAX_SAMPLED_ROWS, of a picture of this height."""
    return slice(None, None, -(-height // MAX_SAMPLED_ROWS))


def _divide_light_out(grey: np.ndarray, coarse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the light on the paper, and how much of it each pixel absorbs.

    grey: (rows, width) in 0..1, all or some rows of a picture. coarse: a small copy of it.
    Returns two arrays of grey's shape: the light in 0..1, of the negative where strokes are
    lighter than the paper; the darkness, about 0 on paper and 1 in black.
    """
    large = min(grey.shape) >= MIN_PAGE_SIDE
    paper = fit_paper(coarse) if large else np.full_like(coarse, _background_level(grey))
    if _is_light_on_dark(grey, paper):
        grey, coarse, paper = 1 - grey, 1 - coarse, 1 - paper
    if large:
        paper = np.maximum(local_light(coarse), 0.5 * paper)
    light = resize_to(paper, grey.shape)
    return light, (light - grey) / np.maximum(light, MIN_LIGHT)


def _background_level(grey: np.ndarray) -> float:
    """Return the median of the light or of the dark pixels, whichever are the background.

    The corners, the border and the whole picture have one vote each, because a thick 0 covers all
    but the corners, and a 2 or a 7 covers most of the border.
    """
    light = grey > (grey.min() + grey.max()) / 2
    height, width = (max(1, side // 8) for side in grey.shape)
    corners = light[np.ix_(np.r_[:height, -height:0], np.r_[:width, -width:0])]
    votes = (corners.mean(), light[border_mask(light.shape)].mean(), light.mean())
    return float(np.median(grey[light == (np.mean(votes) > 0.5)]))


def _is_light_on_dark(grey: np.ndarray, paper: np.ndarray) -> bool:
    """Return whether the strokes are lighter than the paper."""
    rows = grey[_sampled_rows(len(grey))]
    residual = rows - resize_to(paper, rows.shape)
    return float((np.maximum(residual, 0) ** 2).sum()) > float((np.minimum(residual, 0) ** 2).sum())


def _signal(darkness: np.ndarray) -> float:
    """Return the ratio of the darkest half percent to the noise."""
    return float(np.quantile(darkness, 0.995)) / (_noise(darkness) + 0.01)


def _noise(darkness: np.ndarray) -> float:
    """Return the noise's standard deviation, from the median difference of neighbours."""
    differences = np.abs(np.diff(darkness[_sampled_rows(len(darkness))], axis=1))
    return float(np.median(differences)) / 0.954


def _stroke_steps(darkness: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the steps from darkness to ink; strokes keep their grey values."""
    large = min(darkness.shape) >= MIN_PAGE_SIDE
    if large:
        darkness = ndimage.gaussian_filter(darkness, min(0.8, max(darkness.shape) / 500))
    mask = darkness > max(MIN_CONTRAST, MIN_SIGNAL * _noise(darkness))
    yield "above the noise", mask
    if not mask.any():
        return
    if large and not _is_strip(mask):
        mask = _without_surroundings(mask, darkness)
        yield "without surroundings", mask
    level = _stroke_level(darkness, mask)
    mask = mask & (darkness > LOWER_STROKE_SHARE * level)
    yield "as dark as strokes", mask
    if large:
        mask = _without_surroundings(_without_lines(mask, darkness))
        yield "without lines", mask
    joined = _components_with_seeds(mask, darkness > UPPER_STROKE_SHARE * level)
    yield "ink", np.where(joined, np.clip(darkness / level, 0, 1), 0).astype(np.float32)


def _stroke_level(darkness: np.ndarray, mask: np.ndarray) -> float:
    """Return the stroke level: the 90th percentile of the mask's darkness."""
    return float(np.quantile(darkness[mask], 0.9))


def _components_with_seeds(mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Return the connected components of the mask that contain a seed."""
    labels, count = ndimage.label(mask, _EIGHT_NEIGHBOURS)
    kept = np.zeros(count + 1, bool)
    kept[labels[mask & seeds]] = True
    return kept[labels]


def _without_lines(mask: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Remove ruled lines and grids: long, thin, nearly straight, from edge to edge.

    A pixel of a line is kept as part of a stroke across it if it is darker than the line, or lies
    between ink on both sides of the line.
    """
    for axis in (0, 1):
        lines = _lines(mask, axis) & mask
        if lines.any():
            strokes = mask & ~lines
            strokes |= lines & (darkness > STROKE_TO_LINE_RATIO * np.median(darkness[lines]))
            reach = 2 * round(MAX_LINE_WIDTH * max(mask.shape)) + 1
            mask = strokes | (lines & _close(strokes, reach, 1 - axis))
    return mask


def _lines(mask: np.ndarray, axis: int) -> np.ndarray:
    """Return the pixels of lines along the axis that cross most of the picture."""
    length = mask.shape[axis]
    lines = (
        _baseline(mask, axis)
        if length >= MIN_STRIP_RATIO * mask.shape[1 - axis]
        else np.zeros_like(mask)
    )
    if not _reaches_both_ends(np.flatnonzero(mask.any(axis=1 - axis)), length):
        return lines
    piece = length // LINE_PIECES
    # Runs are one pixel wider than the line on each side.
    widest = 2 + max(HAIRLINE_PIXELS, MAX_LINE_WIDTH * max(mask.shape))
    thick = ndimage.maximum_filter1d(mask, 3, axis=1 - axis)
    runs = ndimage.maximum_filter1d(
        ndimage.minimum_filter1d(thick, piece, axis=axis), piece, axis=axis
    )
    labels, _ = ndimage.label(
        ndimage.maximum_filter1d(runs, 2 * piece, axis=axis), _EIGHT_NEIGHBOURS
    )
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        own = runs[where] & (labels[where] == number)
        covered = np.flatnonzero(own.any(axis=1 - axis)) + where[axis].start
        widths = own.sum(axis=1 - axis, keepdims=True)
        thin = np.median(widths[widths > 0]) <= widest
        if (
            thin
            and len(covered) >= MIN_LINE_COVERAGE * length
            and _reaches_both_ends(covered, length)
        ):
            lines[where] |= own & (widths <= widest)
    return lines


def _baseline(mask: np.ndarray, axis: int) -> np.ndarray:
    """Return the pixels of the baseline under a strip of writing, which may have gaps.

    The baseline and the digits on it form one component. The baseline's rows are those with ink at
    every place between the ends.
    """
    length = mask.shape[axis]
    thick = ndimage.maximum_filter1d(mask, 3, axis=1 - axis)
    closed = _close(thick, length // LINE_PIECES, axis)
    margin = round(BASELINE_MARGIN * length)
    inner = np.take(closed, range(margin, length - margin), axis)
    full = inner.all(axis=axis) & (thick.mean(axis=axis) >= MIN_BASELINE_COVERAGE)
    return mask & np.expand_dims(full, axis)


def _reaches_both_ends(covered: np.ndarray, length: int) -> bool:
    """Return whether the covered places of a side reach close to both of its ends."""
    margin = MAX_LINE_WIDTH * length
    return covered.size > 0 and covered[0] <= margin and covered[-1] >= length - 1 - margin


def _close(mask: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Return the binary closing of a mask by a segment of this length along an axis.

    Equal to ndimage.binary_closing, but its time does not grow with the length.
    """
    origin = 0 if length % 2 else -1  # Of a segment of even length, SciPy mirrors the first one.
    options = {"axis": axis, "mode": "constant", "cval": 0}
    filled = ndimage.maximum_filter1d(mask.view(np.uint8), length, origin=origin, **options)
    return ndimage.minimum_filter1d(filled, length, **options).view(bool)


def _without_surroundings(mask: np.ndarray, darkness: np.ndarray | None = None) -> np.ndarray:
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


def _without_shadow(outside: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Return the strokes that a much fainter shadow joins to the edge."""
    least = LOWER_STROKE_SHARE * _stroke_level(darkness, outside)
    clear = least >= MIN_SHADOW_RATIO * darkness[outside].min()
    return _components_inside(outside & (darkness > least) & clear)


def _components_inside(mask: np.ndarray) -> np.ndarray:
    """Return the components of a mask that do not enter from the edge; none if all are low.

    A component that touches the edge is kept if it lies mostly in the middle, or touches one side
    with no more than the end of a stroke.
    """
    labels, count = ndimage.label(mask, _EIGHT_NEIGHBOURS)
    height, width = mask.shape
    sides = [labels[0], labels[-1], labels[:, 0], labels[:, -1]]
    contacts = np.stack([np.bincount(side, minlength=count + 1) for side in sides])
    middle = labels[height // 8 : -height // 8, width // 8 : -width // 8]
    central = np.bincount(middle.ravel(), minlength=count + 1)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    opposite = (contacts[0] * contacts[1] > 0) | (contacts[2] * contacts[3] > 0)
    ends = ~opposite & (contacts.max(axis=0) <= MAX_CONTACT * min(mask.shape))
    kept = ends | (central > 0.6 * sizes)
    if _is_strip(mask):
        kept |= contacts.sum(axis=0) <= MAX_STRIP_CONTACT * _stroke_lengths(mask, labels)
    kept[0] = False
    boxes = ndimage.find_objects(labels)
    heights = [rows.stop - rows.start for rows, _ in boxes]
    tallest = max((h for h, keep in zip(heights, kept[1:], strict=True) if keep), default=0)
    return kept[labels] & (tallest >= MIN_SUBJECT_HEIGHT * height)


def _is_strip(mask: np.ndarray) -> bool:
    short, long = sorted(mask.shape)
    return long >= (MIN_SMALL_STRIP_RATIO if long < MIN_PHOTO_SIDE else MIN_STRIP_RATIO) * short


def _stroke_lengths(mask: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the length of each label's strokes in pixels: area divided by mean width."""
    areas = np.bincount(labels.ravel())
    depths = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    # The mean distance to the paper across a stroke of width w is w / 4.
    widths = 4 * np.bincount(labels.ravel(), depths.ravel()) / areas - 1
    return areas / np.maximum(widths, 1)
