import io
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy.interpolate import CubicSpline

from digit_model import pretrained
from digit_model.arrays import Calibration, Reading
from digit_model.errors import NoInk, UndecodableImage
from digit_model.explain import LAYER_CAM
from digit_model.picture.strip import STRIP_HEIGHT
from digit_model.recogniser import Recogniser
from digit_model.synthesis.digits import draw_digits
from digit_model.synthesis.pen import draw, write
from digit_model.synthesis.rows import SIGNS, draw_number, draw_rows, draw_signed
from digit_model.synthesis.sheets import draw_notes
from digit_model.synthesis.skeletons import load_skeletons
from tests.helpers import sketch


@pytest.fixture(scope="module")
def recogniser(bundled):
    return bundled.recogniser


def page(tiles, size=96, gap=24):
    """Tiles as dark digits side by side on light paper."""
    width = gap + len(tiles) * (size + gap)
    sheet = Image.new("L", (width, size + 2 * gap), 240)
    for number, tile in enumerate(tiles):
        digit = Image.fromarray((240 - 220 * tile).astype(np.uint8)).resize((size, size))
        sheet.paste(digit, (gap + number * (size + gap), gap))
    return sheet


@pytest.fixture(scope="module")
def drawn():
    return draw_digits(40, seed=11)


def test_a_single_digit_is_read_with_its_box(recogniser, drawn):
    reading = recogniser.read(page(drawn.tiles[3:4]), one=True)
    [digit] = reading.digits
    assert digit.label == drawn.labels[3]
    assert digit.probabilities.shape == (10,)
    assert digit.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert digit.confidence == pytest.approx(digit.probabilities.max())
    left, top, right, bottom = digit.box
    assert 24 <= left < right <= 120
    assert 24 <= top < bottom <= 120
    assert reading.seconds > 0


def test_a_row_of_digits_is_read_in_order(recogniser, drawn):
    reading = recogniser.read(page(drawn.tiles[:4]))
    assert reading.text == "".join(map(str, drawn.labels[:4]))


def touching(tiles):
    """Two tiles as one mark."""
    pair = [tile[:, tile.any(axis=0)] for tile in tiles]
    ink = np.zeros((28, 60), np.float32)
    first, second = (tile.shape[1] for tile in pair)
    ink[:, 4 : 4 + first] = pair[0]
    place = slice(3 + first, 3 + first + second)
    ink[:, place] = np.maximum(ink[:, place], pair[1])
    return Image.fromarray((240 - 220 * ink).astype(np.uint8)).resize((360, 168))


def test_touching_digits_are_told_apart(recogniser):
    drawn = draw_digits(40, seed=12)
    texts = ["".join(map(str, drawn.labels[k : k + 2])) for k in range(0, 40, 2)]
    readings = recogniser.read_all(touching(drawn.tiles[k : k + 2]) for k in range(0, 40, 2))
    assert sum(r.text == text for r, text in zip(readings, texts, strict=True)) >= 12


def test_digits_that_touch_along_a_stroke_are_cut_where_the_row_reader_sees_them_end(
    recogniser, monkeypatch
):
    drawn = [draw_rows(np.random.default_rng((9, seed)), "touching") for seed in (14, 18, 21, 35)]
    pictures, texts = [one.picture for one in drawn], [one.text for one in drawn]
    assert [reading.text for reading in recogniser.read_all(pictures)] == texts
    monkeypatch.setattr("digit_model.recogniser.MIN_GAIN", np.inf)
    for reading, text in zip(recogniser.read_all(pictures), texts, strict=True):
        assert reading.text != text


def test_1s_as_thin_as_a_hair_are_read_beside_broader_digits(recogniser):
    drawn = [draw_rows(np.random.default_rng((2, seed)), "thin ones") for seed in range(20)]
    readings = recogniser.read_all(one.picture for one in drawn)
    assert sum(r.text == one.text for r, one in zip(readings, drawn, strict=True)) >= 15


def test_a_cross_alone_is_not_read(recogniser):
    picture = Image.new("L", (300, 300), 255)
    brush = ImageDraw.Draw(picture)
    brush.line([(90, 90), (210, 210)], 0, 14)
    brush.line([(90, 210), (210, 90)], 0, 14)
    assert recogniser.read(picture).text == ""


