"""Estimate the light on the paper: a smooth surface through what is not written on."""

import numpy as np
from PIL import Image
from scipy import ndimage

from ..arrays import Picture
from .levels import median

# The light is followed on a copy of this size; finer than that, it would follow the strokes.
LIGHT_SIZE = 64
_RIDGE = 0.01 * np.eye(6, dtype=np.float32)


def fit_paper(coarse: np.ndarray) -> np.ndarray:
    """Fit a quadratic surface to the paper, by least squares reweighted towards small residuals.

    It starts from the border, which is mostly paper; a drawing's is even, and needs no surface.
    Every other pixel of every other row is plenty for six coefficients.
    """
    some = coarse[::2, ::2]
    levels = some.ravel()
    near = border_mask(coarse.shape)[::2, ::2].ravel()
    level = np.median(levels[near])
    residual = np.abs(levels - level)
    if not residual[near].any() and median(residual) == 0:
        return np.full_like(coarse, level)
    spread = np.median(residual[near])
    terms = _quadratic_terms(some.shape)
    for _ in range(6):
        # Tukey's biweight; the ridge decides where a narrow picture has too few rows for a bend.
        scale = max(3 * float(spread), 0.02)
        weights = np.maximum(1 - (residual / scale) ** 2, 0) ** 2
        weighted = (terms * weights[:, None]).T
        surface = terms @ np.linalg.solve(weighted @ terms + _RIDGE, weighted @ levels)
        residual = np.abs(levels - surface)
        spread = np.median(residual)
    return resize_to(surface.reshape(some.shape), coarse.shape)


def _quadratic_terms(shape: tuple[int, int]) -> np.ndarray:
    y, x = (side.ravel() for side in np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j])
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1).astype(np.float32)


def border_mask(shape: tuple[int, int]) -> np.ndarray:
    """Return the mask of a frame, a sixteenth of the shorter side wide and at least a pixel."""
    width = max(1, min(shape) // 16)
    frame = np.ones(shape, bool)
    frame[width:-width, width:-width] = False
    return frame


def local_light(coarse: np.ndarray) -> np.ndarray:
    """Return the paper's brightness near each pixel: strokes closed over, then smoothed.

    Beyond the picture's edge the light is carried on as it falls off towards it; a closing that
    stopped there would make dark edges of every vignette. It grows no brighter there: strokes near
    the edge would be reflected as light.
    """
    reach = LIGHT_SIZE // 5
    even = ndimage.median_filter(coarse, 3)
    falling = np.pad(even, reach, mode="reflect", reflect_type="odd")
    beyond = np.minimum(falling, np.pad(even, reach, mode="edge"))
    closed = ndimage.gaussian_filter(ndimage.grey_closing(beyond, (reach, reach)), 1)
    return closed[reach:-reach, reach:-reach]


def shrink(picture: Picture, longest: int) -> np.ndarray:
    """Return a picture scaled to ``longest`` pixels on its longer side, as float32 in 0..255."""
    factor = longest / max(picture.shape)
    size = tuple(max(8, round(side * factor)) for side in picture.shape[1::-1])
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX), np.float32)


def resize(grey: np.ndarray, longest: int) -> np.ndarray:
    factor = min(1, longest / max(grey.shape))
    height, width = (max(1, round(side * factor)) for side in grey.shape)
    return resize_to(grey, (height, width))


def resize_to(grey: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    if grey.min() == grey.max():  # A drawing's light; Pillow gives the same, but takes much longer.
        return np.full(shape, grey.flat[0], np.float32)
    image = Image.fromarray(np.ascontiguousarray(grey, np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR))
