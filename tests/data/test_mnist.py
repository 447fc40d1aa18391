"""Data sets in every format load, and wrong ones are named."""

import gzip
import struct

import numpy as np
import pytest

from digit_model.data import mnist
from digit_model.data.mnist import LabelledImages
from digit_model.errors import BadDataset
from tests.helpers import MNIST, needs_mnist


@pytest.fixture
def arrays():
    draw = np.random.default_rng(0)
    return {
        "x_train": draw.integers(0, 256, (24, 28, 28), np.uint8),
        "y_train": (np.arange(24) % 10).astype(np.uint8),
        "x_test": draw.integers(0, 256, (12, 28, 28), np.uint8),
        "y_test": (np.arange(12) % 10).astype(np.uint8),
    }


def write_idx(path, array, compress=False):
    header = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    data = header + array.tobytes()
    path.write_bytes(gzip.compress(data) if compress else data)


def write_idx_folder(folder, arrays, suffix="-ubyte", compress=False):
    names = {"x_train": "train-images-idx3", "y_train": "train-labels-idx1"}
    names |= {"x_test": "t10k-images-idx3", "y_test": "t10k-labels-idx1"}
    for key, name in names.items():
        write_idx(folder / (name + suffix), arrays[key], compress)


def write_csv(path, images, labels=None):
    names = [f"pixel{i}" for i in range(784)]
    rows = images.reshape(len(images), -1)
    if labels is not None:
        names, rows = ["label", *names], np.column_stack([labels, rows])
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def assert_same(read: LabelledImages, images, labels):
    np.testing.assert_array_equal(read.images, images)
    np.testing.assert_array_equal(read.labels, labels)


def test_an_npz_is_recognised_by_its_content(tmp_path, arrays):
    path = tmp_path / "whatever.bin"
    with path.open("wb") as file:
        np.savez(file, **arrays)
    read = mnist.load(path)
    assert_same(read.train, arrays["x_train"], arrays["y_train"])
    assert_same(read.test, arrays["x_test"], arrays["y_test"])


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("suffix", ["-ubyte", "-ubyte.gz", ""])
def test_a_folder_of_idx_files_is_recognised(tmp_path, arrays, compress, suffix):
    write_idx_folder(tmp_path, arrays, suffix, compress)
    read = mnist.load(tmp_path)
    assert_same(read.train, arrays["x_train"], arrays["y_train"])
    assert_same(read.test, arrays["x_test"], arrays["y_test"])


def test_folders_among_idx_files_are_ignored(tmp_path, arrays):
    write_idx_folder(tmp_path, arrays, ".ubyte")
    (tmp_path / "train-images-idx3-ubyte").mkdir()
    assert_same(mnist.load(tmp_path).train, arrays["x_train"], arrays["y_train"])


def test_kaggles_csv_is_recognised_by_its_content(tmp_path, arrays):
    path = tmp_path / "data.txt"
    write_csv(path, arrays["x_train"], arrays["y_train"])
    read = mnist.load(path)
    assert_same(read.train, arrays["x_train"], arrays["y_train"])
    assert read.test is None
    assert read.evaluation_set is read.train
    with pytest.raises(BadDataset, match="no test set"):
        _ = read.required_test_set


def test_an_unlabelled_csv_gives_images(tmp_path, arrays):
    write_csv(tmp_path / "test.csv", arrays["x_test"])
    np.testing.assert_array_equal(
        mnist.read_unlabelled_csv(tmp_path / "test.csv"), arrays["x_test"]
    )


def test_a_csv_without_a_header_is_refused(tmp_path, arrays):
    write_csv(tmp_path / "test.csv", arrays["x_test"])
    _, rows = (tmp_path / "test.csv").read_text().split("\n", 1)
    (tmp_path / "test.csv").write_text(rows)
    with pytest.raises(BadDataset, match="begins with numbers"):
        mnist.read_unlabelled_csv(tmp_path / "test.csv")


def test_a_labelled_csv_cannot_be_submitted(tmp_path, arrays):
    write_csv(tmp_path / "train.csv", arrays["x_train"], arrays["y_train"])
    with pytest.raises(BadDataset, match="785 columns"):
        mnist.read_unlabelled_csv(tmp_path / "train.csv")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"x_train": np.zeros((24, 27, 28), np.uint8)}, r"shape \(24, 27, 28\)"),
        ({"x_train": np.zeros((24, 28, 28), np.float32)}, "float32"),
        ({"x_train": np.zeros((0, 28, 28), np.uint8)}, "no images"),
        ({"y_train": np.zeros(23, np.uint8)}, "24 images and labels"),
        ({"y_test": np.full(12, 10, np.uint8)}, "not the digits 0 to 9"),
        ({"y_test": np.zeros(12, np.float64)}, "labels of type float64"),
    ],
)
def test_wrong_arrays_are_named(tmp_path, arrays, change, found):
    np.savez(tmp_path / "wrong.npz", **(arrays | change))
    with pytest.raises(BadDataset, match=found):
        mnist.load(tmp_path / "wrong.npz")


