import numpy as np
import pytest

from digit_model.acceptance import (
    accept,
    accept_row,
    any_encloses,
    any_outsize,
    energy,
    label_costs,
    to_probabilities,
)
from digit_model.arrays import Box, Calibration, Digit, Placement, Reading

CALIBRATION = Calibration(temperature=2.0, min_confidence=0.9, max_energy=-5.0)
SURE, DOUBTFUL, HOPELESS = (np.eye(10)[0] * height for height in (12.0, 6.0, 1.0))


def test_the_temperature_divides_the_logits():
    logits = np.log([[0.7, 0.2, 0.1] + [1e-12] * 7])
    np.testing.assert_allclose(to_probabilities(logits, 1.0)[0, :3], [0.7, 0.2, 0.1])
    softer = np.sqrt([0.7, 0.2, 0.1])
    np.testing.assert_allclose(to_probabilities(logits, 2.0)[0, :3], softer / softer.sum(), 1e-4)


def test_energy_is_high_where_no_digit_is_likely():
    low, high = energy(np.array([SURE, HOPELESS]))
    assert low == pytest.approx(-np.log(9 + np.exp(12)))
    assert low < high


def test_both_thresholds_must_be_met():
    assert accept(np.array([SURE, DOUBTFUL]), CALIBRATION).tolist() == [True, False]
    confident_but_high_energy = SURE - 10
    assert not accept(confident_but_high_energy[None], CALIBRATION).any()


def test_sure_neighbours_make_a_doubtful_digit_acceptable():
    assert accept_row(np.array([DOUBTFUL]), CALIBRATION).tolist() == [False]
    assert accept_row(np.array([SURE, DOUBTFUL]), CALIBRATION).all()
    assert accept_row(np.array([SURE, HOPELESS]), CALIBRATION).tolist() == [True, False]
    minority = np.array([SURE, DOUBTFUL, DOUBTFUL])
    assert accept_row(minority, CALIBRATION).tolist() == [True, False, False]


def test_digits_cut_from_one_component_are_accepted_together_or_not_at_all():
    assert accept_row(np.array([SURE, SURE]), CALIBRATION, cut_from_one=True).all()
    assert not accept_row(np.array([SURE, DOUBTFUL]), CALIBRATION, cut_from_one=True).any()


def test_many_digits_cut_from_one_component_may_support_a_doubtful_one():
    one_doubtful = np.array([SURE, SURE, SURE, DOUBTFUL])
    assert accept_row(one_doubtful, CALIBRATION, cut_from_one=True).all()
    assert not accept_row(one_doubtful[1:], CALIBRATION, cut_from_one=True).any()
    one_hopeless = np.array([SURE, SURE, SURE, HOPELESS])
    assert not accept_row(one_hopeless, CALIBRATION, cut_from_one=True).any()


def test_the_cost_of_a_label_is_the_likelihood_of_one_yes_and_nine_noes():
    logits = np.random.default_rng(0).normal(0, 3, (2, 10))
    yes = 1 / (1 + np.exp(-logits))
    likelihoods = [
        [one[digit] * np.prod(np.delete(1 - one, digit)) for digit in range(10)] for one in yes
    ]
    np.testing.assert_allclose(label_costs(logits), -np.log(likelihoods))


def digit(label, row, accepted):
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[label] = 0.91
    tile = np.zeros((28, 28), np.float32)
    return Digit(tile, Placement(0, 0, 1, 1), Box(0, 0, 9, 9), row, probabilities, accepted)


def test_the_text_holds_accepted_digits_and_the_guesses_all():
    digits = (digit(9, 0, True), digit(5, 0, False), digit(1, 1, False), digit(2, 2, True))
    reading = Reading(np.zeros((30, 30, 3), np.uint8), digits, 0.1)
    assert reading.text == "9\n2"
    assert reading.text_with_guesses == "95?\n1?\n2"
    assert [len(row) for row in reading.rows] == [2, 1, 1]


@pytest.mark.parametrize(
    ("inner", "encloses"),
    [((40, 40, 60, 70), True), ((90, 40, 110, 70), False), ((20, 10, 80, 90), False)],
)
def test_a_box_encloses_much_smaller_ones_around_whose_middle_it_lies(inner, encloses):
    assert any_encloses([Box(0, 0, 100, 100), Box(*inner)]) is encloses


@pytest.mark.parametrize(
    ("heights", "outsize"),
    [([], False), ([90], False), ([30, 70, 30], False), ([30, 90], True), ([90, 30, 25, 31], True)],
)
def test_one_digit_is_too_tall_for_the_others(heights, outsize):
    assert any_outsize(heights) is outsize
