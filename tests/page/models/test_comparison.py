"""Two models' answers to the picture that a visitor looked at last."""

import numpy as np
import pytest

from page.models.comparison import compare
from page.reader import SERVED
from page.reading.answers import first_view
from page.reading.view import ReadingView
from tests.helpers import sketch
from tests.page.helpers import DENSE


@pytest.fixture(scope="module")
def seen(bundled) -> ReadingView:
    reading = bundled.recogniser.read(np.asarray(sketch(4, 7)))
    return ReadingView.from_bytes(first_view(bundled.recogniser, reading, None).to_bytes())


def test_both_models_answer_the_same_picture(registry, seen):
    html = compare(registry, seen, SERVED, "bundled/quick")
    assert html.count("<figure>") == 2
    assert f"Both read 47. The bars are about digit {seen.mark + 1} of 2." in html
    assert '<option value="bundled/quick" selected>' in html
    assert f'<option value="{SERVED}"' not in html
    assert html.count("<li ") == 20


def test_without_a_choice_the_first_other_model_stands_beside(registry, seen):
    html = compare(registry, seen, DENSE, DENSE)
    assert f'<option value="{SERVED}" selected>' in html
    assert "runs/dense" in html
