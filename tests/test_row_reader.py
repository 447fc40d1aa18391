"""The row reader's likelihoods, windows, decisions and bundled weights."""

import itertools
import json
import shutil

import numpy as np
import pytest

from digit_model import pretrained
from digit_model.architectures.row import FRAME, REACH
from digit_model.errors import BadCheckpoint
from digit_model.picture.lattice import Path, Span
from digit_model.picture.strip import STRIP_HEIGHT, STRIP_WINDOW
from digit_model.row_reader import (
    decide,
    evidence,
    load_row_network,
    log_likelihoods,
    read_greedily,
    save_row_network,
)
from digit_model.synthesis.digits import draw_digits
from digit_model.synthesis.strips import draw_strips
from digit_model.weights_file import CONFIG, WEIGHTS


@pytest.fixture(scope="module")
def reader():
    return pretrained.row_reader()


@pytest.fixture(scope="module")
def frames():
    logits = np.random.default_rng(0).normal(size=(4, 11))
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def spelled(classes):
    return "".join(str(label - 1) for label, _ in itertools.groupby(classes) if label)


def test_a_likelihood_is_the_sum_over_all_ways_to_spread_a_text(frames):
    sums = {}
    for classes in itertools.product(range(11), repeat=len(frames)):
        log_probability = sum(frame[label] for frame, label in zip(frames, classes, strict=True))
        sums.setdefault(spelled(classes), []).append(log_probability)
    texts = ["", "1", "12", "11", "123", "112", "1234"]
    expected = [np.logaddexp.reduce(sums[text]) for text in texts]
    np.testing.assert_allclose(log_likelihoods(frames, texts), expected)


def test_a_text_that_needs_more_frames_is_next_to_impossible(frames):
    assert (log_likelihoods(frames, ["12345", "111"]) < -1e6).all()


def test_greedy_reading_drops_repetitions_and_blanks():
    classes = [0, 4, 4, 0, 4, 1, 0, 0]
    frames = np.eye(11)[classes]
    frames[2] *= 2
    seen = read_greedily(frames)
    assert seen.text == "330"
    assert seen.columns == [FRAME * 2.5, FRAME * 4.5, FRAME * 5.5]


def test_drawn_numbers_are_read(reader):
    drawn = draw_digits(400, seed=3)
    strips = draw_strips(drawn, drawn, 60, seed=4)
    right = 0
    for image, labels in zip(strips.images, strips.labels, strict=True):
        frames = reader.log_probabilities(image.astype(np.float32) / 255)
        right += read_greedily(frames).text == "".join(str(label - 1) for label in labels if label)
    assert right >= 45


@pytest.mark.parametrize(
    "width",
    [9, STRIP_WINDOW - 1, STRIP_WINDOW, STRIP_WINDOW + 1, 2 * STRIP_WINDOW - 2 * REACH, 333],
)
def test_a_long_strip_is_read_as_if_the_window_were_longer(reader, width):
    strip = np.random.default_rng(1).random((STRIP_HEIGHT, width), np.float32)
    frames = reader.log_probabilities(strip)
    assert frames.shape == (-(-width // FRAME), 11)
    np.testing.assert_allclose(np.exp(frames).sum(axis=-1), 1)
    if width > STRIP_WINDOW:
        start = STRIP_WINDOW // 4
        part = reader.log_probabilities(strip[:, start : start + STRIP_WINDOW])
        moved = frames[start // FRAME : start // FRAME + len(part)]
        shared = min(len(part), len(moved)) - REACH // FRAME
        inside = slice(REACH // FRAME, shared)
        np.testing.assert_allclose(part[inside], moved[inside], atol=1e-4)


def peaks(text, doubt=0.1):
    """Frames that say a text, each digit followed by a blank, with some doubt."""
    classes = [label for digit in text for label in (int(digit) + 1, 0)]
    probabilities = np.full((len(classes), 11), doubt / 11)
    probabilities[np.arange(len(classes)), classes] += 1 - doubt
    return np.log(probabilities)


WHOLE, LEFT, RIGHT = Span(0, 2), Span(0, 1), Span(1, 2)


def test_the_likelier_path_is_taken_though_its_tiles_cost_a_little_more():
    paths = [Path(3.0, (LEFT, RIGHT), "17"), Path(3.5, (WHOLE,), "4")]
    decision = decide(peaks("4"), paths)
    assert decision.path.text == "4"
    assert decision.sure.tolist() == [True]


def test_the_evidence_for_a_digit_is_what_others_are_less_likely():
    added = evidence(peaks("47"), "47", 1)
    assert added.shape == (10,)
    assert added[7] == 0
    assert (np.delete(added, 7) < 0).all()
    assert evidence(peaks("47"), "41", 1).argmax() == 7


def test_a_much_cheaper_path_stays():
    paths = [Path(3.0, (LEFT,), "1"), Path(60.0, (LEFT,), "7")]
    decision = decide(peaks("7"), paths)
    assert decision.path.text == "1"
    assert decision.sure.tolist() == [True]


def test_only_the_digit_that_may_be_another_is_not_sure():
    blurred = np.logaddexp(peaks("14"), peaks("19")) - np.log(2)
    paths = [Path(3.0, (LEFT, RIGHT), "14"), Path(3.1, (LEFT, RIGHT), "19")]
    decision = decide(blurred, paths)
    assert decision.path.text == "14"
    assert decision.sure.tolist() == [True, False]


def test_no_digit_is_sure_if_their_number_is_in_doubt():
    either = np.logaddexp(peaks("14"), peaks("1")[[0, 1, 1, 1]]) - np.log(2)
    paths = [Path(3.0, (LEFT, RIGHT), "14"), Path(3.0, (LEFT,), "1")]
    assert not decide(either, paths).sure.any()


def test_saved_weights_are_loaded_and_verified(tmp_path):
    model = load_row_network(pretrained.ROW_READER_FOLDER)
    save_row_network(tmp_path, model, {"recipe": {"seed": 1}})
    again = load_row_network(tmp_path)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert json.loads((tmp_path / CONFIG).read_bytes())["recipe"] == {"seed": 1}


def test_damaged_weights_are_refused(tmp_path):
    folder = tmp_path / "row"
    shutil.copytree(pretrained.ROW_READER_FOLDER, folder)
    weights = folder / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(BadCheckpoint, match="sha256"):
        load_row_network(folder)
