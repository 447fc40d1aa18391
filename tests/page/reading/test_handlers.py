"""The handlers of the page process, and the reader's calls that they make."""

import re

import pytest
from PIL import Image

from page import data_urls
from page.reading.handlers import Handlers
from page.reading.recent import RecentViews
from tests.helpers import sketch


@pytest.fixture
def handlers(readers) -> Handlers:
    assert readers.wait()
    return Handlers(readers, RecentViews())


@pytest.fixture
def number() -> str:
    return data_urls.from_image(sketch(1, 4, 7))


def without_pixels(html: str) -> str:
    return re.sub(r'src="data:[^"]*"', "", html)


def test_a_choice_about_a_reading_that_is_forgotten(handlers):
    html, _, view, _ = handlers.choose("unknown", None, None, {"target": "3"})
    assert "no longer kept" in html
    assert "come back" in html
    assert view is None


def test_a_file_that_is_not_a_picture(handlers):
    html, _, view = handlers.read("image", data_urls.from_bytes(b"no picture at all", "text/plain"))
    assert "Couldn’t read this file" in html
    assert "text file" in html
    assert view is None


def test_a_choice_changes_the_mark_the_target_and_the_method(handlers, number):
    _, _, view = handlers.read("image", number)
    html, pictures, view, _ = handlers.choose(view, None, None, {"mark": "2"})
    assert 'data-mark="2" aria-pressed="true"' in html
    assert "Evidence for 7" in pictures
    html, pictures, view, _ = handlers.choose(view, None, None, {"target": "1"})
    assert 'data-target="1" aria-pressed="true"' in html
    assert "Why 7 and not 1" in pictures
    _, pictures, _, method = handlers.choose(view, None, None, {"method": "LayerCAM"})
    assert method == "LayerCAM"
    assert 'data-method="LayerCAM" aria-pressed="true"' in pictures
    assert "Why 7 and not 1" in pictures


def test_a_frame_of_the_camera_says_digits_only_if_all_of_them_are_clear(handlers, number):
    assert handlers.look(number) == "147"
    assert handlers.look(data_urls.from_image(Image.new("RGB", (280, 280), "white"))) == ""
    assert handlers.look(data_urls.from_bytes(b"no picture at all", "text/plain")) == ""
    assert handlers.look("") == ""


def test_the_steps_of_a_picture_are_shown_and_those_of_a_link_are_not_there(handlers, number):
    assert "data-step" in handlers.steps(number)
    assert "A link to a picture holds only" in handlers.steps("?d=tAAAA")
    assert "text file" in handlers.steps(data_urls.from_bytes(b"no picture at all", "text/plain"))


def test_a_choice_that_makes_no_sense_changes_nothing(handlers, number):
    html, pictures, view = handlers.read("image", number)
    for choice in ({}, {"mark": "99"}, {"mark": "<b>"}, {"target": "-1"}, {"method": "x"}):
        same, again, *_ = handlers.choose(view, None, None, choice)
        assert same == html
        assert without_pixels(again) == without_pixels(pictures)


def test_a_visitor_has_one_view_at_a_time(readers, number):
    views = RecentViews()
    handlers = Handlers(readers, views)
    _, _, first = handlers.read("image", number)
    _, _, second = handlers.read("image", number, view=first)
    assert first == second
