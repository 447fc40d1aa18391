import numpy as np
import pytest
from PIL import Image, ImageDraw

from digit_model.arrays import Box
from digit_model.picture.components import Component, Glyph, connected_components
from digit_model.picture.lattice import (
    PER_APART,
    Lattice,
    Span,
    best_path,
    build_lattice,
    near_best_paths,
    one_digit_lattice,
)

ZERO = [(20, 60), (35, 30), (50, 30), (65, 60), (50, 90), (35, 90), (20, 60)]


def shifted(points, by):
    return [(x + by, y) for x, y in points]


def slanted(points, slant):
    return [(x - slant * (y - 60), y) for x, y in points]


def row_of(*strokes, size=(400, 140), width=7):
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    for points in strokes:
        draw.line(points, fill=255, width=width)
    ink = np.asarray(image, np.float32) / 255
    return ink, build_lattice(ink, connected_components(ink), 0)


def falls_apart(row, box_widths, tolerance=8):
    """Return whether some path takes digits of these widths one after the other."""
    places = {0}
    for width in box_widths:
        places = {
            end
            for (start, end, _), glyph in row.glyphs.items()
            if start in places and abs(glyph.box.width - width) <= tolerance
        }
    return len(row.pieces) in places


def test_a_round_digit_is_not_cut():
    _, row = row_of(ZERO)
    assert list(row.glyphs) == [Span(0, 1)]


@pytest.mark.parametrize("overlap", [1, 4, 7])
def test_touching_digits_fall_apart_where_they_touch(overlap):
    step = 52 - overlap
    _, row = row_of(*(shifted(ZERO, k * step) for k in range(3)))
    assert falls_apart(row, [52, 52, 52])


@pytest.mark.parametrize("slant", [0.0, 0.4])
@pytest.mark.parametrize(("top", "costs_more"), [(30, True), (60, False)])
def test_a_stroke_as_high_as_the_digits_is_hardly_a_part_of_one(slant, top, costs_more):
    bar = [(5, top), (5, 90)]
    _, row = row_of(*(slanted(points, slant) for points in (bar, ZERO)))
    assert (row.shape_costs[Span(0, 2)] >= PER_APART) == costs_more


def test_a_mark_without_a_narrow_place_is_cut_again_in_its_seams():
    box = [(20, 30), (110, 30), (110, 90), (20, 90), (20, 30)]
    _, row = row_of(box, shifted(ZERO, 120))
    assert [(piece.box.left, piece.box.right) for piece in row.pieces] == [(17, 114), (137, 189)]
    first, second, *rest = row.cut_again([(40, 90)]).pieces
    assert first.box.right == second.box.left == pytest.approx(65, abs=2)
    assert [piece.box for piece in rest] == [row.pieces[1].box]
    unchanged = row.cut_again([(114, 137)])
    assert [piece.box for piece in unchanged.pieces] == [piece.box for piece in row.pieces]


@pytest.mark.parametrize("slant", [-0.2, 0.3, 0.6])
def test_slanted_digits_fall_apart_along_their_slant(slant):
    bar = [(30, 30), (60, 30)], [(60, 30), (60, 90)]
    digits = [slanted(shifted(stroke, 34 * k), slant) for k in range(3) for stroke in bar]
    _, row = row_of(*digits)
    own = max(x for x, _ in digits[0] + digits[1]) - min(x for x, _ in digits[0] + digits[1]) + 7
    assert falls_apart(row, [own] * 3, tolerance=16)


def test_pieces_share_out_all_of_the_ink():
    ink, row = row_of(*(shifted(ZERO, k * 48) for k in range(3)))
    last = len(row.pieces)
    assert last > 1
    amounts = {span: glyph.ink.sum() for span, glyph in row.glyphs.items() if not span.shared}
    assert sum(amounts.get(Span(k, k + 1), 0) for k in range(last)) <= ink.sum() + 1e-3
    for span, amount in amounts.items():
        singles = [Span(k, k + 1) for k in range(span.start, span.end)]
        if all(single in amounts for single in singles):
            assert amount == pytest.approx(sum(amounts[single] for single in singles))


def test_digits_may_share_the_stroke_in_which_they_touch():
    _, row = row_of(*(shifted(ZERO, k * 45) for k in range(2)))
    last = len(row.pieces)
    cuts = [k for k in range(1, last) if Span(0, k, shared=True) in row.glyphs]
    assert cuts
    for k in cuts:
        own, wider = row.glyphs[Span(0, k)], row.glyphs[Span(0, k, shared=True)]
        assert 1 <= wider.box.right - own.box.right <= 7
        assert wider.ink.sum() > own.ink.sum()


def test_it_is_known_what_was_cut_from_one_part():
    _, touching = row_of(ZERO, shifted(ZERO, 48))
    pieces = [Span(k, k + 1) for k in range(len(touching.pieces))]
    assert touching.is_cut_from_one(pieces)
    assert not touching.is_cut_from_one([Span(0, len(pieces))])
    _, apart = row_of(ZERO, shifted(ZERO, 60))
    assert not apart.is_cut_from_one([Span(0, 1), Span(1, 2)])


