"""MNIST from Keras's download, an .npz, a folder of idx files or Kaggle's CSV -> labelled tiles."""

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

# 5,000 of MNIST's 60,000, the split that is usual since LeCun et al. 1998.
VALIDATION_SHARE = 1 / 12
_PIXELS = TILE_SIZE * TILE_SIZE
_ZIP_MAGIC = b"PK\x03\x04"
_GZIP_MAGIC = b"\x1f\x8b"
_IDX_MAGIC = b"\x00\x00\x08"


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images, (n, 28, 28) uint8 with 0 for paper and 255 for ink, and their labels, (n,) uint8."""

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
    """What a source holds: images to train on, and a test set where it has one."""

    train: LabelledImages
    test: LabelledImages | None

    @property
    def scored(self) -> LabelledImages:
        """What an evaluation scores: the test set, or everything labelled where there is none."""
        return self.train if self.test is None else self.test

    @property
    def unseen(self) -> LabelledImages:
        """The test set. Raises BadDataset where there is none, as in Kaggle's CSV."""
        if self.test is None:
            raise BadDataset(
                "These data have no test set. Give MNIST as an .npz or a folder of idx files."
            )
        return self.test


def load(path: str | Path | None = None) -> Dataset:
    """Read MNIST or a set of the same form.

    path: None for Keras's own download, or an ``.npz`` with Keras's keys, a folder of idx files
    (plain or gzipped), or Kaggle's ``train.csv``; which of them is told by the content.
    Raises BadDataset, saying what was found.
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
        raise BadDataset(f"{path.name} is one file of several. Give the folder that holds them.")
    return Dataset(_read_labelled_csv(path), None)


def split(train: LabelledImages) -> tuple[LabelledImages, LabelledImages]:
    """Set the last twelfth of each digit's images aside. Returns (training, validation).

    MNIST's images stand in the order of their writers. So nearly all who wrote the validation
    images wrote none of the others, as with the test set; were they drawn by lot, the others would
    hold more of each writer's.
    """
    position = np.empty(len(train))
    for digit in range(DIGITS):
        which = np.flatnonzero(train.labels == digit)
        position[which] = np.arange(len(which)) / len(which)
    order = np.argsort(position, kind="stable")
    kept = len(train) - max(1, round(len(train) * VALIDATION_SHARE))
    return train[np.sort(order[:kept])], train[np.sort(order[kept:])]


def read_unlabelled_csv(path: str | Path) -> np.ndarray:
    """Kaggle's ``test.csv`` (``pixel0…pixel783``) as (n, 28, 28) uint8. Raises BadDataset."""
    header, values = _read_csv(Path(path))
    if len(header) != _PIXELS:
        raise BadDataset(
            f"{Path(path).name} has {len(header)} columns; a file to submit has the {_PIXELS} "
            "columns pixel0 to pixel783 and no label."
        )
    return _as_images(values, Path(path).name)


def joined(*parts: LabelledImages) -> LabelledImages:
    """Several sets as one, in their order."""
    return LabelledImages(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _download() -> Dataset:
    import keras

    try:
        # Keras tells its progress where a program's own output goes.
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
                    f"{path.name} lacks {', '.join(missing)}; it has {', '.join(arrays) or 'none'}."
                )
            x_train, y_train, x_test, y_test = (arrays[key] for key in keys)
            return _checked(x_train, y_train, x_test, y_test, path.name)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadDataset(f"{path.name} is damaged: {error}. Fetch it again.") from error


def _read_idx_folder(folder: Path) -> Dataset:
    read = {
        (part, kind): _read_idx(_find_idx(folder, part, kind))
        for part in ("train", "t10k")
        for kind in ("images", "labels")
    }
    return _checked(
        read["train", "images"],
        read["train", "labels"],
        read["t10k", "images"],
        read["t10k", "labels"],
        folder.name,
    )


def _find_idx(folder: Path, part: str, kind: str) -> Path:
    found = sorted(path for path in folder.glob(f"{part}-{kind}*") if path.is_file())
    if not found:
        raise BadDataset(
            f"The folder {folder.name} has no {part}-{kind} file. It should hold MNIST's four idx "
            "files, plain or gzipped, under their usual names."
        )
    return found[0]


def _read_idx(path: Path) -> np.ndarray:
    """An idx file of unsigned bytes, http://yann.lecun.com/exdb/mnist#:~:text=FILE%20FORMATS."""
    data = _read_bytes(path)
    if data[:2] == _GZIP_MAGIC:
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise BadDataset(f"{path.name} is damaged: {error}. Fetch it again.") from error
    if data[:3] != _IDX_MAGIC or len(data) < 4 + 4 * data[3]:
        raise BadDataset(f"{path.name} is no idx file of bytes: it starts with {data[:4].hex()}.")
    shape = tuple(np.frombuffer(data, ">u4", count=data[3], offset=4).tolist())
    body = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if body.size != np.prod(shape, dtype=object):
        raise BadDataset(
            f"{path.name} announces {shape} bytes and holds {body.size}. Fetch it again."
        )
    return body.reshape(shape)


def _read_labelled_csv(path: Path) -> LabelledImages:
    header, values = _read_csv(path)
    if len(header) != _PIXELS + 1 or header[0].lower() != "label":
        raise BadDataset(
            f"{path.name} has {len(header)} columns, the first called {header[0]!r}; Kaggle's "
            f"train.csv has label, pixel0 … pixel783, which is {_PIXELS + 1}."
        )
    return _labelled(_as_images(values[:, 1:], path.name), values[:, 0], path.name)


def _read_csv(path: Path) -> tuple[list[str], np.ndarray]:
    try:
        text = _read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataset(
            f"{path.name} is no .npz, no folder of idx files and no CSV file."
        ) from error
    head, _, body = text.partition("\n")
    header = [name.strip().strip('"') for name in head.split(",")]
    if header[0].isdigit():
        raise BadDataset(
            f"{path.name} begins with numbers; its first line should name the columns, as in "
            "Kaggle's own files."
        )
    if not body.strip():
        raise BadDataset(f"{path.name} has no rows below its header. Fetch it again.")
    try:
        values = np.loadtxt(io.StringIO(body), delimiter=",", dtype=np.int64, ndmin=2)
    except ValueError as error:
        raise BadDataset(f"{path.name} has a row that is not whole numbers: {error}") from error
    if values.shape[1] != len(header):
        raise BadDataset(
            f"{path.name} has {len(header)} names in its header and {values.shape[1]} a row."
        )
    return header, values


def _as_images(values: np.ndarray, name: str) -> np.ndarray:
    if values.min() < 0 or values.max() > 255:
        raise BadDataset(
            f"{name} has pixels from {values.min()} to {values.max()}; they go from 0 to 255."
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
            f"images of shape {images.shape} where (n, 28, 28) is wanted",
        ),
        (lambda: images.dtype == np.uint8, f"pixels of type {images.dtype} where uint8 is wanted"),
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
