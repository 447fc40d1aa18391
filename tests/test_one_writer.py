import numpy as np
import pytest

from digit_model.acceptance import accept, energy
from digit_model.arrays import Calibration
from digit_model.one_writer import MEAN_LOG_ODDS, read_as_one_writer
from digit_model.synthesis.writer import draw_writers_digits

CALIBRATION = Calibration(temperature=0.8, min_confidence=0.5, max_energy=0.0)


def tile(label: int, **others: float) -> np.ndarray:
    """Return the logits of a usual tile, but for some log odds by digit, such as d7=-2."""
    log_odds = MEAN_LOG_ODDS[label].copy()
    for digit, odds in others.items():
        log_odds[int(digit[1:])] = odds
    return CALIBRATION.temperature * log_odds


# Nearly as likely a 1 as a 7.
FLAGGED = tile(1, d1=1.2, d7=0.8)
PLAIN_1, FLAGGED_1, SURE_7 = tile(1, d7=-7.5), tile(1, d1=2, d7=-1), tile(7)


def read(*tiles: np.ndarray) -> np.ndarray:
    return read_as_one_writer(np.array(tiles), CALIBRATION)


def test_a_lone_tile_stays_as_it_is():
    np.testing.assert_allclose(read(FLAGGED)[0], FLAGGED, atol=1e-12)
    assert read_as_one_writer(np.zeros((0, 10)), CALIBRATION).shape == (0, 10)


def test_what_differs_from_the_other_1s_is_a_7():
    assert FLAGGED.argmax() == 1
    assert read(FLAGGED, *[PLAIN_1] * 4)[0].argmax() == 7


def test_what_resembles_the_other_1s_is_a_1():
    alone, together = FLAGGED, read(FLAGGED, *[FLAGGED_1] * 4)[0]
    assert together[1] - together[7] > alone[1] - alone[7]


def test_the_more_tiles_agree_the_more_they_say():
    margins = [
        np.subtract(*read(FLAGGED, *[PLAIN_1] * count)[0][[7, 1]]) for count in (0, 1, 2, 4, 8)
    ]
    assert (np.diff(margins) > 0).all()


def test_tiles_of_which_one_is_not_sure_say_nothing():
    unsure = PLAIN_1 - 6
    assert not accept(unsure[None], CALIBRATION).any()
    together = read(FLAGGED, *[unsure] * 4)[0]
    np.testing.assert_allclose(together, FLAGGED, atol=1e-9)


def test_what_a_tile_cannot_be_it_does_not_become():
    together = read(tile(1, d7=-4), *[PLAIN_1] * 8, *[tile(7, d1=-1)] * 8)[0]
    assert together.argmax() == 1


def test_the_energy_stays_and_with_it_what_is_refused():
    tiles = np.array([FLAGGED, PLAIN_1, FLAGGED_1, SURE_7, FLAGGED - 3])
    found = read_as_one_writer(tiles, CALIBRATION)
    assert np.abs(found - tiles).max() > 0.1
    np.testing.assert_allclose(energy(found), energy(tiles), atol=1e-9)


def test_one_writers_digits_are_read_better_together(bundled):
    alone = together = 0
    for seed in range(30):
        page = draw_writers_digits(np.random.default_rng((3, seed)), 40)
        logits = bundled.recogniser.predict_logits(page.tiles)
        found = read_as_one_writer(logits, bundled.recogniser.calibration)
        alone += np.sum(logits.argmax(axis=1) != page.labels)
        together += np.sum(found.argmax(axis=1) != page.labels)
    assert together < alone


@pytest.mark.parametrize("count", [0, 1, 12])
def test_a_writers_digits_are_drawn_again_by_the_same_seed(count):
    pages = [draw_writers_digits(np.random.default_rng(2), count) for _ in range(2)]
    np.testing.assert_array_equal(pages[0].images, pages[1].images)
    assert pages[0].images.shape[0] == len(pages[0].labels) == count
