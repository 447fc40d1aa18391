"""Drawing with several processes gives what one process would draw."""

import numpy as np
from tqdm import tqdm

from digit_model.synthesis import parallel
from digit_model.synthesis.parallel import draw_in_chunks


def draw_numbers(count, rng):
    return rng.integers(1000, size=count)


def test_chunks_are_in_order_and_depend_on_the_seed_and_their_place_alone():
    chunks = draw_in_chunks(draw_numbers, 1203, seed=4)
    assert [len(chunk) for chunk in chunks] == [500, 500, 203]
    for place, chunk in enumerate(chunks):
        alone = draw_numbers(len(chunk), np.random.default_rng((4, place)))
        np.testing.assert_array_equal(chunk, alone)


def test_nothing_to_draw_is_one_empty_chunk():
    [chunk] = draw_in_chunks(draw_numbers, 0, seed=4)
    assert len(chunk) == 0


def test_a_bar_shows_the_progress_in_a_terminal(capsys, monkeypatch):
    draw_in_chunks(draw_numbers, 503, seed=4)
    assert not capsys.readouterr().err
    monkeypatch.setattr(parallel, "tqdm", lambda **options: tqdm(**{**options, "disable": False}))
    draw_in_chunks(draw_numbers, 503, seed=4)
    assert "503/503" in capsys.readouterr().err
