from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import digit_model.picture.surface as surface_module
from digit_model.picture.ink import ink_steps, locate_ink
from digit_model.picture.perspective import map_points
from digit_model.picture.render import overlay_heatmaps
from digit_model.picture.surface import (
    Surface,
    find_surface,
    find_surfaces,
    flatten,
    in_reading_order,
)
from digit_model.picture.thumb import paint_over_thumbs
from digit_model.synthesis.forms import draw_form
from digit_model.synthesis.sheets import BACKGROUNDS, draw_scene
from tests.helpers import sketch

SCENES = 6


def covered(corners, shape):
    image = Image.new("1", shape[1::-1])
    ImageDraw.Draw(image).polygon([tuple(corner) for corner in corners], fill=1)
    return np.asarray(image)


@pytest.mark.parametrize("background", sorted(BACKGROUNDS))
def test_the_sheet_is_found_on_any_background(background):
    overlaps = []
    for seed in range(SCENES):
        scene = draw_scene(np.random.default_rng(seed), background)
        surface = find_surface(scene.picture)
        if surface is not None:
            found, true = (
                covered(c, scene.picture.shape) for c in (surface.corners, scene.corners)
            )
            overlaps.append((found & true).sum() / (found | true).sum())
    assert sum(overlap > 0.9 for overlap in overlaps) >= SCENES - 1


def test_most_digits_on_sheets_are_read(bundled):
    scenes = [draw_scene(np.random.default_rng(seed)) for seed in range(100, 124)]
    readings = bundled.recogniser.read_all([scene.picture for scene in scenes])
    right = sum(reading.text == scene.text for reading, scene in zip(readings, scenes, strict=True))
    assert right >= 0.85 * len(scenes)


def test_a_digit_on_a_turned_sheet_has_its_box_on_the_picture(bundled):
    scene = draw_scene(np.random.default_rng(3), "dark")
    reading = bundled.recogniser.read(scene.picture)
    assert reading.text == scene.text
    box = reading.digits[0].box
    low, high = scene.corners.min(axis=0), scene.corners.max(axis=0)
    assert low[0] <= box.left < box.right <= high[0]
    assert low[1] <= box.top < box.bottom <= high[1]
    grey = scene.picture.mean(axis=2)
    inside = grey[box.top : box.bottom, box.left : box.right]
    assert inside.min() < np.median(inside) - 20


def test_a_tile_on_a_turned_sheet_lies_on_its_strokes(bundled):
    sheet = Image.new("RGB", (320, 400), (235, 235, 230))
    ImageDraw.Draw(sheet).line([(160, 60), (160, 340)], fill=(30, 30, 60), width=12)
    scene = Image.new("RGB", (640, 480), (60, 45, 40))
    turned = sheet.rotate(12, Image.Resampling.BICUBIC, expand=True, fillcolor=(60, 45, 40))
    scene.paste(turned.resize((330, 370)), (150, 50))
    picture = np.asarray(scene)
    [digit] = bundled.recogniser.read(picture).digits
    assert abs(digit.placement.turn) > 0.1
    upright = replace(digit, placement=digit.placement._replace(turn=0.0))
    assert share_on_strokes(picture, digit) > share_on_strokes(picture, upright) + 0.1


def share_on_strokes(picture, digit):
    """Return which share of what a digit's tile covers on the picture is dark."""
    left, top, right, bottom = digit.box
    strokes = picture.max(axis=2) < 0.75 * np.median(picture[top:bottom, left:right])
    shown = np.asarray(overlay_heatmaps(picture, [digit], [digit.tile]))
    return strokes[(shown != picture).any(axis=2)].mean()


@pytest.mark.parametrize("digit", [1, 3, 4, 7])
def test_a_picture_without_edges_stays_as_it_is(digit):
    picture = np.asarray(sketch(digit))
    flat, to_picture = flatten(picture)
    assert flat is picture
    assert (to_picture == np.eye(3)).all()
    assert "surface" not in dict(ink_steps(picture))


def test_a_sheet_is_found_on_cloth_whose_folds_run_into_it():
    corners = [(320, 60), (560, 60), (560, 400), (320, 400)]
    desk = np.full((480, 640, 3), (48, 137, 82), np.uint8)
    for left in range(40, 340, 24):
        desk[260:440, left : left + 12] += 40
    image = Image.fromarray(desk)
    ImageDraw.Draw(image).polygon(corners, fill=(208, 209, 204))
    surface = find_surface(np.asarray(image))
    assert surface is not None
    assert np.abs(surface.corners - corners).max() < 10


def test_a_drawing_with_a_broad_pen_costs_no_search(monkeypatch):
    monkeypatch.setattr(surface_module, "_flat_regions", None)
    image = Image.new("RGB", (280, 280), "white")
    ImageDraw.Draw(image).line([(70, 70), (200, 70), (120, 240)], "black", 32, joint="curve")
    assert find_surfaces(np.asarray(image)) == []


def bold_digits():
    """Draw a 5 that fills a quadrilateral, and a 7, with a marker on coloured, grainy paper."""
    image = Image.new("RGB", (400, 270), (232, 196, 180))
    draw = ImageDraw.Draw(image)
    for line in (
        [(190, 70), (110, 70), (110, 130), (180, 140), (180, 200), (90, 205)],
        [(250, 70), (340, 70), (290, 215)],
    ):
        draw.line(line, (60, 56, 52), 46, joint="curve")
    grain = np.random.default_rng(0).normal(0, 4, (270, 400, 3))
    return np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)


