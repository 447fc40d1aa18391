import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw
from scipy import ndimage

from digit_model.errors import NoInk
from digit_model.picture.ink import WORKING_SIZE, find_ink, ink_steps
from digit_model.picture.surroundings import without_slivers
from digit_model.synthesis.forms import draw_strip

HEIGHT, WIDTH = 240, 200


def stroke(width=10):
    """Return a 2-like zigzag, (240, 200) bool."""
    image = Image.new("1", (WIDTH, HEIGHT))
    points = [(60, 70), (100, 50), (140, 80), (60, 180), (150, 180)]
    ImageDraw.Draw(image).line(points, fill=1, width=width, joint="curve")
    return np.asarray(image)


def paint(paper, pen, mask=None):
    """Paint the stroke; paper and pen are grey levels or colours, or arrays of them."""
    mask = stroke() if mask is None else mask
    paper, pen = (np.broadcast_to(np.asarray(c, float), (*mask.shape, 3)) for c in (paper, pen))
    return np.where(mask[..., None], pen, paper).round().astype(np.uint8)


def overlap(ink, mask):
    """Intersection over union of the ink above a half and the mask."""
    found = ink > 0.5 * ink.max()
    return (found & mask).sum() / (found | mask).sum()


@pytest.mark.parametrize(
    ("paper", "pen"),
    [
        (255, 0),
        (0, 255),
        (200, 150),
        (40, 90),
        ((250, 250, 250), (150, 200, 255)),
        ((255, 255, 200), (255, 140, 120)),
        ((20, 60, 40), (230, 230, 220)),
    ],
)
def test_the_stroke_is_found_on_any_paper(paper, pen):
    assert overlap(find_ink(paint(paper, pen)), stroke()) > 0.8


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 255), st.integers(0, 255), st.integers(6, 24))
def test_any_two_levels_apart(paper, pen, width):
    mask = stroke(width)
    picture = paint(paper, pen, mask)
    if abs(paper - pen) < 40:
        return
    assert overlap(find_ink(picture), mask) > 0.6


def slope(dark, light):
    """Light that falls off from the left to the right, (240, 200, 1)."""
    return np.tile(np.linspace(light, dark, WIDTH), (HEIGHT, 1))[..., None]


@pytest.mark.parametrize(("dark", "light"), [(110, 250), (60, 180)])
def test_uneven_light_is_divided_out(dark, light):
    paper = slope(dark, light)
    assert overlap(find_ink(paint(paper, 0.35 * paper)), stroke()) > 0.7


def test_a_vignette_is_divided_out():
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    paper = (240 * (1 - 0.35 * (x * x + y * y) / 2))[..., None]
    assert overlap(find_ink(paint(paper, 0.5 * paper)), stroke()) > 0.7


def test_noise_is_no_ink():
    noise = np.random.default_rng(0).normal(0, 8, (HEIGHT, WIDTH, 1))
    picture = np.clip(paint(200, 60) + noise, 0, 255).astype(np.uint8)
    ink = find_ink(picture)
    assert overlap(ink, stroke()) > 0.7
    assert (ink[:40] > 0).mean() < 0.01


@pytest.mark.parametrize("pen", [0.55, 1.5])
def test_a_flash_and_a_shadow_do_not_decide_which_is_the_pen(pen):
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    flash = np.exp(-((x + 0.5) ** 2 + (y - 0.9) ** 2) / 0.1)
    shadow = 1 / (1 + np.exp(-20 * (x - 0.75)))
    paper = (130 + 60 * flash - 60 * shadow)[..., None]
    assert overlap(find_ink(paint(paper, pen * paper, stroke(4))), stroke(4)) > 0.6


def test_a_stroke_of_half_the_darkness_of_the_others_is_found():
    dark, pale = np.zeros((2, HEIGHT, WIDTH), bool)
    dark[60:180, 50:60] = pale[60:180, 140:150] = True
    picture = np.minimum(paint(240, 40, dark), paint(240, 140, pale))
    assert overlap(find_ink(picture) > 0, dark | pale) > 0.7


def test_the_gaps_of_a_dense_scribble_are_paper():
    scribble = np.zeros((HEIGHT, WIDTH), bool)
    for offset in range(30, 160, 30):
        scribble[offset : offset + 20, 25:175] = scribble[25:175, offset : offset + 20] = True
    assert overlap(find_ink(paint(255, 0, scribble)), scribble) > 0.9


