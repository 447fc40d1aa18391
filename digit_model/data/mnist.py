"""Load MNIST from Keras's download, an .npz, a folder of idx files or Kaggle's CSV."""

import contextlib
import gzip
import io
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import DIGITS, TILE_SIZE
from ..errors import BadDataset

# 5,000 of MNIST's 60,000, the usual split since LeCun et al. 1998.
VALIDATION_SHARE = 1 / 12
_PIXELS = TILE_SIZE * TILE_SIZE
_ZIP_MAGIC = b"PK\x03\x04"
_GZIP_MAGIC = b"\x1f\x8b"
_IDX_MAGIC = b"\x00\x00\x08"


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images, (n, 28, 28) uint8 from 0 (paper) to 255 (ink), and their labels, (n,) uint8."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which) -> "LabelledImages":
        return LabelledImages(self.images[which], self.labels[which])

    @property
    def tiles(self) -> np.ndarray:
        """The images as (n, 28, 28) float32 in 0..1."""
        return self.images.astype(np.float32) / 255


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images to train on, and a test set if the source has one."""

    train: LabelledImages
    test: LabelledImages | None

    @property
    def evaluation_set(self) -> LabelledImages:
        """The test set, or all labelled images if there is none."""
        return self.train if self.test is None else self.test

    @property
    def required_test_set(self) -> LabelledImages:
        """The test set. Raises BadDataset if there is none, as in Kaggle's CSV."""
        if self.test is None:
            raise BadDataset(
                "This data has no test set. Give MNIST as an .npz or a folder of idx files."
            )
        return self.test


def load(path: str | Path | None = None) -> Dataset:
    """Load MNIST, or a dataset in one of its formats.

    path: an ``.npz`` with Keras's keys, a folder of idx files (plain or gzipped), or Kaggle's
    ``train.csv``, recognised by their content; None for Keras's own download.
    Raises BadDataset, naming what was found.
    """
    if path is None:
        return _download()
    path = Path(path)
    if path.is_dir():
        return _read_idx_folder(path)
    start = _read_bytes(path)[:4]
    if start == _ZIP_MAGIC:
        return _read_npz(path)
    if start[:3] == _IDX_MAGIC or start[:2] == _GZIP_MAGIC:
        raise BadDataset(f"{path.name} is one of several files. Give the folder that holds them.")
    return Dataset(_read_labelled_csv(path), None)


def split(train: LabelledImages) -> tuple[LabelledImages, LabelledImages]:
    """Hold out the last twelfth of each digit's images. Returns (training, validation).

    MNIST is ordered by writer. So almost no writer has images in both parts, as with the test set.
    A random split would put most writers into both.
    """
    position = np.empty(len(train))
    for digit in range(DIGITS):
        indices = np.flatnonzero(train.labels == digit)
        position[indices] = np.arange(len(indices)) / len(indices)
    order = np.argsort(position, kind="stable")
    boundary = len(train) - max(1, round(len(train) * VALIDATION_SHARE))
    return train[np.sort(order[:boundary])], train[np.sort(order[boundary:])]


def read_unlabelled_csv(path: str | Path) -> np.ndarray:
    """Read Kaggle's ``test.csv`` (``pixel0…pixel783``) as (n, 28, 28) uint8. Raises BadDataset."""
    header, values = _read_csv(Path(path))
    if len(header) != _PIXELS:
        raise BadDataset(
            f"{Path(path).name} has {len(header)} columns. Give a file like Kaggle's test.csv, "
            f"with the {_PIXELS} columns pixel0 to pixel783 and no label."
        )
    return _as_images(values, Path(path).name)


def concatenate(*parts: LabelledImages) -> LabelledImages:
    """Return several sets as one, in the order given."""
    return LabelledImages(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _download() -> Dataset:
    import keras

    try:
        # Keras prints its progress to standard output, which belongs to the program's results.
        with contextlib.redirect_stdout(sys.stderr):
            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    except Exception as error:
        raise BadDataset(
            "MNIST could not be downloaded from storage.googleapis.com. Check the network, or give "
            f"a copy with --data: an .npz, a folder of idx files or Kaggle's CSV. ({error})"
        ) from error
    return _checked(x_train, y_train, x_test, y_test, "Keras's download of MNIST")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}.") from error


def _read_npz(path: Path) -> Dataset:
    keys = ("x_train", "y_train", "x_test", "y_test")
    try:
        with np.load(io.BytesIO(_read_bytes(path)), allow_pickle=False) as arrays:
            missing = [key for key in keys if key not in arrays]
            if missing:
                raise BadDataset(
                    f"{path.name} lacks {', '.join(missing)}; it has "
                    f"{', '.join(arrays) or 'no arrays'}. Give an .npz with Keras's keys."
                )
            x_train, y_train, x_test, y_test = (arrays[key] for key in keys)
            return _checked(x_train, y_train, x_test, y_test, path.name)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadDataset(f"{path.name} is damaged: {error}. Fetch it again.") from error