@pytest.mark.parametrize("letter", "HMNW")
def test_digits_cut_from_one_component_are_accepted_or_rejected_together(recogniser, letter):
    rng = np.random.default_rng(3)
    pictures = [
        Image.fromarray((240 - 220 * ink).astype(np.uint8)).resize((224, 224))
        for ink in (
            draw(write(load_skeletons().signs[letter], (0.7, 1.0), rng), 2.6, rng) for _ in range(8)
        )
    ]
    readings = recogniser.read_all(pictures)
    assert all(len({digit.accepted for digit in reading.digits}) == 1 for reading in readings)


def test_parts_of_a_scribble_are_not_accepted(recogniser):
    rng = np.random.default_rng(7)
    scribbles = [Image.new("L", (280, 280), 255) for _ in range(30)]
    for scribble in scribbles:
        along = np.linspace(0, 1, 18)
        curve = CubicSpline(along, rng.uniform(40, 240, (18, 2)))(np.linspace(0, 1, 400))
        ImageDraw.Draw(scribble).line(curve.clip(8, 272).ravel().tolist(), fill=0, width=20)
    readings = recogniser.read_all(scribbles)
    assert sum(bool(reading.text) for reading in readings) <= 3


def number(tiles, gap=3, slant=0.0):
    """Tiles as one slanted number with a dot in it and a dash behind it, on a strip of paper."""
    ink = np.zeros((36, 20 * len(tiles) + 40), np.float32)
    left = 6
    for place, tile in enumerate(tiles):
        digit = tile[:, tile.any(axis=0)]
        ink[4:32, left : left + digit.shape[1]] = digit
        left += digit.shape[1] + gap
        if place == 0:
            ink[25:28, left : left + 3] = 1
            left += 3 + gap
    ink[16:18, left + 2 : left + 12] = 1
    ink = ink[:, : left + 20]
    large = Image.fromarray(240 - 220 * ink).resize((4 * ink.shape[1], 4 * ink.shape[0]))
    shear = (1, slant, -slant * large.height / 2, 0, 1, 0)
    sheared = large.transform(large.size, Image.Transform.AFFINE, shear, fillcolor=240)
    return sheared.convert("L")


@pytest.mark.parametrize("slant", [0.0, 0.3])
def test_dots_and_dashes_are_not_read_as_digits(recogniser, slant):
    drawn = draw_digits(60, seed=13)
    texts = ["".join(map(str, drawn.labels[k : k + 4])) for k in range(0, 60, 4)]
    pictures = [number(drawn.tiles[k : k + 4], slant=slant) for k in range(0, 60, 4)]
    right = [r.text == text for r, text in zip(recogniser.read_all(pictures), texts, strict=True)]
    assert np.mean(right) >= 0.6


def test_boxes_go_around_each_digit_of_a_number(recogniser, drawn):
    picture = page(drawn.tiles[:3])
    lefts = [digit.box.left for digit in recogniser.read(picture).digits]
    assert [left // 120 for left in lefts] == [0, 1, 2]


def test_a_zigzag_gives_a_best_guess_that_is_not_accepted(recogniser):
    scribble = Image.new("L", (280, 280), 255)
    zigzag = [(252 if row % 2 else 28, 20 + 20 * row) for row in range(12)]
    ImageDraw.Draw(scribble).line(zigzag, fill=0, width=18)
    reading = recogniser.read(scribble)
    assert reading.text == ""
    assert reading.digits
    assert not any(digit.accepted for digit in reading.digits)


def test_boxes_are_in_the_pixels_of_the_picture(recogniser, drawn):
    small = page(drawn.tiles[:1])
    large = small.resize((10 * small.width, 10 * small.height))
    box, tenfold = (recogniser.read(picture, one=True).digits[0].box for picture in (small, large))
    np.testing.assert_allclose(np.array(tenfold) / 10, box, atol=2.5)


def test_boxes_and_heatmaps_lie_on_their_digits_down_to_the_end_of_a_tall_picture(recogniser):
    strip = Image.new("L", (130, 6000), 240)
    tops = [200 * number + 50 for number in range(30)]
    for top in tops:
        ImageDraw.Draw(strip).ellipse((35, top, 94, top + 99), outline=20, width=14)
    digits = recogniser.read(strip).digits
    assert [digit.label for digit in digits] == [0] * 30
    for digit, top in zip(digits, tops, strict=True):
        np.testing.assert_allclose(digit.box, (35, top, 95, top + 100), atol=8)
        rows, columns = (np.flatnonzero(digit.tile.max(axis=axis) > 0.4) for axis in (1, 0))
        left, upper, x_scale, y_scale, _ = digit.placement
        np.testing.assert_allclose(left + x_scale * (columns[[0, -1]] + [0, 1]), (35, 95), atol=8)
        np.testing.assert_allclose(
            upper + y_scale * (rows[[0, -1]] + [0, 1]), (top, top + 100), atol=8
        )


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270])
def test_a_row_of_digits_turned_by_90_degrees_is_not_accepted(recogniser, turn):
    """A phone that lies flat writes no orientation into its pictures."""
    drawn = draw_digits(200, seed=13)
    upright = [page(drawn.tiles[k : k + 5]) for k in range(0, 200, 5)]
    assert all(reading.text for reading in recogniser.read_all(upright))
    turned = recogniser.read_all([picture.transpose(turn) for picture in upright])
    assert not any(reading.text for reading in turned)
    assert all(reading.digits for reading in turned)


