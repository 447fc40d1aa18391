"""The reader process's answers about models."""

import xml.etree.ElementTree as ElementTree

import pytest

from digit_model.errors import BadDataset
from page.models import mistakes, view
from page.models.answers import ModelAnswers
from page.models.mistakes import TestSet
from page.models.registry import ModelRow
from tests.page.helpers import DENSE, OTHER_BUNDLED


def test_the_list_has_a_button_for_each_model_that_can_be_chosen(registry):
    html = ModelAnswers(registry, TestSet()).list_rows()
    assert html.count('type="radio"') == 2 + len(OTHER_BUNDLED)
    assert f'value="{DENSE}"' in html
    assert "runs/&lt;b&gt;" in html
    assert "<b>" not in html
    assert "on validation images" in html
    assert "Checking" in view.model_list([ModelRow("new", "runs/new")])


def test_the_view_of_a_model_shows_its_scores(registry):
    shown = ModelAnswers(registry, TestSet()).show(DENSE)
    assert shown["key"] == DENSE
    assert "2 epochs, 1 minute" in shown["view"]
    assert "validation 99.0%" in shown["view"]
    assert "200 validation images" in shown["view"]
    assert "app.py --data" in shown["mistakes"]
    assert "Source: runs/dense" in shown["line"]
    counts = registry.get(DENSE).checkpoint.record["scores"]["validation"]["confusion"]
    table = ElementTree.fromstring(view.confusion(counts))
    counted = [[int(cell.text or 0) for cell in row.iter("td")] for row in table.find("tbody")]
    assert counted == counts


def test_the_mistakes_of_a_model_are_found_once_for_all_visitors(registry, mnist):
    tests = TestSet(mnist)
    answers = ModelAnswers(registry, tests)
    assert "data-mistakes" in answers.show(DENSE)["mistakes"]
    steps = [answers.find_mistakes(DENSE) for _ in range(3)]
    assert [is_more for _, is_more in steps] == [True, True, False]
    (first, _), _, (last, _) = steps
    assert "<progress" in first
    found = tests.cached_mistakes(registry.get(DENSE))
    assert found.images == 700
    assert found.count > mistakes.MAX_SHOWN
    assert last.count("<img") == mistakes.MAX_SHOWN
    assert answers.find_mistakes(DENSE) == (last, False)
    assert answers.show(DENSE)["mistakes"] == last


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04damaged"])
def test_a_bad_test_set_is_reported_without_naming_its_folder(registry, tmp_path, content):
    path = tmp_path / "set.npz"
    if content is not None:
        path.write_bytes(content)
    said, is_more = ModelAnswers(registry, TestSet(path)).find_mistakes(DENSE)
    assert not is_more
    assert "set.npz" in said
    assert str(tmp_path) not in said
    with pytest.raises(BadDataset):
        next(TestSet().find_mistakes(registry.get(DENSE)))