def test_faint_strokes_are_found_in_a_cameras_noise():
    noise = np.random.default_rng(0).normal(0, 24, (HEIGHT, WIDTH, 3))
    picture = np.clip(paint(120, 80) + noise, 0, 255).astype(np.uint8)
    assert "without noise" in dict(ink_steps(picture))
    assert overlap(find_ink(picture), stroke()) > 0.6


def test_a_thin_stroke_in_noise_stays_with_the_broad_one_that_it_touches():
    seven = np.zeros((120, 200), bool)
    seven[30:40, 60:110] = seven[40:90, 100:102] = True
    found = []
    for seed in range(6):
        noise = np.random.default_rng(seed).normal(0, 30, (120, 200, 3))
        picture = np.clip(150 - 40 * seven[..., None] + noise, 0, 255).astype(np.uint8)
        found.append(find_ink(picture)[42:88, 100:102].any(axis=1).mean())
    assert np.mean(found) > 0.85


def test_the_grain_of_paper_is_not_blurred():
    grain = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 60, (HEIGHT, WIDTH)), 1.2)
    picture = np.clip(paint(150, 90) + grain[..., None], 0, 255).astype(np.uint8)
    assert "without noise" not in dict(ink_steps(picture))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_is_told(level):
    with pytest.raises(NoInk, match="blank"):
        find_ink(np.full((100, 120, 3), level, np.uint8))


def test_noisy_paper_alone_is_blank():
    noise = np.random.default_rng(0).normal(200, 4, (200, 200, 1)).clip(0, 255).astype(np.uint8)
    with pytest.raises(NoInk):
        find_ink(np.repeat(noise, 3, axis=2))


@pytest.mark.parametrize("shape", [(36, 1000), (60, 1000), (1000, 36)])
def test_strips_of_paper_are_read(shape):
    mask = np.zeros(shape, bool)
    mask[shape[0] // 4 : shape[0] // 2, shape[1] // 4 : shape[1] // 4 + 20] = True
    assert overlap(find_ink(paint(220, 30, mask)), mask) > 0.5


@pytest.mark.parametrize("aspect", [7, 10])
def test_paper_between_the_digits_of_a_long_strip_is_no_ink(aspect):
    strips = [draw_strip(np.random.default_rng(seed), aspect).picture for seed in range(8)]
    paper = [picture.mean(axis=2) > 0.85 * np.median(picture) for picture in strips]
    inks = [find_ink(picture) for picture in strips]
    shares = [(ink > 0)[even].mean() for ink, even in zip(inks, paper, strict=True)]
    assert max(shares) < 0.03


def test_strokes_near_the_edge_do_not_darken_the_paper():
    mask = np.zeros((HEIGHT, WIDTH), bool)
    for left in range(10, WIDTH - 20, 30):
        mask[4:60, left : left + 12] = True
    darkness = dict(ink_steps(paint(240, 30, mask)))["darkness"]
    assert np.abs(darkness[:64][~ndimage.binary_dilation(mask, iterations=2)[:64]]).max() < 0.03


def test_a_stroke_at_the_side_of_a_small_strip_is_kept():
    image = Image.new("L", (150, 100), 230)
    draw = ImageDraw.Draw(image)
    for x in (2, 70, 120):
        draw.line([(x + 14, 12), (x, 85)], fill=30, width=7)
    ink = find_ink(np.asarray(image.convert("RGB")))
    assert ink[20:80, :20].any(axis=1).all()


def test_large_pictures_are_worked_on_smaller():
    picture = np.asarray(Image.fromarray(paint(255, 0)).resize((2500, 3000)))
    ink = find_ink(picture)
    assert max(ink.shape) == WORKING_SIZE


@pytest.mark.parametrize("tilt", [0, 4])
@pytest.mark.parametrize("spacing", [40, 62])
def test_ruled_and_squared_paper_is_left_out(tilt, spacing):
    image = Image.fromarray(paint(235, 60))
    draw = ImageDraw.Draw(image)
    for y in range(25, HEIGHT, spacing):
        draw.line([(0, y), (WIDTH, y + tilt)], fill=(150, 160, 200), width=2)
    for x in range(15, WIDTH, spacing):
        draw.line([(x, 0), (x + tilt, HEIGHT)], fill=(150, 160, 200), width=2)
    assert overlap(find_ink(np.asarray(image)), stroke()) > 0.8


def test_a_line_so_faint_that_it_has_gaps_is_left_out():
    picture = paint(235, 40).astype(int)
    picture[:, 170:172] -= 60
    picture[::9, 170:172] += 45
    assert not find_ink(picture.astype(np.uint8))[:, 165:177].any()


def test_the_desk_beside_a_flattened_sheet_is_left_out():
    mask = np.zeros((200, 160), bool)
    mask[60:140, 70:80] = mask[50:90, :5] = mask[150:156, 2:60] = True
    left = without_slivers(mask)
    assert left[60:140, 70:80].all() and left[150:156, 2:60].all() and not left[50:90, :5].any()
    assert (without_slivers(mask & (np.arange(160) < 5)) == (mask & (np.arange(160) < 5))).all()


def test_long_strokes_inside_the_picture_are_no_lines():
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[20:220, 96:104] = mask[120:128, 20:180] = True
    assert overlap(find_ink(paint(230, 40, mask)), mask) > 0.8


def test_the_desk_and_a_dark_corner_are_left_out():
    picture = paint(225, 50)
    picture[:, :12] = 60
    picture[200:, 180:] = 40
    assert overlap(find_ink(picture), stroke()) > 0.7


@pytest.mark.parametrize("shade", [0.88, 0.93])
def test_large_strokes_that_a_shadow_joins_to_the_edge_are_kept(shade):
    ring = Image.new("1", (WIDTH, HEIGHT))
    ImageDraw.Draw(ring).ellipse((14, 14, 186, 226), outline=1, width=14)
    paper = np.full((HEIGHT, WIDTH, 1), 200.0)
    paper[:20, 60:130] *= shade
    paper[100:130, 98:101] *= shade  # a fold, which stands free
    mask = np.asarray(ring)
    assert overlap(find_ink(paint(paper, 70, mask)), mask) > 0.8


def test_strokes_that_touch_a_border_stay_without_it():
    image = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 399, 299), outline="black", width=2)
    for x, bottom in ((90, 299), (200, 299), (310, 200)):
        draw.line([(x, 60), (x, bottom)], "black", 8)
    ink = find_ink(np.asarray(image))
    assert ink[100].any() and ndimage.label(ink > 0)[1] == 3
    assert not ink[:20].any() and not ink[:, :20].any()


