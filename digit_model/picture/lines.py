"""Remove a picture's border, and ruled lines from edge to edge; keep the strokes across them."""

import numpy as np
from scipy import ndimage

from .surroundings import MIN_STRIP_RATIO

# Lengths along a line are shares of the picture's side. A line consists of runs of at least
# MIN_RUN, which cover MIN_COVERAGE in all.
MIN_RUN = 0.025
MIN_COVERAGE = 0.8
# A line is at most this wide, as a share of the longer side, or so many pixels: a blurred hairline
# that falls between two rows of pixels.
MAX_LINE_WIDTH = 0.02
HAIRLINE_PIXELS = 3
# In pixels: lines are followed in steps of STEP, to one of the rows RISES away.
STEP = 8
RISES = (0, -1, 1, -2, 2)
# A line that shares more than this of its way with a clearer one is the same.
MAX_SHARED = 0.5
# A line alone reaches within MAX_END of both edges, its ends differ by at most MAX_TILT, and most
# of it, STRAIGHT_SHARE, deviates by at most MAX_BEND. Others are parallel to MIN_PARALLELS more.
MAX_END = 0.02
MAX_TILT = 0.08
STRAIGHT_SHARE = 0.9
MAX_BEND = 0.008
MIN_PARALLELS = 2
# Where a line is wider or darker than usual by these factors, a stroke lies on it.
STROKE_TO_LINE_WIDTH = 1.6
STROKE_TO_LINE_RATIO = 1.5
# A border is a line along two or more edges, of which it covers this share.
MIN_BORDER_COVER = 0.9
# The baseline under a strip of writing covers this share of its length, less a margin at its ends,
# with gaps of at most a BASELINE_PIECES-th. The feet of digits cover a smaller share.
MIN_BASELINE_COVERAGE = 0.65
BASELINE_MARGIN = 0.07
BASELINE_PIECES = 10


