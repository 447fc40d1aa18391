"""Augment tiles on the device, the way pens, paper, cameras and croppers change a digit.

Every public function takes a JAX random key and (n, 28, 28) float32 tiles in 0..1, and returns
tiles of the same shape. The amounts are drawn separately for each tile.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import random
from jax.scipy.ndimage import map_coordinates

from ..arrays import TILE_BOX, TILE_SIZE

_CENTRE = (TILE_SIZE - 1) / 2


@jax.jit
def shift(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Shift each tile by up to two whole pixels along both axes."""
    padded = jnp.pad(tiles, ((0, 0), (2, 2), (2, 2)))
    corners = random.randint(key, (len(tiles), 2), 0, 5)
    return jax.vmap(
        lambda tile, corner: jax.lax.dynamic_slice(tile, corner, (TILE_SIZE, TILE_SIZE))
    )(padded, corners)


@jax.jit
def turn(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Rotate each tile by up to 20 degrees, and shift it by up to two pixels along both axes.

    As by An et al. 2020, https://arxiv.org/abs/2008.10400, who shift further.
    """
    angle, move = random.split(key)
    theta = jnp.radians(random.uniform(angle, (len(tiles),), minval=-20, maxval=20))
    return _resample(tiles, _matrices(theta), _random_shifts(move, len(tiles)))


@jax.jit
def augment(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Apply every distortion, in the order in which they happen to a real digit.

    One tile in ten stays unchanged. The same key gives the same tiles.
    """
    shape, pen, remnants, capture, unchanged = random.split(key, 5)
    distorted = warp(shape, tiles)
    distorted = change_pen(pen, distorted)
    distorted = add_remnants(remnants, distorted)
    distorted = capture_roughly(capture, distorted)
    return jnp.where(_random_mask(unchanged, 0.1, tiles), tiles, distorted)


@jax.jit
def warp(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Rotate, slant, stretch, shift (affine) and bend (elastic, Simard et al. 2003) each tile."""
    angle, slant, stretch, shift, bend = random.split(key, 5)
    n = len(tiles)
    theta = 0.16 * random.normal(angle, (n,)).clip(-2, 2)
    shear = 0.18 * random.normal(slant, (n,)).clip(-2, 2)
    scale = jnp.exp(0.12 * random.normal(stretch, (n, 2)).clip(-2, 2))
    scale = scale.at[:, 1].divide(_widening(random.fold_in(stretch, 1), tiles))
    return _resample(
        tiles, _matrices(theta, shear, scale), _random_shifts(shift, n) + _random_bends(bend, n)
    )


def _matrices(
    theta: jax.Array, shear: jax.Array | float = 0, scale: jax.Array | float = 1
) -> jax.Array:
    """Return affine matrices, (n, 2, 2).

    theta: rotations in radians, (n,). shear: slants, (n,). scale: stretches along y and x, (n, 2).
    """
    cos, sin = jnp.cos(theta), jnp.sin(theta)
    down, across = jnp.broadcast_to(scale, (len(theta), 2)).T
    return jnp.stack(
        [
            jnp.stack([cos * down, (sin + shear) * down], -1),
            jnp.stack([-sin * across, (cos - shear * sin) * across], -1),
        ],
        1,
    )


def _resample(tiles: jax.Array, matrices: jax.Array, displacements: jax.Array) -> jax.Array:
    """Transform each tile by its matrix, (n, 2, 2), and its displacements in tile pixels."""
    grid = jnp.stack(jnp.meshgrid(*[jnp.arange(TILE_SIZE) - _CENTRE] * 2, indexing="ij"))
    coordinates = jnp.einsum("nij,jyx->niyx", matrices, grid) + _CENTRE + displacements
    return jax.vmap(lambda tile, at: map_coordinates(tile, at, order=1))(tiles, coordinates)


def _random_shifts(key: jax.Array, n: int) -> jax.Array:
    """Draw displacements of whole tiles, (n, 2, 1, 1), of up to two pixels along both axes."""
    return random.uniform(key, (n, 2), minval=-2, maxval=2)[:, :, None, None]


def _widening(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Draw how much wider each tile becomes, (n,): at most square, as Semeion's scanner made it."""
    columns = jnp.arange(TILE_SIZE)
    inked = (tiles > 0.1).any(axis=1)
    width = 1 + jnp.where(inked, columns, 0).max(1) - jnp.where(inked, columns, TILE_SIZE).min(1)
    square = jnp.clip(TILE_BOX / width, 1, 2.2)
    amounts = random.uniform(key, (len(tiles),))
    return jnp.where(_random_mask(key, 0.15, tiles)[:, 0, 0], 1 + amounts * (square - 1), 1)


def _random_bends(key: jax.Array, n: int) -> jax.Array:
    """Draw smooth displacements, (n, 2, 28, 28), of up to about two pixels at the strongest."""
    field_key, strength_key = random.split(key)
    coarse = random.normal(field_key, (n, 2, 6, 6))
    field = jax.image.resize(coarse, (n, 2, TILE_SIZE, TILE_SIZE), "cubic")
    return field * random.uniform(strength_key, (n, 1, 1, 1), maxval=1.1)


def change_pen(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Thicken or thin the stroke by up to a pixel per side, close small loops, let the pen skip."""
    which, amount, skip = random.split(key, 3)
    amounts = random.uniform(amount, (len(tiles), 1, 1))
    draw = random.uniform(which, (len(tiles), 1, 1))
    thick = tiles + amounts * (_spread(tiles) - tiles)
    thin = tiles - 0.8 * amounts * (tiles + _spread(-tiles))
    legible = thin.sum((1, 2), keepdims=True) > 0.5 * tiles.sum((1, 2), keepdims=True)
    tiles = jnp.where(draw < 0.3, thick, jnp.where((draw < 0.55) & legible, thin, tiles))
    tiles = jnp.where(draw > 0.94, _closed(tiles), tiles)
    return _skip(skip, tiles)


def _closed(tiles: jax.Array) -> jax.Array:
    """Fill loops of up to four pixels, as a broad pen does, and leave the strokes unchanged."""
    broad = _spread(_spread(tiles))
    return -_spread(_spread(-broad))


def _spread(tiles: jax.Array) -> jax.Array:
    """Return the maximum over each pixel and its four neighbours."""
    # With slices and maxima instead, XLA computes the inner ones again for each outer one.
    across, down = (
        jax.lax.reduce_window(tiles, -jnp.inf, jax.lax.max, window, (1, 1, 1), "SAME")
        for window in ((1, 1, 3), (1, 3, 1))
    )
    return jnp.maximum(across, down)


def _skip(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Break the stroke with a paper-coloured line of about a pixel, in one tile of six."""
    distance, sharpness, chosen = _random_line(key, len(tiles), reach=7)
    gap = jnp.clip(sharpness * 1.2 - jnp.abs(distance), 0, 1)
    return jnp.where(_random_mask(chosen, 0.15, tiles), tiles * (1 - gap), tiles)


def add_remnants(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Add what a careless crop leaves in: a piece of a ruled line, or of a neighbouring digit."""
    line_key, strength_key, neighbour_key = random.split(key, 3)
    distance, width, chosen = _random_line(line_key, len(tiles), reach=13)
    ink = random.uniform(strength_key, (len(tiles), 1, 1), minval=0.2, maxval=0.9)
    line = ink * jnp.clip(width - jnp.abs(distance), 0, 1)
    tiles = jnp.where(_random_mask(chosen, 0.06, tiles), jnp.maximum(tiles, line), tiles)
    side, chosen = random.split(neighbour_key)
    shifts = random.randint(side, (len(tiles),), 17, 22)
    shifts = jnp.where(random.bernoulli(chosen, 0.5, (len(tiles),)), shifts, -shifts)
    neighbours = jax.vmap(_shift_columns)(jnp.roll(tiles, 1, axis=0), shifts)
    return jnp.where(
        _random_mask(random.fold_in(chosen, 1), 0.06, tiles), jnp.maximum(tiles, neighbours), tiles
    )


def _shift_columns(tile: jax.Array, by: jax.Array) -> jax.Array:
    columns = jnp.arange(TILE_SIZE) - by
    inside = (columns >= 0) & (columns < TILE_SIZE)
    return jnp.where(inside, tile[:, columns.clip(0, TILE_SIZE - 1)], 0)


def capture_roughly(key: jax.Array, tiles: jax.Array) -> jax.Array:
    """Blur, coarsen, fade, threshold and add noise, as cameras and scanners do."""
    blur, coarse, fade, threshold, noise = random.split(key, 5)
    n = (len(tiles), 1, 1)
    amounts = random.uniform(blur, n)
    tiles = jnp.where(
        _random_mask(blur, 0.35, tiles), (1 - amounts) * tiles + amounts * _blur(tiles), tiles
    )
    tiles = jnp.where(_random_mask(coarse, 0.15, tiles), _coarsen(tiles), tiles)
    contrast = random.uniform(fade, n, minval=0.5, maxval=2.0)
    peak = jnp.where(_random_mask(fade, 0.15, tiles), random.uniform(noise, n, minval=0.5), 1)
    tiles = jnp.clip(contrast * tiles, 0, 1) * peak
    level = random.uniform(threshold, n, minval=0.25, maxval=0.65)
    crisp = (tiles > level * tiles.max((1, 2), keepdims=True)).astype(tiles.dtype)
    tiles = jnp.where(_random_mask(threshold, 0.2, tiles), crisp, tiles)
    grain = 0.12 * random.normal(noise, tiles.shape)
    return jnp.where(_random_mask(noise, 0.1, tiles), jnp.clip(tiles + grain, 0, 1), tiles)


def _blur(tiles: jax.Array) -> jax.Array:
    """Blur with a binomial 5x5 kernel."""
    kernel = jnp.array([1, 4, 6, 4, 1], tiles.dtype) / 16
    padded = jnp.pad(tiles, ((0, 0), (2, 2), (2, 2)))
    rows = sum(k * padded[:, i : i + TILE_SIZE] for i, k in enumerate(kernel))
    return sum(k * rows[:, :, i : i + TILE_SIZE] for i, k in enumerate(kernel))


def _coarsen(tiles: jax.Array) -> jax.Array:
    """Reduce the detail to that of 16x16 pixels, the size of USPS and Semeion."""
    small = jax.image.resize(tiles, (len(tiles), 18, 18), "linear")
    return jax.image.resize(small, tiles.shape, "linear")


def _random_line(key: jax.Array, n: int, reach: float) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Draw a line for each tile, at most ``reach`` pixels from its centre.

    Most lines are almost horizontal or vertical, as on ruled paper. Returns the distance of each
    pixel from the line, (n, 28, 28), the width of the line, (n, 1, 1), and a fresh key.
    """
    angle_key, offset_key, width_key, fresh = random.split(key, 4)
    quarter = random.bernoulli(width_key, 0.5, (n, 1, 1)) * jnp.pi / 2
    angles = quarter + 0.15 * random.normal(angle_key, (n, 1, 1))
    offsets = random.uniform(offset_key, (n, 1, 1), minval=-reach, maxval=reach)
    y, x = jnp.mgrid[:TILE_SIZE, :TILE_SIZE] - _CENTRE
    distances = jnp.cos(angles) * y + jnp.sin(angles) * x - offsets
    return distances, random.uniform(width_key, (n, 1, 1), minval=0.8, maxval=1.6), fresh


def _random_mask(key: jax.Array, share: float, tiles: jax.Array) -> jax.Array:
    """Draw which share of the tiles something happens to, (n, 1, 1) bool."""
    return random.bernoulli(random.fold_in(key, 7), share, (len(tiles), 1, 1))


# The augmentations that a recipe can name, from MNIST's own variety to that of real pictures.
AUGMENTATIONS: dict[str, Callable[..., jax.Array]] = {
    "none": lambda key, tiles: tiles,
    "shift": shift,
    "turn": turn,
    "warp": warp,
    "all": augment,
}
