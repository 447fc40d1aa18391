"""The events of the Models tab, and the HTML that they return."""

import xml.etree.ElementTree as ElementTree

import pytest

from digit_model.errors import BadDataset
from page.models import mistakes, view
from page.models.mistakes import TestSet
from page.models.registry import ModelRow
from page.models.tab import ModelsTab
from tests.page.helpers import DENSE


def test_the_list_has_a_button_for_each_model_that_can_be_chosen(registry):
    html = ModelsTab(registry, TestSet()).list_rows()
    assert html.count('type="radio"') == 2
    assert f'value="{DENSE}"' in html
    assert "runs/&lt;b&gt;" in html
    assert "<b>" not in html
    assert "on validation images" in html
    assert "Checking" in view.model_list([ModelRow("new", "runs/new")])


def test_the_view_of_a_model_shows_its_scores(registry):
    looked, under, small, key = ModelsTab(registry, TestSet()).show(DENSE)
    assert key == DENSE
    assert "2 epochs, 1 minute" in looked
    assert "validation 99.0%" in looked
    assert "200 validation images" in looked
    assert "app.py --data" in under
    assert "Model: runs/dense" in small
    counts = registry.get(DENSE).checkpoint.record["scores"]["validation"]["confusion"]
    table = ElementTree.fromstring(view.confusion(counts))
    shown = [[int(cell.text or 0) for cell in row.iter("td")] for row in table.find("tbody")]
    assert shown == counts


def test_the_mistakes_of_a_model_are_found_once_for_all_visitors(registry, mnist):
    tests = TestSet(mnist)
    choosing = ModelsTab(registry, tests)
    assert "data-mistakes" in choosing.show(DENSE)[1]
    first, *_, last = choosing.find_mistakes(DENSE)
    assert "<progress" in first
    found = tests.cached_mistakes(registry.get(DENSE))
    assert found.images == 700
    assert found.count > mistakes.MAX_SHOWN
    assert last.count("<img") == mistakes.MAX_SHOWN
    assert list(choosing.find_mistakes(DENSE)) == [last]
    assert choosing.show(DENSE)[1] == last


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04damaged"])
def test_a_bad_test_set_is_reported_without_naming_its_folder(registry, tmp_path, content):
    path = tmp_path / "set.npz"
    if content is not None:
        path.write_bytes(content)
    [said] = ModelsTab(registry, TestSet(path)).find_mistakes(DENSE)
    assert "set.npz" in said
    assert str(tmp_path) not in said
    with pytest.raises(BadDataset):
        next(TestSet().find_mistakes(registry.get(DENSE)))
