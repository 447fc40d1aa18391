"""The static page's modules read pictures as Python does."""

import numpy as np
import pytest

from benchmarks.browser_conformance import (
    KINDS,
    SAME_TILE,
    compare,
    draw_pictures,
    make_site,
    read_in_node,
)


@pytest.fixture(scope="module")
def agreement(node, bundled, tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    make_site(site)
    pictures = [picture for kind in KINDS for picture in draw_pictures(kind, 6, seed=7)]
    return compare(bundled.recogniser, pictures, site, read_in_node)


def test_texts_agree(agreement):
    assert np.mean(agreement.texts) >= 0.998


def test_acceptance_agrees(agreement):
    assert np.mean(agreement.acceptance) >= 0.995


def test_tiles_agree(agreement):
    assert np.mean(np.array(agreement.tiles) <= SAME_TILE) >= 0.99


def test_logits_agree_on_the_same_tiles(agreement):
    assert max(agreement.logits) < 0.002
