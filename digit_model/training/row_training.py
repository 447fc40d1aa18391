"""Train the row reader.

python -m digit_model.training.row_training --data mnist.npz --out DIR
"""

import argparse
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from ..architectures.im2col import with_products
from ..architectures.row import row_network
from ..data import mnist
from ..row_reader import read_greedily, save_row_network
from ..synthesis.digits import draw_digits
from ..synthesis.strips import Strips, draw_strips
from .random_numbers import reproducible_random_numbers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RowRecipe:
    """How the row reader is trained. The seed decides all random numbers."""

    strips: int = 110_000
    drawn: int = 40_000
    epochs: int = 2
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    seed: int = 1


class StripBatches(keras.utils.PyDataset):
    """Shuffled batches of strips; the same in the same epoch for the same seed."""

    def __init__(self, strips: Strips, batch_size: int, seed: int):
        super().__init__()
        self._strips, self._batch_size, self._seed = strips, batch_size, seed
        self._epoch = 0
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self._strips) // self._batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        strips = self._strips.images[chosen].astype(np.float32) / 255
        return strips, self._strips.labels[chosen].astype(np.int32)

    def on_epoch_end(self) -> None:
        """Shuffle anew."""
        rng = np.random.default_rng((self._seed, self._epoch))
        self._order = rng.permutation(len(self._strips))
        self._epoch += 1


@reproducible_random_numbers()
def train_row_network(recipe: RowRecipe, strips: Strips) -> keras.Model:
    """Train on strips, with a learning rate that rises for a hundred steps and then falls to 0."""
    keras.utils.set_random_seed(recipe.seed)
    batches = StripBatches(strips, recipe.batch_size, recipe.seed)
    steps = recipe.epochs * len(batches)
    warm_up = min(100, steps // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=recipe.learning_rate, warmup_steps=warm_up
    )
    model = row_network()
    twin = with_products(model)
    optimizer = keras.optimizers.AdamW(schedule, recipe.weight_decay, clipnorm=1.0)
    twin.compile(optimizer, keras.losses.CTC())
    twin.fit(batches, epochs=recipe.epochs, shuffle=False)
    model.set_weights(twin.get_weights())
    return model


def exact_share(model: keras.Model, strips: Strips) -> float:
    """Return the share of strips whose likeliest text is right."""
    logits = model.predict(strips.images.astype(np.float32) / 255, verbose=0)
    texts = ["".join(str(label - 1) for label in row if label) for row in strips.labels]
    return float(
        np.mean([read_greedily(one).text == text for one, text in zip(logits, texts, strict=True)])
    )


def main(arguments: list[str] | None = None) -> None:
    """Draw strips, train on them, validate on others and write the checkpoint folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="MNIST; Keras's download by default")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    for name, default in asdict(RowRecipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    options = vars(parser.parse_args(arguments))
    data, out = options.pop("data"), options.pop("out")
    recipe = RowRecipe(**options)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    train, validation = mnist.split(mnist.load(data).train)
    started = time.perf_counter()
    log.info("Drawing %s strips.", f"{recipe.strips:,}")
    strips = draw_strips(train, draw_digits(recipe.drawn, recipe.seed), recipe.strips, recipe.seed)
    seed = recipe.seed + 1
    held_out = draw_strips(
        validation, draw_digits(recipe.drawn // 20, seed), recipe.strips // 25, seed
    )
    log.info("Training.")
    model = train_row_network(recipe, strips)
    share = exact_share(model, held_out)
    log.info(
        "Of %d strips that were held out %.2f %% are read exactly.", len(held_out), 100 * share
    )
    save_row_network(
        out,
        model,
        {
            "recipe": asdict(recipe),
            "training": {"seconds": round(time.perf_counter() - started, 1)},
            "validation": {"strips": len(held_out), "exact": share},
        },
    )


if __name__ == "__main__":
    main()
