"""A picture -> its ink, 0 paper to 1 stroke: light, polarity, pale pens and noise are taken out.

In order: the colour direction in which pen and paper differ most; the paper as a smooth surface,
fitted from the border inwards; polarity; the light on the paper divided out; a threshold with
hysteresis between the paper's noise and the strokes.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from ..arrays import Ink, Picture
from ..errors import NoInk

# Ink is looked for on the picture scaled down to this many pixels on its longer side.
WORKING_SIZE = 1000
# The light is followed on a copy of this size; finer than that, it would follow the strokes.
LIGHT_SIZE = 64
# Strokes differ from the paper by at least this share of its brightness ...
LEAST_CONTRAST = 0.06
# ... and by at least this many times the paper's own noise.
LEAST_SIGNAL = 5.0
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
    small = _shrink(picture, WORKING_SIZE)
    darkness = max((_darkness(channel) for channel in _channels(small)), key=_signal)
    ink = _threshold(darkness)
    if not ink.any():
        raise NoInk("This picture looks blank. Draw or photograph a digit with more contrast.")
    return ink


def _shrink(picture: Picture, longest: int) -> Picture:
    if max(picture.shape) <= longest:
        return picture
    image = Image.fromarray(picture)
    image.thumbnail((longest, longest), Image.Resampling.BOX)
    return np.asarray(image)


def _channels(picture: Picture) -> list[np.ndarray]:
    """Grey pictures in 0..1; one where the picture has no colour."""
    if (np.ptp(picture, axis=2) <= 8).all():
        return [picture[..., 1].astype(np.float32) / 255]
    return [picture @ weights / 255 for weights in _COLOURS]


def _darkness(grey: np.ndarray) -> np.ndarray:
    """The share of the paper's light that each pixel takes away, 0 paper to 1 black."""
    paper = _fit_paper(grey)
    if _is_light_on_dark(grey - paper):
        grey, paper = 1 - grey, 1 - paper
    if min(grey.shape) > LIGHT_SIZE:
        paper = np.maximum(_local_light(grey), 0.5 * paper)
    return np.clip(1 - grey / np.maximum(paper, 0.05), 0, 1)


def _fit_paper(grey: np.ndarray) -> np.ndarray:
    """A quadratic surface through the paper, by least squares reweighted towards small residuals.

    It starts from the border, which is mostly paper; pictures too small for a surface get the
    border's median.
    """
    coarse = _resize(grey, LIGHT_SIZE)
    border = _border(coarse.shape)
    if min(grey.shape) < LIGHT_SIZE:
        return np.full_like(grey, np.median(coarse[border]))
    terms = _quadratic_terms(coarse.shape)
    level = coarse.ravel()
    weights = border.ravel().astype(np.float32)
    surface = np.full_like(level, np.median(coarse[border]))
    for _ in range(6):
        residual = np.abs(level - surface)
        scale = max(3 * float(np.median(residual[weights > 0])), 0.02)
        robust = np.where(residual < scale, (1 - (residual / scale) ** 2) ** 2, 0) + 1e-6
        root = np.sqrt(robust)
        coefficients, *_ = np.linalg.lstsq(terms * root[:, None], level * root, rcond=None)
        surface = terms @ coefficients
        weights = robust
    return _resize_to(surface.reshape(coarse.shape), grey.shape)


def _quadratic_terms(shape: tuple[int, int]) -> np.ndarray:
    y, x = (side.ravel() for side in np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j])
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1).astype(np.float32)


def _border(shape: tuple[int, int]) -> np.ndarray:
    """A frame of a sixteenth of the shorter side, at least a pixel."""
    width = max(1, min(shape) // 16)
    frame = np.ones(shape, bool)
    frame[width:-width, width:-width] = False
    return frame


def _is_light_on_dark(residual: np.ndarray) -> bool:
    """Whether what stands out from the paper is lighter than it."""
    return float((np.maximum(residual, 0) ** 2).sum()) > float((np.minimum(residual, 0) ** 2).sum())


def _local_light(grey: np.ndarray) -> np.ndarray:
    """The paper's brightness near each pixel: strokes closed over, then smoothed."""
    coarse = _resize(grey, LIGHT_SIZE)
    closed = ndimage.grey_closing(ndimage.median_filter(coarse, 3), size=(13, 13), mode="nearest")
    return _resize_to(ndimage.gaussian_filter(closed, 2, mode="nearest"), grey.shape)


def _signal(darkness: np.ndarray) -> float:
    """How far the darkest part of a percent stands above the noise of the rest."""
    return _stroke_level(darkness) / (_noise(darkness) + 0.01)


def _stroke_level(darkness: np.ndarray) -> float:
    return float(np.quantile(darkness[::2, ::2], 0.995))


def _noise(darkness: np.ndarray) -> float:
    """The paper's noise, from the differences of neighbours (Immerkær 1996 in spirit)."""
    differences = np.abs(np.diff(darkness[::2], axis=1))
    return float(np.median(differences)) / 0.954


def _threshold(darkness: np.ndarray) -> Ink:
    """Keep the grey of what reaches the strokes' level, and of what is joined to it."""
    if min(darkness.shape) > LIGHT_SIZE:
        darkness = ndimage.gaussian_filter(darkness, 0.7)
    noise = _noise(darkness)
    level = _stroke_level(darkness)
    floor = max(LEAST_CONTRAST, LEAST_SIGNAL * noise)
    if level < floor:
        return np.zeros_like(darkness)
    low, high = max(0.35 * level, 0.5 * floor), max(0.55 * level, floor)
    labels, count = ndimage.label(darkness > low, np.ones((3, 3)))
    strong = np.zeros(count + 1, bool)
    strong[np.unique(labels[darkness > high])] = True
    strong[0] = False
    return np.where(strong[labels], np.clip(darkness / level, 0, 1), 0).astype(np.float32)


def _resize(grey: np.ndarray, longest: int) -> np.ndarray:
    factor = min(1, longest / max(grey.shape))
    height, width = (max(1, round(side * factor)) for side in grey.shape)
    return _resize_to(grey, (height, width))


def _resize_to(grey: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(grey, np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR))