def test_a_missing_key_is_named(tmp_path, arrays):
    del arrays["y_test"]
    np.savez(tmp_path / "short.npz", **arrays)
    with pytest.raises(BadDataset, match="lacks y_test"):
        mnist.load(tmp_path / "short.npz")


def test_pickles_are_not_opened(tmp_path, arrays):
    arrays["y_train"] = np.array([print] * 24, dtype=object)
    np.savez(tmp_path / "pickle.npz", **arrays)
    with pytest.raises(BadDataset, match="damaged"):
        mnist.load(tmp_path / "pickle.npz")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_npz_is_refused(tmp_path, arrays, share):
    np.savez_compressed(tmp_path / "whole.npz", **arrays)
    data = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "part.npz").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadDataset, match=r"part\.npz is damaged"):
        mnist.load(tmp_path / "part.npz")


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("keep", [2, 3, 4, 8, 200])
def test_a_truncated_idx_file_is_refused(tmp_path, arrays, compress, keep):
    write_idx_folder(tmp_path, arrays, compress=compress)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BadDataset, match="train-images"):
        mnist.load(tmp_path)


def test_an_absent_idx_file_is_named(tmp_path, arrays):
    write_idx_folder(tmp_path, arrays)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(BadDataset, match="no t10k-labels file"):
        mnist.load(tmp_path)


def test_a_single_idx_file_asks_for_its_folder(tmp_path, arrays):
    write_idx_folder(tmp_path, arrays)
    with pytest.raises(BadDataset, match="Give the folder"):
        mnist.load(tmp_path / "train-images-idx3-ubyte")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no rows"),
        ("label,pixel0\n", "no rows"),
        ("label,pixel0\n1,2\n", "2 columns"),
        ("label,pixel0\n1,x\n", "something other than integers"),
        ("label,pixel0\n1,2\n1\n", "something other than integers"),
        ("a,b,c\n1,2\n", "3 names"),
        ("label," + ",".join(f"pixel{i}" for i in range(784)) + "\n11" + ",0" * 784, "0 to 9"),
        ("label," + ",".join(f"pixel{i}" for i in range(784)) + "\n1" + ",256" * 784, "to 256"),
    ],
)
def test_a_wrong_csv_is_refused(tmp_path, text, found):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(BadDataset, match=found):
        mnist.load(tmp_path / "bad.csv")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)))
    with pytest.raises(BadDataset, match=r"not an \.npz, a folder of idx files or a CSV file"):
        mnist.load(tmp_path / "noise.bin")
    with pytest.raises(BadDataset, match="cannot be read"):
        mnist.load(tmp_path / "absent.npz")


def test_a_failed_download_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("keras.src.datasets.mnist.get_file", raise_as_keras_does)
    with pytest.raises(BadDataset, match="--data"):
        mnist.load()


def test_keras_progress_goes_to_standard_error(monkeypatch, arrays, capsys):
    def load_data():
        print("Downloading data")
        return tuple((arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test"))

    monkeypatch.setattr("keras.datasets.mnist.load_data", load_data)
    mnist.load()
    assert capsys.readouterr() == ("", "Downloading data\n")


def raise_as_keras_does(*args, **kwargs):
    raise Exception("URL fetch failure on https://storage.googleapis.com: None -- unreachable")


@pytest.mark.parametrize(
    "labels", [np.arange(600) % 10, np.arange(600) // 60], ids=["mixed", "sorted"]
)
def test_the_last_twelfth_of_each_digit_is_held_out(labels):
    train = LabelledImages(np.arange(600), labels)
    first, held_out = mnist.split(train)
    np.testing.assert_array_equal(np.sort([*first.images, *held_out.images]), np.arange(600))
    for digit in range(10):
        np.testing.assert_array_equal(
            held_out[held_out.labels == digit].images, np.flatnonzero(labels == digit)[-5:]
        )


def test_a_twelfth_is_held_out_however_often_each_digit_occurs():
    labels = np.repeat([0, 1, 2], [1, 7, 592])
    first, held_out = mnist.split(LabelledImages(np.arange(600), labels))
    assert (len(first), len(held_out)) == (550, 50)


@needs_mnist
def test_mnist_is_split_as_usual():
    read = mnist.load(MNIST)
    train, validation = mnist.split(read.train)
    assert (len(train), len(validation), len(read.test)) == (55_000, 5_000, 10_000)
    assert train.tiles.dtype == np.float32
    assert train.tiles.max() == 1


@needs_mnist
def test_mnist_is_ordered_by_writer():
    """Two writers take turns: the ink of a digit correlates with that of the next but one."""
    train = mnist.load(MNIST).train
    ink = train.tiles.mean(axis=(1, 2))
    for digit in range(10):
        ink[train.labels == digit] -= ink[train.labels == digit].mean()
    near, far = (np.corrcoef(ink[:-apart], ink[apart:])[0, 1] for apart in (2, 7000))
    assert near > 0.2 > 0.1 > far


def test_sets_are_joined_in_their_order(arrays):
    one = LabelledImages(arrays["x_test"], arrays["y_test"])
    both = mnist.concatenate(one, one)
    assert_same(both, np.tile(arrays["x_test"], (2, 1, 1)), [*arrays["y_test"]] * 2)