def test_what_touches_the_edge_is_kept_where_nothing_else_is():
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[:200, 90:110] = True
    assert overlap(find_ink(paint(230, 40, mask)), mask) > 0.7


@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH), (30, 25)])
def test_the_steps_lead_to_the_ink(shape):
    picture = np.asarray(Image.fromarray(paint(220, 50)).resize(shape[::-1]))
    steps = list(ink_steps(picture))
    names = [name for name, _ in steps]
    assert names[0] == "picture"
    assert names[-1] == "ink"
    assert len(set(names)) == len(names)
    assert all(step.shape[:2] == shape for _, step in steps)
    assert (steps[-1][1] == find_ink(picture)).all()


def test_the_light_and_the_darkness_are_what_they_are_called():
    paper = slope(110, 250)
    steps = dict(ink_steps(paint(paper, 0.35 * paper)))
    light, darkness = steps["paper's light"], steps["darkness"]
    assert light == pytest.approx(paper[..., 0] / 255, abs=0.05)
    assert np.median(darkness[stroke()]) == pytest.approx(0.65, abs=0.05)
    assert np.median(darkness[~stroke()]) == pytest.approx(0, abs=0.02)


def test_the_steps_end_where_nothing_stands_out():
    *_, (name, mask) = ink_steps(np.full((100, 120, 3), 128, np.uint8))
    assert name == "above the noise"
    assert not mask.any()


pictures = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(4, 90), st.integers(4, 90), st.just(3)),
    elements=st.integers(0, 255),
    fill=st.integers(0, 255),
)


@settings(deadline=None, max_examples=80)
@given(pictures)
def test_any_picture_gives_ink_or_says_that_there_is_none(picture):
    try:
        ink = find_ink(picture)
    except NoInk:
        return
    assert ink.shape == picture.shape[:2]
    assert ink.dtype == np.float32
    assert ink.min() >= 0
    assert 0 < ink.max() <= 1
