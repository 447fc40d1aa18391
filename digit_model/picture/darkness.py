"""Grey levels -> how much of the light on the paper each pixel absorbs, whatever the polarity."""

import numpy as np
from scipy import ndimage

from .light import border_mask, fit_paper, local_light, resize_to

# In pixels on the shorter side. A smaller picture is a cropped digit with hardly any paper.
MIN_PAGE_SIDE = 36
# Shadows and flashes reach the border, where few strokes are: there they differ from the paper at
# least this share as much as everything does, in mean squares.
MIN_BORDER_SHARE = 0.5
# In pixels of the coarse copy. Beside shadows and flashes, only detail finer than this shows the
# polarity.
DETAIL_SIGMA = 4.0
# Lower bound of the light that is divided by, or the noise of deep shadows would look like ink.
MIN_LIGHT = 0.2


def divide_light_out(grey: np.ndarray, coarse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the light on the paper, and how much of it each pixel absorbs.

    grey: (rows, width) in 0..1, all or some rows of a picture. coarse: a small copy of it.
    Returns two arrays of grey's shape: the light in 0..1, of the negative where strokes are
    lighter than the paper; the darkness, about 0 on paper and 1 in black.
    """
    large = min(grey.shape) >= MIN_PAGE_SIDE
    paper = fit_paper(coarse) if large else np.full_like(coarse, _background_level(grey))
    if _is_light_on_dark(coarse - paper, large):
        grey, coarse, paper = 1 - grey, 1 - coarse, 1 - paper
    if large and np.ptp(paper) > 0:  # Else it is a drawing, whose light is even everywhere.
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


def _has_shadows(residual: np.ndarray) -> bool:
    squares = residual**2
    return bool(squares[border_mask(squares.shape)].mean() >= MIN_BORDER_SHARE * squares.mean())


def _is_light_on_dark(residual: np.ndarray, large: bool) -> bool:
    """Return whether the strokes are lighter than the paper, from a coarse copy less the paper."""
    if large and _has_shadows(residual):
        residual = residual - ndimage.gaussian_filter(residual, DETAIL_SIGMA)
    return float((np.maximum(residual, 0) ** 2).sum()) > float((np.minimum(residual, 0) ** 2).sum())
