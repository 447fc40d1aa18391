"""The static page's modules read pictures as Python does."""

import pytest

from benchmarks.browser_conformance import compare, draw_pictures, make_site


@pytest.fixture(scope="module")
def agreement(node, bundled, tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    make_site(site)
    pictures = [picture for _, picture in draw_pictures(100, seed=7)]
    return compare(bundled.recogniser, pictures, site)


def test_texts_agree(agreement):
    assert agreement.text >= 0.998


def test_acceptance_agrees(agreement):
    assert agreement.acceptance >= 0.995


def test_tiles_agree(agreement):
    assert agreement.tiles >= 0.99


def test_logits_agree_on_the_same_tiles(agreement):
    assert agreement.logits < 0.002
