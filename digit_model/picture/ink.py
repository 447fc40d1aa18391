"""A picture -> its ink, 0 paper to 1 stroke: light, polarity, pale pens and noise are taken out.

In order: the colour direction in which pen and paper differ most; the paper as a smooth surface,
fitted from the border inwards; polarity; the light on the paper divided out; a threshold with
hysteresis between the paper's noise and the strokes; surroundings and ruled lines taken out.
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

# Ink is looked for on the picture scaled down to this many pixels on its longer side.
WORKING_SIZE = 1000
# Colour, polarity and noise are judged by at most so many of a picture's rows.
JUDGED_ROWS = 125
# Pictures are grey where red, green and blue, 0 to 255, differ by no more than this.
MIN_COLOUR = 8
# On its shorter side; a smaller picture is a digit cut out, without paper around it to judge by.
MIN_PAGE_SIDE = 36
# Paper in a deeper shadow than this is taken to be this bright, or its noise would look like ink.
DARKEST_PAPER = 0.2
# Strokes differ from the paper by at least this share of its brightness ...
MIN_CONTRAST = 0.035
# ... and by at least this many times the paper's own noise.
MIN_SIGNAL = 5.0
# Strokes reach this share of their own level everywhere, ...
WEAKEST = 0.35
# ... and this one somewhere.
SURE = 0.55
# So many times as dark as the faintest shadow is what is no part of it.
FAR_DARKER = 2.0
# A ruled line: made of runs of this part of the picture's side, over this share of it in all, and
# no wider than this share.
LINE_PIECES = 10
LINE_REACH = 0.5
LINE_WIDTH = 0.02
# In pixels: a hairline between two rows of pixels, blurred.
THINNEST_LINE = 3
DARKER_THAN_LINES = 1.5
# A line below a row of writing may be broken in more places; the feet of digits cover less.
GROUND_REACH = 0.65
GROUND_MARGIN = 0.07
# What is lower than this share of the picture is too little to be what the picture is of.
SMALLEST_STROKE = 0.08
# A stroke that runs out of the picture meets its side over at most this share of it.
SHORT_CONTACT = 0.15
# A picture that long for its height is a row of writing cut out closely, with no desk around it.
STRIP = 1.8
# So is a shorter one, if it is smaller than the smallest cameras take (320 by 240).
SHORT_STRIP = 1.3
SMALLEST_PHOTO = 320
# In a strip strokes may meet the sides over this share of their own length; lines run along them.
STRIP_CONTACT = 0.4
_EIGHT = np.ones((3, 3), bool)
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
    """Find the strokes of a picture and where they lie; see find_ink."""
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
    """The steps of find_ink: after each its name, and the picture as it stands.

    picture: (height, width, 3) uint8.
    Yields the picture scaled down, then (height, width) arrays of its size, floats of about 0..1
    and bool masks. The last is the ink; where nothing stands out, it is an empty mask.
    """
    small = _shrink(picture, WORKING_SIZE)
    yield "picture", small
    surface, _ = flatten(small)
    if surface is not small:
        yield "surface", surface
    yield from _surface_steps(surface)


def _surface_steps(small: Picture) -> Iterator[tuple[str, np.ndarray]]:
    grey, coarse = _clearest(small)
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


def _clearest(picture: Picture) -> tuple[np.ndarray, np.ndarray]:
    """The picture in 0..1 in the colour direction in which the strokes stand out most.

    Returns it and a copy of LIGHT_SIZE.
    """
    levels = np.ascontiguousarray(np.moveaxis(picture, 2, 0))
    planes = levels / np.float32(255)
    if np.ptp(levels, axis=0).max() <= MIN_COLOUR:
        return planes[1], resize(planes[1], LIGHT_SIZE)
    coarse = np.stack([resize(plane, LIGHT_SIZE) for plane in planes])
    rows = planes[:, _some_rows(picture.shape[0])]
    signals = []
    for weights in _COLOURS:
        _, darkness = _divide_light_out(_mixed(rows, weights), _mixed(coarse, weights))
        signals.append(_signal(darkness))
    clearest = _COLOURS[np.argmax(signals)]
    return _mixed(planes, clearest), _mixed(coarse, clearest)


def _mixed(planes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.tensordot(weights, planes, 1)


def _some_rows(height: int) -> slice:
    """As many rows as it takes to judge a picture of this height."""
    return slice(None, None, -(-height // JUDGED_ROWS))


def _divide_light_out(grey: np.ndarray, coarse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The light on the paper, and the share of it that each pixel takes away.

    grey: (rows, width) in 0..1, all or some rows of a picture. coarse: a small copy of it.
    Returns two arrays of grey's shape: the light in 0..1, of the negative where strokes are
    lighter than the paper; the darkness, about 0 on paper and 1 in black.
    """
    large = min(grey.shape) >= MIN_PAGE_SIDE
    paper = fit_paper(coarse) if large else np.full_like(coarse, _level_around(grey))
    if _is_light_on_dark(grey, paper):
        grey, coarse, paper = 1 - grey, 1 - coarse, 1 - paper
    if large:
        paper = np.maximum(local_light(coarse), 0.5 * paper)
    light = resize_to(paper, grey.shape)
    return light, (light - grey) / np.maximum(light, DARKEST_PAPER)