def test_a_row_that_would_fall_into_more_rows_is_never_taken_for_turned(recogniser, monkeypatch):
    """Zeros read as well when they are turned, each in a row of its own."""
    monkeypatch.setattr("digit_model.recogniser.MIN_TURNED_COST", 0)
    monkeypatch.setattr("digit_model.recogniser.TURNED_COST_SHARE", 100)
    zeros = Image.new("L", (700, 160), 240)
    for left in range(40, 620, 120):
        ImageDraw.Draw(zeros).ellipse((left, 40, left + 80, 118), outline=20, width=9)
    assert recogniser.read(zeros).text == "00000"
    column = zeros.transpose(Image.Transpose.ROTATE_90)
    assert recogniser.read(column).text == ""


@pytest.mark.parametrize("orientation", [1, 6])
def test_boxes_in_a_large_jpeg_are_in_its_own_pixels(recogniser, orientation):
    sheet = Image.new("L", (6000, 4000), 240)
    ImageDraw.Draw(sheet).ellipse((4000, 1000, 4999, 2499), outline=20, width=200)
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    sheet.save(file, "JPEG", exif=exif)
    box = (4000, 1000, 5000, 2500) if orientation == 1 else (1500, 4000, 3000, 5000)
    reading = recogniser.read(file.getvalue(), one=True)
    assert reading.reduction == 2
    np.testing.assert_allclose(reading.digits[0].box, box, atol=20)
    np.testing.assert_allclose(reading.as_json()["digits"][0]["box"], box, atol=20)
    left, top, right, bottom = reading.shown().digits[0].box
    inside = reading.picture[top:bottom, left:right]
    assert (inside < 100).sum() == (reading.picture < 100).sum()


def test_drawn_digits_are_read(recogniser, drawn):
    pictures = [page([tile]) for tile in drawn.tiles]
    answers = [reading.digits[0].label for reading in recogniser.read_all(pictures, one=True)]
    assert np.mean(answers == drawn.labels) >= 0.9


def test_an_unreadable_picture_does_not_affect_the_others(recogniser, drawn):
    good = page(drawn.tiles[:1])
    first, second, third = recogniser.read_all([good, b"no picture", Image.new("L", (50, 50), 255)])
    assert isinstance(first, Reading)
    assert isinstance(second, UndecodableImage)
    assert isinstance(third, NoInk)
    assert recogniser.read_all([]) == []


def test_errors_are_raised_for_a_single_picture(recogniser):
    with pytest.raises(UndecodableImage):
        recogniser.read(b"")


@pytest.mark.parametrize("count", [0, 1, 2, 8, 9, 128, 129, 300])
def test_batches_of_any_size_give_what_single_tiles_give(recogniser, drawn, count):
    tiles = np.resize(drawn.tiles, (count, 28, 28))
    logits = recogniser.predict_logits(tiles)
    assert logits.shape == (count, 10)
    for index in range(0, count, 37):
        np.testing.assert_allclose(
            logits[index], recogniser.predict_logits(tiles[index : index + 1])[0], atol=1e-3
        )


def test_several_pictures_are_one_call_of_the_network(recogniser, drawn, monkeypatch):
    calls = []
    evaluate = recogniser._evaluate
    monkeypatch.setattr(
        recogniser, "_evaluate", lambda tiles: calls.append(len(tiles)) or evaluate(tiles)
    )
    recogniser.read_all([page([tile]) for tile in drawn.tiles[:5]], one=True)
    assert calls == [5]


