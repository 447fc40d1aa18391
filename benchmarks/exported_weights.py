"""Compare the accuracy of a network before and after its weights are rounded for the static page.

    PYTHONPATH=. python benchmarks/exported_weights.py [--data ../shared/data/real] [--most 500]

The exported weights, 16-bit integers with a scale for each unit, are run by the page's own network
in Node; float32 and float16 by Keras. Top-1 accuracy on MNIST's test images and on real pictures,
of each set at most so many.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from browser_conformance import make_site, read_in_node
from real_pictures import HOME, labelled_sets, mnist_test, tile_of

from digit_model import checkpoint
from digit_model.checkpoint import Checkpoint
from digit_model.pretrained import BUNDLED_FOLDER
from digit_model.recogniser import Recogniser


def main() -> int:
    options = _options()
    exact = Recogniser(checkpoint.load(BUNDLED_FOLDER).model)
    halved = _in_half_precision(checkpoint.load(BUNDLED_FOLDER))
    print("| set | tiles | float32 | integers | float16 | logits differ: integers | float16 |")
    print("|---" * 7 + "|")
    with TemporaryDirectory() as site:
        make_site(Path(site))
        for name, tiles, labels in _sets(options.data, options.most):
            logits = [
                exact.predict_logits(tiles),
                _logits_in_node(Path(site), tiles),
                halved.predict_logits(tiles),
            ]
            scores = [f"{np.mean(own.argmax(axis=1) == labels):.2%}" for own in logits]
            gaps = [f"{np.abs(own - logits[0]).max():.4f}" for own in logits[1:]]
            print(f"| {name} | {len(tiles)} | {' | '.join(scores + gaps)} |", flush=True)
    return 0


def _in_half_precision(loaded: Checkpoint) -> Recogniser:
    for weight in loaded.model.weights:
        if weight.path.endswith("kernel"):
            weight.assign(np.asarray(weight).astype(np.float16))
    return Recogniser(loaded.model)


def _logits_in_node(site: Path, tiles: np.ndarray) -> np.ndarray:
    with TemporaryDirectory(dir=site) as folder:
        (Path(folder) / "pictures.json").write_text("[]")
        (Path(folder) / "tiles.bin").write_bytes(tiles.astype("<f4").tobytes())
        return np.reshape(read_in_node(Path(folder))["logits"], (-1, 10))


def _sets(home: Path, most: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield the name, the tiles and the labels of MNIST's test images and of each real set."""
    images, labels = mnist_test()
    yield "MNIST test", images.astype(np.float32) / 255, labels
    for pictures in labelled_sets(home):
        if pictures.one:
            step = -(-len(pictures.pictures) // most)
            tiles = np.array([tile_of(picture) for picture in pictures.pictures[::step]])
            yield pictures.name, tiles, np.array(pictures.texts[::step], int)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HOME, help="the folder of real pictures")
    parser.add_argument("--most", type=int, default=500, help="of each set (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
