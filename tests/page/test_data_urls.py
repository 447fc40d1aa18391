"""Pictures as data: URLs."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from page import data_urls


@given(st.binary(max_size=200))
def test_content_survives_the_round_trip(content):
    assert data_urls.content_of(data_urls.from_bytes(content, "image/png")) == content


@pytest.mark.parametrize("url", [None, "", "data:", "no url", "data:image/png;base64,a"])
def test_a_url_without_content_is_empty(url):
    assert data_urls.content_of(url) == b""


def test_an_image_is_encoded_as_the_kind_it_names():
    url = data_urls.from_image(Image.new("RGB", (3, 2), "red"), "jpeg", quality=70)
    assert url.startswith("data:image/jpeg;base64,")
    with Image.open(io.BytesIO(data_urls.content_of(url))) as image:
        assert (image.format, image.size) == ("JPEG", (3, 2))