def without_lines(mask: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Remove a border, and thin lines from edge to edge, even if they are tilted or bent a little.

    Strokes on a line are kept: where it is wider or darker than usual, or lies between ink on both
    sides. The lines are kept if nothing else would be left.
    """
    mask = without_border(mask)
    level, upright = _level_lines(mask, darkness), _level_lines(mask.T, darkness.T).T
    strokes = mask & ~(level | upright)
    rest = strokes | _bridges(strokes, level) | _bridges(strokes.T, upright.T).T
    return rest if rest.any() else mask


def _bridges(strokes: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Return the pixels of level lines that lie between strokes."""
    if not lines.any():
        return lines
    _, widths = _upright_runs(lines)
    size = 1 + round(STROKE_TO_LINE_WIDTH * (2 + np.median(widths[lines])))
    return lines & _close(strokes, size, 0)


def without_border(mask: np.ndarray) -> np.ndarray:
    """Remove a line around the picture; what touches it stays."""
    height, width = mask.shape
    sides = (mask, mask[::-1], mask.T, mask.T[::-1])
    top, bottom, left, right = widths = [_border_width(side) for side in sides]
    if sum(own > 0 for own in widths) < 2:
        return mask
    inside = np.zeros_like(mask)
    window = slice(top, height - bottom), slice(left, width - right)
    inside[window] = mask[window]
    return inside if inside.any() else mask


def _border_width(mask: np.ndarray) -> int:
    """Return how many rows at the top of a mask are a line along its edge: 0 without one."""
    widest = round(_widest_line(mask))
    if not mask[: widest + 1].any():  # As in most pictures, and known at once.
        return 0
    cover = mask[: widest + 1].mean(axis=1)
    rows = np.flatnonzero(cover > 0.5)
    is_line = rows.size and cover.max() >= MIN_BORDER_COVER and rows[-1] < widest
    return int(rows[-1]) + 1 if is_line else 0


def _widest_line(mask: np.ndarray) -> float:
    return max(HAIRLINE_PIXELS, MAX_LINE_WIDTH * max(mask.shape))


def _level_lines(mask: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Return the pixels of the lines that run from the left to the right edge."""
    height, width = mask.shape
    lines = _lines(mask, darkness)
    return lines | _baseline(mask) if width >= MIN_STRIP_RATIO * height else lines


def _lines(mask: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Return the pixels of the lines from edge to edge where nothing is written on them."""
    height, width = mask.shape
    found = np.zeros_like(mask)
    if not _reaches_both_ends(mask):
        return found
    level = _in_long_runs(mask, max(STEP, round(MIN_RUN * width)))
    if not _reaches_both_ends(level):
        return found
    # Runs are a pixel wider than the line on each side.
    widest = 2 + _widest_line(mask)
    starts, lengths = _upright_runs(level)
    thin = level & (lengths <= widest)
    columns = np.arange(width)
    for path in _ruled(_in_steps(thin), round(widest / 2)):
        way = np.interp(columns, STEP * (np.arange(len(path)) + 0.5), path).round().astype(int)
        near = np.clip(way + np.array(RISES)[:, None], 0, height - 1)
        row = near[thin[near, columns].argmax(axis=0), columns]
        on = thin[row, columns]
        wide = lengths[row, columns]
        dark = darkness[starts[row, columns] + wide // 2, columns]
        on &= wide <= STROKE_TO_LINE_WIDTH * np.median(wide[on])
        on &= dark <= STROKE_TO_LINE_RATIO * np.median(dark[on])
        found[starts[row, columns][on], columns[on]] = True
    return mask & thin & found[starts, columns]


def _reaches_both_ends(mask: np.ndarray) -> bool:
    margin = max(STEP, round(MAX_END * mask.shape[1]))
    return bool(mask[:, :margin].any() and mask[:, -margin:].any())


def _upright_runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row where each pixel's upright run starts, and its length."""
    rows = np.arange(len(mask))[:, None]
    starts = np.maximum.accumulate(np.where(mask, 0, rows + 1), axis=0)
    ends = np.minimum.accumulate(np.where(mask, len(mask), rows)[::-1], axis=0)[::-1]
    return np.minimum(starts, len(mask) - 1), ends - starts


def _in_long_runs(mask: np.ndarray, length: int) -> np.ndarray:
    """Return the pixels, a row more above and below, that lie in level runs of this length."""
    thick = ndimage.maximum_filter1d(mask.view(np.uint8), 3, axis=0)
    runs = ndimage.minimum_filter1d(thick, length, axis=1)
    return ndimage.maximum_filter1d(runs, length, axis=1, origin=0 if length % 2 else -1).view(bool)


def _in_steps(level: np.ndarray) -> np.ndarray:
    """Return which share of the columns of each step is covered, (steps, height) float32."""
    height, width = level.shape
    steps = -(-width // STEP)
    padded = np.pad(level, ((0, 0), (0, steps * STEP - width)), mode="edge")
    return padded.reshape(height, steps, STEP).mean(axis=2, dtype=np.float32).T


def _ruled(covered: np.ndarray, reach: int) -> np.ndarray:
    """Return the paths that are level from edge to edge, or parallel to MIN_PARALLELS others.

    A stroke of a digit as large as the picture may be as long, but is alone, and bent or shorter.
    """
    paths = _paths(covered, reach)
    places = np.arange(paths.shape[1])
    slopes, offsets = np.polyfit(places, paths.T, 1)[..., None]
    bends = paths - slopes * places - offsets
    parallels = np.array([_are_straight(bends - own).sum() - 1 for own in bends], int)
    is_level = _are_straight(bends) & _are_level(paths, covered)
    return paths[is_level | (parallels >= MIN_PARALLELS)]


def _paths(covered: np.ndarray, reach: int) -> np.ndarray:
    """Return the row in each step, (n, steps), of the paths that are covered best.

    covered: (steps, height), as _in_steps returns it. reach: of a line to both sides of its path.
    This is dynamic programming: the best way to each row of a step goes on from the best near it.
    """
    steps, height = covered.shape
    before = np.clip(np.arange(height) + np.array(RISES)[:, None], 0, height - 1)
    rows, totals = np.arange(height), covered[0]
    sources = np.empty((steps, height), int)
    for step in range(1, steps):
        ways = totals[before]
        best = ways.argmax(axis=0)
        sources[step] = before[best, rows]
        totals = covered[step] + ways[best, rows]
    ends = np.flatnonzero(totals >= MIN_COVERAGE * steps)
    taken = np.zeros((steps, height + 2 * reach), bool)
    paths, every = [], np.arange(steps)
    for end in ends[np.argsort(-totals[ends], kind="stable")].tolist():
        if taken[-1, end + reach]:
            continue
        path = _traced(sources, end)
        if taken[every, path + reach].mean() <= MAX_SHARED:
            paths.append(path)
        taken[every[:, None], path[:, None] + np.arange(2 * reach + 1)] = True
    return np.array(paths, int).reshape(-1, steps)


def _traced(sources: np.ndarray, end: int) -> np.ndarray:
    """Return the path to a row of the last step. sources: where the way to each row comes from."""
    path = [end]
    for source in sources[:0:-1]:
        path.append(source[path[-1]])
    return np.array(path[::-1])


def _are_level(paths: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Return which of (n, steps) paths reach from edge to edge at about the same height."""
    steps = paths.shape[1]
    on = covered[np.arange(steps), paths] > 0
    reach = max(1, round(MAX_END * steps))
    is_whole = on[:, :reach].any(axis=1) & on[:, -reach:].any(axis=1)
    return is_whole & (np.abs(paths[:, -1] - paths[:, 0]) <= MAX_TILT * STEP * steps)


def _are_straight(bends: np.ndarray) -> np.ndarray:
    """Return which of (n, steps) deviations from straight lines are small enough."""
    limit = max(2, MAX_BEND * STEP * bends.shape[1])
    return np.quantile(np.abs(bends), STRAIGHT_SHARE, axis=1) <= limit


def _baseline(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of the baseline under a strip of writing, which may have gaps.

    The baseline and the digits on it form one component. The baseline's rows are those with ink at
    every place between the ends.
    """
    width = mask.shape[1]
    thick = ndimage.maximum_filter1d(mask, 3, axis=0)
    closed = _close(thick, width // BASELINE_PIECES, 1)
    margin = round(BASELINE_MARGIN * width)
    full = closed[:, margin : width - margin].all(axis=1)
    full &= thick.mean(axis=1) >= MIN_BASELINE_COVERAGE
    return mask & full[:, None]


def _close(mask: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Return the binary closing of a mask by a segment of this length along an axis.

    Equal to ndimage.binary_closing, but its time does not grow with the length.
    """
    origin = 0 if length % 2 else -1  # Of a segment of even length, SciPy mirrors the first one.
    options = {"axis": axis, "mode": "constant", "cval": 0}
    filled = ndimage.maximum_filter1d(mask.view(np.uint8), length, origin=origin, **options)
    return ndimage.minimum_filter1d(filled, length, **options).view(bool)