def _read_idx_folder(folder: Path) -> Dataset:
    x_train, y_train, x_test, y_test = (
        _read_idx(_find_idx(folder, part, kind))
        for part in ("train", "t10k")
        for kind in ("images", "labels")
    )
    return _checked(x_train, y_train, x_test, y_test, folder.name)


def _find_idx(folder: Path, part: str, kind: str) -> Path:
    found = sorted(path for path in folder.glob(f"{part}-{kind}*") if path.is_file())
    if not found:
        raise BadDataset(
            f"The folder {folder.name} has no {part}-{kind} file. It should hold MNIST's four idx "
            "files, plain or gzipped, under their usual names."
        )
    return found[0]


def _read_idx(path: Path) -> np.ndarray:
    """Read an idx file of unsigned bytes.

    The format: http://yann.lecun.com/exdb/mnist#:~:text=FILE%20FORMATS.
    """
    data = _read_bytes(path)
    if data[:2] == _GZIP_MAGIC:
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise BadDataset(f"{path.name} is damaged: {error}. Fetch it again.") from error
    if data[:3] != _IDX_MAGIC or len(data) < 4 or len(data) < 4 + 4 * data[3]:
        raise BadDataset(
            f"{path.name} is not an idx file of bytes: it starts with "
            f"{data[:4].hex() or 'nothing'}. Fetch it again."
        )
    shape = tuple(np.frombuffer(data, ">u4", count=data[3], offset=4).tolist())
    body = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if body.size != np.prod(shape, dtype=object):
        raise BadDataset(
            f"{path.name} announces {shape} bytes but holds {body.size}. Fetch it again."
        )
    return body.reshape(shape)


def _read_labelled_csv(path: Path) -> LabelledImages:
    header, values = _read_csv(path)
    if len(header) != _PIXELS + 1 or header[0].lower() != "label":
        raise BadDataset(
            f"{path.name} has {len(header)} columns, the first named {header[0]!r}. Give a file "
            f"like Kaggle's train.csv, with the {_PIXELS + 1} columns label, pixel0 … pixel783."
        )
    return _labelled(_as_images(values[:, 1:], path.name), values[:, 0], path.name)


def _read_csv(path: Path) -> tuple[list[str], np.ndarray]:
    try:
        text = _read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataset(
            f"{path.name} is not an .npz, a folder of idx files or a CSV file. Give one of these."
        ) from error
    head, _, body = text.partition("\n")
    header = [name.strip().strip('"') for name in head.split(",")]
    if header[0].isdigit():
        raise BadDataset(
            f"{path.name} begins with numbers. Add a first line that names the columns, as in "
            "Kaggle's own files."
        )
    if not body.strip():
        raise BadDataset(f"{path.name} has no rows below its header. Fetch it again.")
    try:
        values = np.loadtxt(io.StringIO(body), delimiter=",", dtype=np.int64, ndmin=2)
    except ValueError as error:
        raise BadDataset(
            f"{path.name} has a row with something other than integers: {error}"
        ) from error
    if values.shape[1] != len(header):
        raise BadDataset(
            f"{path.name} has {len(header)} names in its header but {values.shape[1]} values per "
            "row. Fetch it again."
        )
    return header, values


def _as_images(values: np.ndarray, name: str) -> np.ndarray:
    if values.min() < 0 or values.max() > 255:
        raise BadDataset(
            f"{name} has pixels from {values.min()} to {values.max()}; give values from 0 to 255."
        )
    return values.astype(np.uint8).reshape(-1, TILE_SIZE, TILE_SIZE)


def _checked(x_train, y_train, x_test, y_test, name: str) -> Dataset:
    return Dataset(
        _labelled(x_train, y_train, f"{name} (training)"),
        _labelled(x_test, y_test, f"{name} (test)"),
    )


def _labelled(images: np.ndarray, labels: np.ndarray, name: str) -> LabelledImages:
    checks: list[tuple[Callable[[], bool], str]] = [
        (
            lambda: images.ndim == 3 and images.shape[1:] == (TILE_SIZE, TILE_SIZE),
            f"images of shape {images.shape} instead of (n, 28, 28)",
        ),
        (lambda: images.dtype == np.uint8, f"pixels of type {images.dtype} instead of uint8"),
        (lambda: len(images) > 0, "no images"),
        (
            lambda: labels.shape == (len(images),),
            f"{len(images)} images and labels of shape {labels.shape}",
        ),
        (lambda: labels.dtype.kind in "iu", f"labels of type {labels.dtype}"),
        (
            lambda: labels.min() >= 0 and labels.max() < DIGITS,
            "labels that are not the digits 0 to 9",
        ),
    ]
    for holds, found in checks:
        if not holds():
            raise BadDataset(f"{name} has {found}.")
    return LabelledImages(images, labels.astype(np.uint8))