def _level_around(grey: np.ndarray) -> float:
    """The median of the light or of the dark pixels, whichever lie more around the strokes.

    The corners, the border and the whole picture have a vote each: a thick 0 leaves little but the
    corners, and a 2 or a 7 leaves little of the border.
    """
    light = grey > (grey.min() + grey.max()) / 2
    height, width = (max(1, side // 8) for side in grey.shape)
    corners = light[np.ix_(np.r_[:height, -height:0], np.r_[:width, -width:0])]
    votes = (corners.mean(), light[border_mask(light.shape)].mean(), light.mean())
    return float(np.median(grey[light == (np.mean(votes) > 0.5)]))


def _is_light_on_dark(grey: np.ndarray, paper: np.ndarray) -> bool:
    """Whether what stands out from the paper is lighter than it."""
    rows = grey[_some_rows(len(grey))]
    residual = rows - resize_to(paper, rows.shape)
    return float((np.maximum(residual, 0) ** 2).sum()) > float((np.minimum(residual, 0) ** 2).sum())


def _signal(darkness: np.ndarray) -> float:
    """How far the darkest half percent stands above the noise of the rest."""
    return float(np.quantile(darkness, 0.995)) / (_noise(darkness) + 0.01)


def _noise(darkness: np.ndarray) -> float:
    """The paper's noise: the median difference of neighbours, scaled to a standard deviation."""
    differences = np.abs(np.diff(darkness[_some_rows(len(darkness))], axis=1))
    return float(np.median(differences)) / 0.954


def _stroke_steps(darkness: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Keep the grey of what reaches the strokes' level, and of what is joined to it."""
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
    level = _level(darkness, mask)
    mask = mask & (darkness > WEAKEST * level)
    yield "as dark as strokes", mask
    if large:
        mask = _without_surroundings(_without_lines(mask, darkness))
        yield "without lines", mask
    joined = _reaching(mask, darkness > SURE * level)
    yield "ink", np.where(joined, np.clip(darkness / level, 0, 1), 0).astype(np.float32)


def _level(darkness: np.ndarray, mask: np.ndarray) -> float:
    """How dark the strokes among the mask's pixels are."""
    return float(np.quantile(darkness[mask], 0.9))


def _reaching(mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """The connected components of the mask that hold a seed."""
    labels, count = ndimage.label(mask, _EIGHT)
    kept = np.zeros(count + 1, bool)
    kept[labels[mask & seeds]] = True
    return kept[labels]


def _without_lines(mask: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Take out ruled lines and squares: long, thin, nearly level or upright, from edge to edge.

    What is darker than the line, or lies between ink on both of its sides, is a stroke across it.
    """
    for axis in (0, 1):
        lines = _lines(mask, axis) & mask
        if lines.any():
            strokes = mask & ~lines
            strokes |= lines & (darkness > DARKER_THAN_LINES * np.median(darkness[lines]))
            reach = 2 * round(LINE_WIDTH * max(mask.shape)) + 1
            mask = strokes | (lines & _close(strokes, reach, 1 - axis))
    return mask


def _lines(mask: np.ndarray, axis: int) -> np.ndarray:
    """The pixels of lines that run along the axis across most of the picture."""
    length = mask.shape[axis]
    lines = (
        _ground_line(mask, axis) if length >= STRIP * mask.shape[1 - axis] else np.zeros_like(mask)
    )
    if not _runs_through(np.flatnonzero(mask.any(axis=1 - axis)), length):
        return lines
    piece = length // LINE_PIECES
    # The runs are a pixel wider than the line on each of its sides.
    widest = 2 + max(THINNEST_LINE, LINE_WIDTH * max(mask.shape))
    thick = ndimage.maximum_filter1d(mask, 3, axis=1 - axis)
    runs = ndimage.maximum_filter1d(
        ndimage.minimum_filter1d(thick, piece, axis=axis), piece, axis=axis
    )
    labels, _ = ndimage.label(ndimage.maximum_filter1d(runs, 2 * piece, axis=axis), _EIGHT)
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        own = runs[where] & (labels[where] == number)
        covered = np.flatnonzero(own.any(axis=1 - axis)) + where[axis].start
        widths = own.sum(axis=1 - axis, keepdims=True)
        thin = np.median(widths[widths > 0]) <= widest
        if thin and len(covered) >= LINE_REACH * length and _runs_through(covered, length):
            lines[where] |= own & (widths <= widest)
    return lines


def _ground_line(mask: np.ndarray, axis: int) -> np.ndarray:
    """The pixels of a line on which a strip's writing stands, maybe broken, all but parallel to it.

    Such a line and what stands on it make one shape; it shows in being everywhere between the ends.
    """
    length = mask.shape[axis]
    thick = ndimage.maximum_filter1d(mask, 3, axis=1 - axis)
    closed = _close(thick, length // LINE_PIECES, axis)
    margin = round(GROUND_MARGIN * length)
    inner = np.take(closed, range(margin, length - margin), axis)
    full = inner.all(axis=axis) & (thick.mean(axis=axis) >= GROUND_REACH)
    return mask & np.expand_dims(full, axis)


def _runs_through(covered: np.ndarray, length: int) -> bool:
    """Whether the covered places of a side come near both of its ends."""
    margin = LINE_WIDTH * length
    return covered.size > 0 and covered[0] <= margin and covered[-1] >= length - 1 - margin


def _close(mask: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Return the binary closing of a mask by a segment of this length along an axis.

    The same as ndimage.binary_closing, whose time grows with the length.
    """
    origin = 0 if length % 2 else -1  # Of a segment of even length, SciPy mirrors the first one.
    options = {"axis": axis, "mode": "constant", "cval": 0}
    filled = ndimage.maximum_filter1d(mask.view(np.uint8), length, origin=origin, **options)
    return ndimage.minimum_filter1d(filled, length, **options).view(bool)


def _without_surroundings(mask: np.ndarray, darkness: np.ndarray | None = None) -> np.ndarray:
    """Take out what comes in from the picture's edge, such as a desk or a dark corner.

    It stays where nothing else is left. darkness: where given, strokes stay that only a faint
    shadow joins to the edge.
    """
    if not (mask[[0, -1]].any() or mask[:, [0, -1]].any()):
        return mask
    inside = _inside(mask)
    outside = mask & ~inside
    if darkness is not None and outside.any():
        inside |= _without_shadow(outside, darkness)
    return inside if inside.any() else mask


def _without_shadow(outside: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """The strokes of what comes in from the edge, if a far fainter shadow joins them to it."""
    least = WEAKEST * _level(darkness, outside)
    clear = least >= FAR_DARKER * darkness[outside].min()
    return _inside(outside & (darkness > least) & clear)


def _inside(mask: np.ndarray) -> np.ndarray:
    """The parts of a mask that do not come in from the picture's edge; none if all are low.

    What meets the edge stays where it lies mostly in the middle, or where it meets one side with
    no more than a stroke's end.
    """
    labels, count = ndimage.label(mask, _EIGHT)
    height, width = mask.shape
    sides = [labels[0], labels[-1], labels[:, 0], labels[:, -1]]
    contacts = np.stack([np.bincount(side, minlength=count + 1) for side in sides])
    middle = labels[height // 8 : -height // 8, width // 8 : -width // 8]
    central = np.bincount(middle.ravel(), minlength=count + 1)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    opposite = (contacts[0] * contacts[1] > 0) | (contacts[2] * contacts[3] > 0)
    ends = ~opposite & (contacts.max(axis=0) <= SHORT_CONTACT * min(mask.shape))
    kept = ends | (central > 0.6 * sizes)
    if _is_strip(mask):
        kept |= contacts.sum(axis=0) <= STRIP_CONTACT * _lengths(mask, labels)
    kept[0] = False
    boxes = ndimage.find_objects(labels)
    heights = [rows.stop - rows.start for rows, _ in boxes]
    tallest = max((h for h, keep in zip(heights, kept[1:], strict=True) if keep), default=0)
    return kept[labels] & (tallest >= SMALLEST_STROKE * height)


def _is_strip(mask: np.ndarray) -> bool:
    short, long = sorted(mask.shape)
    return long >= (SHORT_STRIP if long < SMALLEST_PHOTO else STRIP) * short


def _lengths(mask: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How long the strokes of each label are, in pixels: their area over their width."""
    areas = np.bincount(labels.ravel())
    depths = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    # Across a stroke of width w the distance to the paper averages w / 4.
    widths = 4 * np.bincount(labels.ravel(), depths.ravel()) / areas - 1
    return areas / np.maximum(widths, 1)
