import numpy as np
import pytest

from digit_model.synthesis.rows import ROW_KINDS, draw_rows


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_rows_are_dark_ink_on_light_paper_and_the_same_for_the_same_seed(kind):
    drawn, again = (draw_rows(np.random.default_rng(3), kind) for _ in range(2))
    np.testing.assert_array_equal(drawn.picture, again.picture)
    assert drawn.text == again.text
    assert set(drawn.text) <= set("0123456789\n")
    ink = drawn.picture.mean(axis=2) < 140
    assert 0.01 < ink.mean() < 0.5
    border = np.concatenate([ink[:4].ravel(), ink[-4:].ravel(), ink[:, :4].ravel()])
    assert not border.any()


def test_marks_between_digits_are_listed():
    kinds = {mark for seed in range(30) for mark in drawn_marks(seed)}
    assert kinds == {"dot", "comma", "dash", "slash", None}


def drawn_marks(seed):
    return draw_rows(np.random.default_rng(seed), "marked").marks