def test_the_calibration_decides_what_is_accepted(bundled, drawn):
    model = bundled.checkpoint.model
    strict = Recogniser(model, Calibration(temperature=1.0, min_confidence=1.1))
    reading = strict.read(page(drawn.tiles[:1]), one=True)
    assert not reading.digits[0].accepted
    assert reading.text == ""
    assert reading.as_json()["digits"][0]["digit"] == reading.digits[0].label
    unsure = Recogniser(model, Calibration(temperature=50.0))
    assert unsure.read(page(drawn.tiles[:1]), one=True).digits[0].confidence < 0.6


def test_heatmaps_differ_by_digit(recogniser, drawn):
    digit = recogniser.read(page(drawn.tiles[:1]), one=True).digits[0]
    default, answer, other = (
        recogniser.heatmap(digit, target) for target in (None, digit.label, (digit.label + 1) % 10)
    )
    np.testing.assert_array_equal(default, answer)
    assert not np.array_equal(answer, other)


def test_the_evidence_of_a_digit_read_by_itself_is_its_heatmap(recogniser, drawn):
    digit = recogniser.read(page(drawn.tiles[:1]), one=True).digits[0]
    assert digit.evidence.shape == (10, 7, 7)
    computed = replace(digit, evidence=None)
    for target in range(10):
        expected = recogniser.heatmap(computed, target)
        np.testing.assert_allclose(recogniser.heatmap(digit, target), expected, atol=1e-4)


def test_a_digit_without_evidence_or_with_another_method_has_a_heatmap(recogniser, drawn):
    row = recogniser.read(page(drawn.tiles[:5]))
    alone = recogniser.read(page(drawn.tiles[:1])).digits[0]
    finer = recogniser.heatmap(alone, method=LAYER_CAM)
    assert np.abs(finer - recogniser.heatmap(alone)).max() > 0.1
    assert all(recogniser.heatmap(digit).max() == pytest.approx(1) for digit in row.digits)


def test_heat_lies_on_the_ink_more_than_chance(recogniser, drawn):
    """The mass of the map on and beside the stroke against the share of the tile it covers."""
    shares = []
    for tile in drawn.tiles[:20]:
        digit = recogniser.read(page([tile]), one=True).digits[0]
        heatmap = recogniser.heatmap(digit)
        near = digit.tile > 0.2
        shares.append((heatmap[near].sum() / heatmap.sum()) / near.mean())
    assert np.median(shares) > 1.2


