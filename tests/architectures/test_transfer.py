"""ImageNet weights through Keras's own download, from a loopback host instead of Google's."""

import functools
import http.server
import threading

import h5py
import keras
import numpy as np
import pytest
from keras.src.applications import mobilenet_v2
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

from digit_model.architectures import ARCHITECTURES, IMAGENET
from digit_model.architectures.transfer import PICTURE_SIZE
from digit_model.errors import WeightsUnavailable
from tests.helpers import drawn_by_numpy, free_port

# The weights for 224x224 pictures, which Keras also uses for sizes that have none.
FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"


@pytest.fixture(autouse=True)
def empty_cache_and_quick_weights(tmp_path, monkeypatch):
    (tmp_path / "keras").mkdir()
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path / "keras"))
    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", drawn_by_numpy)


@pytest.fixture
def address(tmp_path, monkeypatch):
    """Serve the folder ``served`` at the address where Keras looks for weights."""
    (tmp_path / "served").mkdir()
    handler = functools.partial(QuietHandler, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", url)
        yield url
        server.shutdown()


def zeros(initializer, shape, dtype=None):
    return keras.ops.zeros(shape, dtype)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_the_network_starts_from_the_weights_that_keras_downloads(address, tmp_path, monkeypatch):
    backbone = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(PICTURE_SIZE, PICTURE_SIZE, 3)
    )
    with h5py.File(tmp_path / "served" / FILE, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, backbone)
    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", zeros)
    model = ARCHITECTURES["mobilenetv2"](weights=IMAGENET)
    kernel = model.get_layer("block_16_project").get_weights()[0]
    np.testing.assert_array_equal(kernel, backbone.get_layer("block_16_project").get_weights()[0])


def test_a_host_without_the_weights_is_a_sentence(address):
    with pytest.raises(WeightsUnavailable, match="--pretrained none"):
        ARCHITECTURES["mobilenetv2"](weights=IMAGENET)


def test_an_unreachable_host_is_a_sentence(monkeypatch):
    monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(WeightsUnavailable, match="--pretrained none"):
        ARCHITECTURES["mobilenetv2"](weights=IMAGENET)


def test_a_damaged_download_is_a_sentence(address, tmp_path):
    (tmp_path / "served" / FILE).write_bytes(b"no weights")
    with pytest.raises(WeightsUnavailable, match="--pretrained none"):
        ARCHITECTURES["mobilenetv2"](weights=IMAGENET)
