"""Choose the colour directions in which the strokes of all pens stand out from the paper."""

import numpy as np
from scipy import ndimage

from ..arrays import Picture
from .components import EIGHT_NEIGHBOURS
from .darkness import divide_light_out
from .levels import MIN_CONTRAST, MIN_SIGNAL, dark_level, noise, sampled_rows
from .light import LIGHT_SIZE, resize

# A picture is grey if its red, green and blue, 0 to 255, differ by no more than this.
MIN_COLOUR = 8
# Another pen's strokes are at most this share as dark in the clearest colour as in their own, and
# cover at least this share of the area of the clearest colour's strokes.
MAX_UNSEEN = 0.55
MIN_OTHER_PEN = 0.05
_COLOURS = np.array([[0.299, 0.587, 0.114], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)


def clearest_colour(picture: Picture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find how dark the strokes of a picture are, in the colours in which they stand out most.

    picture: (height, width, 3) uint8.
    Returns three (height, width) float32 arrays: the picture in its clearest colour, in 0..1; the
    light on the paper in that colour; the darkness, about 0 on paper and 1 in black, of the strokes
    of all pens.
    """
    levels = np.ascontiguousarray(np.moveaxis(picture, 2, 0))
    if np.ptp(levels, axis=0).max() <= MIN_COLOUR:
        grey = levels[1] / np.float32(255)
        return grey, *divide_light_out(grey, resize(grey, LIGHT_SIZE))
    planes = levels / np.float32(255)
    coarse = np.stack([resize(plane, LIGHT_SIZE) for plane in planes])
    clearest, *others = _directions(planes[:, sampled_rows(len(picture))], coarse)
    grey = _project(planes, clearest)
    light, darkness = divide_light_out(grey, _project(coarse, clearest))
    for weights in others:
        darkness = _add_pens(darkness, _darkness(planes, coarse, weights))
    return grey, light, darkness


def _project(planes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.tensordot(weights, planes, 1)


def _darkness(planes: np.ndarray, coarse: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return divide_light_out(_project(planes, weights), _project(coarse, weights))[1]


def _directions(rows: np.ndarray, coarse: np.ndarray) -> list[np.ndarray]:
    """Return the weights, (3,), of the clearest colour, then of those that show further pens.

    rows, coarse: (3, rows, width) some rows of a picture, and (3, height, width) a small copy.
    """
    views = [_darkness(rows, coarse, weights) for weights in _COLOURS]
    chosen = [int(np.argmax([dark_level(view) / (noise(view) + 0.01) for view in views]))]
    darkness = views[chosen[0]]
    least = MIN_OTHER_PEN * (darkness > dark_level(darkness) / 2).mean()
    while len(chosen) < len(views):
        unseen = [_unseen_strokes(view, darkness).mean() for view in views]
        most = int(np.argmax(unseen))
        if unseen[most] < least or most in chosen:
            break
        chosen.append(most)
        darkness = _add_pens(darkness, views[most])
    return [_COLOURS[number] for number in chosen]


def _unseen_strokes(view: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Return where one view shows strokes that another does not.

    What touches a stroke that both show is its fringe, its glow or a highlighter.
    """
    own, level = dark_level(view), dark_level(darkness)
    strokes = view > max(own / 2, level / 2, 2 * MIN_CONTRAST, 2 * MIN_SIGNAL * noise(view))
    unseen = strokes & (darkness * own < MAX_UNSEEN * level * np.minimum(view, own))
    labels, _ = ndimage.label(strokes, EIGHT_NEIGHBOURS)
    touched = np.unique(labels[darkness > level / 2])
    return unseen & ~np.isin(labels, touched)


def _add_pens(darkness: np.ndarray, view: np.ndarray) -> np.ndarray:
    """Return a darkness with the strokes of another view, which become as dark as its own."""
    unseen = _unseen_strokes(view, darkness)
    if not unseen.any():
        return darkness
    level = dark_level(darkness)
    return np.maximum(darkness, np.minimum(view * (level / np.median(view[unseen])), level))