def test_a_digit_cut_from_a_part_that_is_left_out_is_a_remnant():
    _, touching = row_of(*(shifted(ZERO, k * 48) for k in range(4)))
    pieces = [Span(k, k + 1) for k in range(len(touching.pieces))]
    assert touching.is_remnant(pieces[0], pieces[:1])
    assert not any(touching.is_remnant(piece, pieces) for piece in pieces)
    _, apart = row_of(*(shifted(ZERO, k * 60) for k in range(4)))
    assert not apart.is_remnant(Span(0, 1), [Span(0, 1)])


def test_two_dashes_are_no_digit():
    equals = [(200, 50), (230, 50)], [(200, 68), (230, 68)]
    _, row = row_of(ZERO, shifted(ZERO, 60), *equals)
    costs = label_costs(dict.fromkeys(row.glyphs, 0.0))
    assert best_path(row, costs).spans == (Span(0, 1), Span(1, 2))


def label_costs(costs):
    """Return the costs of reading each span as 0; as any other digit it costs 20 nats more."""
    return {span: cost + 20.0 * (np.arange(10) > 0) for span, cost in costs.items()}


def blank(count, shape_costs, omission=10.0):
    piece = Component(Box(0, 0, 1, 1), np.ones((1, 1), bool), 1.0)
    glyph = Glyph(np.ones((1, 1), np.float32), Box(0, 0, 1, 1))
    return Lattice(
        dict.fromkeys(shape_costs, glyph),
        shape_costs,
        {Span(k, k + 1): omission for k in range(count)},
        [piece] * count,
        list(range(count)),
        1.0,
    )


def test_the_best_path_costs_least():
    row = blank(
        3, {Span(0, 3): 0.0, Span(0, 1): 0.0, Span(1, 2): 0.0, Span(2, 3): 0.0, Span(1, 3): 0.0}
    )
    costs = {Span(0, 3): 3.0, Span(0, 1): 0.1, Span(1, 2): 2.0, Span(2, 3): 2.0, Span(1, 3): 0.5}
    assert best_path(row, label_costs(costs)).spans == (Span(0, 1), Span(1, 3))
    assert best_path(row, label_costs(costs | {Span(0, 3): 0.2})).spans == (Span(0, 3),)


def test_shapes_that_do_not_fit_count_against_a_path():
    row = blank(2, {Span(0, 2): 0.0, Span(0, 1): 1.0, Span(1, 2): 1.0})
    costs = label_costs({Span(0, 2): 1.5, Span(0, 1): 0.0, Span(1, 2): 0.0})
    assert best_path(row, costs).spans == (Span(0, 2),)


def test_a_piece_is_left_out_where_that_costs_less():
    row = blank(2, {Span(0, 1): 0.0, Span(1, 2): 0.0, Span(0, 2): 0.0}, omission=0.3)
    costs = label_costs({Span(0, 1): 0.0, Span(1, 2): 2.0, Span(0, 2): 2.0})
    assert best_path(row, costs).spans == (Span(0, 1),)


def test_a_single_digit_is_never_left_out():
    row = one_digit_lattice(Glyph(np.ones((1, 1), np.float32), Box(0, 0, 1, 1)))
    assert best_path(row, label_costs({Span(0, 1): 50.0})).spans == (Span(0, 1),)


def test_each_digit_is_read_as_the_cheapest_and_omissions_add_nothing_to_the_text():
    row = blank(3, {Span(0, 1): 1.0, Span(2, 3): 0.0}, omission=0.5)
    costs = {Span(0, 1): np.arange(10) / 10, Span(2, 3): np.arange(10, 0, -1) / 10}
    path = best_path(row, costs)
    assert (path.text, path.spans) == ("9", (Span(2, 3),))
    assert path.cost == pytest.approx(0.5 + 0.5 + 0.1)
    costs[Span(0, 1)] = np.roll(costs[Span(0, 1)], 7) - 1
    assert best_path(row, costs).text == "79"


def test_near_best_paths_are_every_text_within_the_margin_from_the_cheapest():
    row = blank(2, {Span(0, 1): 0.0, Span(1, 2): 0.0, Span(0, 2): 0.5})
    costs = {
        Span(0, 1): np.array([0.0, 1.0] + [9.0] * 8),
        Span(1, 2): np.array([2.0, 0.0] + [9.0] * 8),
        Span(0, 2): np.array([9.0] * 8 + [0.0, 9.0]),
    }
    paths = near_best_paths(row, costs, 2.0)
    assert [path.text for path in paths] == ["01", "8", "11", "00"]
    assert [path.cost for path in paths] == [0.0, 0.5, 1.0, 2.0]
    assert paths[0] == best_path(row, costs)
    assert len(near_best_paths(row, costs, 0.0)) == 1


def test_of_the_ways_to_one_text_the_cheapest_is_found():
    row = blank(2, {Span(0, 1): 0.0, Span(1, 2): 0.0, Span(0, 2): 0.3}, omission=1.0)
    paths = near_best_paths(row, label_costs(dict.fromkeys(row.glyphs, 0.0)), 2.0)
    assert [path.text for path in paths] == ["00", "0", ""]
    assert [path.spans for path in paths] == [(Span(0, 1), Span(1, 2)), (Span(0, 2),), ()]
