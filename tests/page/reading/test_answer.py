"""The answer in words: sure, unsure, refused, several, in rows."""

import re
from dataclasses import replace

import numpy as np
import pytest

from digit_model.arrays import Box, Digit, IgnoredMark, Placement, Reading
from page.reading import answer
from page.reading.crop import look
from page.reading.view import ReadingView


def mark(digit: int, confidence: float = 0.97, *, accepted: bool = True, row: int = 0) -> Digit:
    probabilities = np.full(10, (1 - confidence) / 9, np.float32)
    probabilities[digit] = confidence
    tile = np.zeros((28, 28), np.float32)
    return Digit(tile, Placement(0, 0, 4, 4), Box(0, 0, 80, 80), row, probabilities, accepted)


def seen(*marks: Digit) -> ReadingView:
    reading = Reading(np.full((280, 280, 3), 255, np.uint8), marks, 0.012)
    return ReadingView(reading, 0, marks[0].label)


def pictures(view: ReadingView, heatmap: np.ndarray, methods: tuple[str, ...] = ()) -> str:
    """Return the pictures of a view in which all marks have this heatmap."""
    part = look(view.reading, view.mark)
    return answer.pictures(view, part, dict.fromkeys(part.numbers, heatmap), methods)


def words(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", html)


def number(html: str) -> str:
    return re.search(r'<div class="number \w+">(.*?)</div>', html)[1]


def test_one_digit():
    html = answer.answer(seen(mark(7, 0.97)))
    assert words(number(html)).strip() == "7"
    assert "Sure: 97%" in words(html)
    assert html.count("<button") == 11
    assert html.count("winner") == 1


def test_a_refusal_looks_like_one():
    html = answer.answer(seen(mark(8, 0.4, accepted=False)))
    assert 'class="hero refusal"' in html
    assert words(number(html)).strip() == "?"
    assert "data-copy" not in html
    assert "This doesn’t look like one digit" in words(html)
    assert "Closest match: 8." in words(html)


def test_a_refused_mark_among_others_keeps_its_place():
    html = answer.answer(seen(mark(1), mark(4, 0.5, accepted=False), mark(7)))
    assert re.sub("<[^>]*>", "", number(html)) == "1?7"
    assert "Read 2 of 3 marks" in words(html)
    assert "One is unclear, maybe a 4." in words(html)


def test_the_bars_of_a_refused_mark_are_not_called_probabilities():
    html = answer.answer(seen(mark(8, 0.99, accepted=False)))
    assert "99" not in words(html)
    assert "only compare the ten digits" in words(html)
    assert 'class="bars compared"' in html


def test_rows_stand_below_one_another():
    html = answer.answer(seen(mark(1), mark(2), mark(3, row=1)))
    rows = number(html).split('<span class="digits">')[1:]
    assert [re.sub("<[^>]*>", "", row) for row in rows] == ["12", "3"]


def test_the_accepted_digits_can_be_copied_row_by_row():
    html = answer.answer(seen(mark(1), mark(4, 0.5, accepted=False), mark(3, row=1)))
    assert 'data-copy="1\n3"' in html
    assert 'aria-label="Copy 1, 3"' in html


def test_a_message_cannot_bring_its_own_html():
    html = answer.problem("The file '<img src=x onerror=alert(1)>' cannot be read.")
    assert "<img" not in html


def test_the_pictures_name_the_method_and_a_digit_without_evidence():
    view = replace(seen(mark(7)), method="Grad-CAM")
    html = pictures(view, np.zeros((28, 28), np.float32))
    assert "No evidence for 7 (Grad-CAM)" in words(html)
    assert html.count("<img") == 2
    assert "data-method" not in html


def test_a_contrast_says_which_colour_stands_for_which_digit():
    view = replace(seen(mark(4)), method="Grad-CAM", target=9)
    contrast = np.zeros((28, 28), np.float32)
    contrast[5, 5], contrast[20, 20] = 1, -0.5
    html = pictures(view, contrast, ("Grad-CAM", "LayerCAM"))
    assert "Why 4 and not 9 for 4 for 9" in " ".join(words(html).split())
    assert "orange marks what speaks for 4, blue what speaks for 9" in html
    html = pictures(view, np.maximum(contrast, 0), ("Grad-CAM", "LayerCAM"))
    assert "Why 4 and not 9 for 4 nothing for 9" in " ".join(words(html).split())


def test_one_of_several_methods_is_pressed():
    view = replace(seen(mark(7), mark(1)), method="LayerCAM")
    html = pictures(view, np.ones((28, 28), np.float32), ("Grad-CAM", "LayerCAM"))
    assert re.findall('data-method="([^"]*)" aria-pressed="true"', html) == ["LayerCAM"]
    assert html.count('class="spot') == 2


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, ">99.9%"), (0.998, "99.8%"), (0.42, "42%"), (0.031, "3.1%"), (0.0, "0%")],
)
def test_percent(share, text):
    assert answer.percent(share) == text


def test_marks_that_were_left_out_are_counted_and_outlined():
    view = seen(mark(1), mark(5))
    reading = replace(view.reading, ignored=(IgnoredMark(Box(140, 250, 150, 260), "dot"),))
    view = replace(view, reading=reading)
    assert "1 mark left out." in words(answer.answer(view))
    html = pictures(view, np.zeros((28, 28), np.float32))
    assert html.count('class="ignored" title="A dot, left out"') == 1
    assert "left:50.00%;top:89.29%" in html