def test_threads_can_read_at_the_same_time(recogniser, drawn):
    pictures = [page([tile]) for tile in drawn.tiles[:8]]
    expected = [recogniser.read(picture, one=True).text for picture in pictures]
    found: list[str] = [""] * len(pictures)

    def read(index):
        found[index] = recogniser.read(pictures[index], one=True).text

    threads = [threading.Thread(target=read, args=(index,)) for index in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_tiles_are_read_without_being_normalised_again(recogniser, drawn):
    reading = recogniser.read_tiles(drawn.tiles[:3], (0, 0, 1))
    np.testing.assert_array_equal([mark.tile for mark in reading.digits], drawn.tiles[:3])
    logits = recogniser.predict_logits(drawn.tiles[:3])
    assert [mark.label for mark in reading.digits] == logits.argmax(axis=1).tolist()
    assert [mark.row for mark in reading.digits] == [0, 0, 1]
    for mark in reading.digits:
        inside = reading.picture[mark.box.top : mark.box.bottom, mark.box.left : mark.box.right]
        assert inside.min() < 100


def test_each_note_in_a_picture_is_read_in_order(recogniser):
    rng = np.random.default_rng(2)
    notes = [draw_notes(rng, 2, "dark") for _ in range(6)]
    readings = recogniser.read_all([picture for picture, _ in notes])
    right = [r.text == "\n".join(texts) for r, (_, texts) in zip(readings, notes, strict=True)]
    assert sum(right) >= 4
    for reading in readings:
        lefts = [row[0].box.left for row in reading.rows]
        assert lefts == sorted(lefts)


def test_marks_between_digits_are_told(recogniser):
    picture = sketch(3, 1, 4)
    ImageDraw.Draw(picture).ellipse((270, 215, 294, 239), "black")
    reading = recogniser.read(np.asarray(picture))
    assert reading.text == "314"
    [mark] = reading.ignored
    assert mark.kind == "dot"
    assert mark.box == pytest.approx((270, 215, 295, 240), abs=2)
    assert reading.as_json()["ignored"] == [{"kind": "dot", "box": list(mark.box)}]


@pytest.mark.parametrize(
    ("strokes", "text", "kinds"),
    [
        ([(150, 140, 230, 140)], "47", ["dash"]),
        ([(240, 20, 160, 265)], "347", ["slash"]),
        ([(140, 140, 240, 140), (190, 90, 190, 190)], "347", ["plus"]),
        ([(150, 100, 230, 180), (230, 100, 150, 180)], "347", ["times"]),
        ([(200, 225, 185, 262)], "347", ["comma"]),
    ],
)
def test_signs_beside_digits_are_told_and_are_not_read(recogniser, strokes, text, kinds):
    """A sign takes the place of the second of four digits; before 47 there is no other digit."""
    picture = sketch(3, 1, 4, 7)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((280 if text == "347" else 0, 0, 559, 280), "white")
    for x, y, x_end, y_end in strokes:
        draw.line((280 + x, y, 280 + x_end, y_end), "black", 20)
    reading = recogniser.read(np.asarray(picture))
    assert reading.text == text
    assert [mark.kind for mark in reading.ignored] == kinds


@pytest.mark.parametrize("text", ["3.14", "1,234", "-5", "6-4"])
def test_no_mark_of_a_number_is_left_out_in_silence(recogniser, text):
    """A small mark close to a digit must not count as a part of it."""
    rng = np.random.default_rng(0)
    numbers = [draw_number(text, rng) for _ in range(6)]
    readings = recogniser.read_all([number.picture for number in numbers])
    told = [len(r.ignored) == len(n.marks) for r, n in zip(readings, numbers, strict=True)]
    assert sum(told) >= 5


@pytest.mark.parametrize("sign", SIGNS)
def test_signs_around_a_number_are_told_and_are_not_read(recogniser, sign):
    rng = np.random.default_rng(11)
    drawn = [draw_signed(rng, sign) for _ in range(12)]
    readings = recogniser.read_all([number.picture for number in drawn])
    right = [
        reading.text == number.text
        and sorted(str(mark.kind) for mark in reading.ignored) == sorted(number.marks)
        for reading, number in zip(readings, drawn, strict=True)
    ]
    assert sum(right) >= 9


def test_a_single_digit_in_a_ring_is_read_without_it(recogniser):
    picture = sketch(7)
    ImageDraw.Draw(picture).ellipse((4, 4, 275, 275), outline="black", width=6)
    for one in (False, True):
        assert recogniser.read(np.asarray(picture), one=one).digits[0].label == 7


@pytest.mark.parametrize(("start", "end"), [(120, 420), (135, 405)])
def test_numbers_inside_a_dial_are_read_without_its_arc(recogniser, start, end):
    picture = Image.new("L", (480, 480), "black")
    draw = ImageDraw.Draw(picture)
    draw.text((240, 240), "874", "white", ImageFont.load_default(110), anchor="mm", stroke_width=2)
    draw.arc((30, 30, 450, 450), start, end, "white", 14)
    assert recogniser.read(np.asarray(picture)).text in ("", "874")


@pytest.mark.parametrize(("times", "text"), [(1, "1910"), (4, "")])
def test_digits_beside_a_much_taller_one_are_not_accepted(recogniser, times, text):
    """A part of a gauge looks like a 1."""
    picture = Image.new("L", (480, 480), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((260, 240), "910", "black", ImageFont.load_default(110), anchor="mm", stroke_width=2)
    box = (90 - 20 * times, 240 - 40 * times, 90 + 60 * times, 240 + 40 * times)
    draw.arc(box, 120, 240, "black", 14)
    assert recogniser.read(np.asarray(picture)).text == text


def test_clean_digits_leave_nothing_out(recogniser):
    assert recogniser.read(np.asarray(sketch(4, 7, 3))).ignored == ()


def test_only_rows_that_may_be_cut_in_several_ways_are_read_whole(recogniser):
    rng = np.random.default_rng(2)
    touching = [recogniser.read(draw_rows(rng, "touching").picture) for _ in range(5)]
    strips = [strip for reading in touching for strip in reading.strips]
    assert strips
    assert {len(strip) for strip in strips} == {STRIP_HEIGHT}
    assert recogniser.read(sketch(7)).strips == ()


def test_the_row_reader_is_not_asked_for_before_a_row_needs_it(bundled):
    asked = []

    def row_reader():
        asked.append(True)
        return pretrained.row_reader()

    recogniser = Recogniser(bundled.checkpoint.model, bundled.recogniser.calibration, row_reader)
    recogniser.read(sketch(7))
    assert not asked
    rng = np.random.default_rng(2)
    for _ in range(5):
        recogniser.read(draw_rows(rng, "touching").picture)
    assert asked