def test_a_broad_digit_is_no_sheet():
    assert find_surfaces(bold_digits()) == []


def test_squared_paper_is_no_sheet():
    picture = np.full((300, 240, 3), 220, np.uint8)
    picture[::60] = picture[:, ::60] = 140
    picture[100:160, 110:118] = 40
    assert find_surface(picture) is None


def test_a_dark_panel_on_a_light_page_is_a_surface():
    picture = np.full((240, 320, 3), 240, np.uint8)
    picture[40:200, 60:260] = 30
    picture[70:170, 150:160] = 220
    surface = find_surface(picture)
    assert surface.corners == pytest.approx(
        np.array([[60, 40], [260, 40], [260, 200], [60, 200]]), abs=4
    )
    ink = locate_ink(picture)
    y, x = np.nonzero(ink.ink > 0.5)
    points = map_points(ink.to_picture, np.column_stack([x, y]))
    assert points.min(axis=0) == pytest.approx((150, 70), abs=3)
    assert points.max(axis=0) == pytest.approx((159, 169), abs=3)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_any_picture_has_a_surface_that_can_be_cut_out_or_none(seed, cells):
    rng = np.random.default_rng(seed)
    mosaic = rng.integers(0, 256, (cells, cells, 3), np.uint8)
    picture = np.kron(mosaic, np.ones((240 // cells, 320 // cells, 1), np.uint8))
    flat, to_picture = flatten(picture)
    assert flat.dtype == np.uint8
    assert min(flat.shape[:2]) >= 8
    assert np.isfinite(to_picture).all()


def card_with_thumb():
    image = Image.new("RGB", (400, 300), (215, 215, 210))
    draw = ImageDraw.Draw(image)
    draw.line([(180, 60), (240, 60), (200, 240)], fill=(30, 30, 90), width=10)
    draw.ellipse((310, 210, 430, 330), fill=(200, 140, 110))
    return image


def test_a_thumb_is_painted_over_and_the_stroke_stays():
    sheet = np.asarray(card_with_thumb())
    painted = paint_over_thumbs(sheet).astype(int)
    assert np.abs(painted[230:, 330:] - 213).max() < 40
    assert (painted[60:240, 180:245] == sheet[60:240, 180:245]).all()


def test_a_sticker_at_the_edge_is_painted_over():
    image = Image.new("RGB", (300, 400), (215, 215, 210))
    draw = ImageDraw.Draw(image)
    draw.line([(120, 120), (190, 120), (150, 320)], fill=(30, 30, 90), width=6)
    draw.ellipse((4, 20, 64, 80), fill=(170, 80, 70))
    painted = paint_over_thumbs(np.asarray(image)).astype(int)
    assert np.abs(painted[20:80, 4:64] - 213).max() < 40


def test_a_sticker_is_painted_over_beside_a_wedge_of_the_desk():
    image = card_with_thumb()
    ImageDraw.Draw(image).polygon([(0, 0), (0, 299), (60, 299)], fill=(60, 90, 60))
    painted = paint_over_thumbs(np.asarray(image)).astype(int)
    assert np.abs(painted[230:, 330:] - 213).max() < 40


def test_a_broad_pen_is_no_thumb():
    image = Image.new("RGB", (300, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.line([(60, 60), (240, 60), (120, 260)], fill="black", width=40, joint="curve")
    sheet = np.asarray(image)
    assert (paint_over_thumbs(sheet) == sheet).all()


def test_digits_of_a_display_are_no_thumbs():
    image = Image.new("RGB", (490, 150), (10, 10, 20))
    draw = ImageDraw.Draw(image)
    for left in range(20, 460, 75):
        draw.rectangle((left, 45, left + 40, 105), fill=(60, 45, 120))
        draw.rectangle((left + 8, 53, left + 32, 97), outline=(220, 200, 255), width=6)
    draw.line((3, 3, 60, 3), fill=(60, 60, 60), width=4)
    sheet = np.asarray(image)
    assert (paint_over_thumbs(sheet) == sheet).all()


def test_a_cell_in_the_corner_of_squared_paper_is_no_sheet():
    picture = np.full((400, 400, 3), 190, np.uint8)
    picture[:110, :125] = 205
    picture[108:113] = picture[:, 123:128] = 120
    picture[180:330, 240:250] = 60
    assert find_surface(picture) is None


def test_cells_between_broader_lines_are_no_sheet():
    sudoku = draw_form(np.random.default_rng((5, 2)), "sudoku")
    assert find_surface(sudoku.picture) is None


def test_surfaces_come_from_the_top_and_from_the_left():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]])
    places = [(30, 40), (20, 2), (0, 0), (0, 40)]
    surfaces = [Surface(square + place, 1.0) for place in places]
    order = [tuple(surface.corners[0]) for surface in in_reading_order(surfaces)]
    assert order == [(0, 0), (20, 2), (0, 40), (30, 40)]


def test_a_single_sheet_is_the_only_surface():
    rng = np.random.default_rng(5)
    scenes = [draw_scene(rng) for _ in range(12)]
    assert all(len(find_surfaces(scene.picture)) <= 1 for scene in scenes)
