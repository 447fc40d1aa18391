#!/usr/bin/env python3
"""Time how long a network takes to 99 % and 99.5 % on validation, beside two well-known examples.

    python benchmarks/time_to_accuracy.py [--data MNIST] [--picture FILE] [--json FILE]

The contestants run one after the other, each in its own process on all cores: `train.py --recipe
quick`; Keras's MNIST convnet example (https://keras.io/examples/vision/mnist_convnet/, its layers
and settings, on JAX); and PyTorch's MNIST example
(https://github.com/pytorch/examples/tree/main/mnist, its layers and settings), which is left out if
torch is not installed. All learn from the same 55,000 images and are scored on the same 5,000 after
each epoch. The clock starts before the first step, and includes compiling and scoring. The test
images are scored once, at the end.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from digit_model.arrays import DIGITS
from digit_model.curves import Curve
from digit_model.curves import draw as curves_svg
from digit_model.data import mnist
from digit_model.data.mnist import LabelledImages
from digit_model.errors import DigitError

GOALS = (0.99, 0.995)
SCORING_BATCH = 1000
# The mean and deviation of MNIST's training pixels, with which PyTorch's example normalises.
MEAN, DEVIATION = 0.1307, 0.3081


@dataclass(frozen=True)
class Images:
    """The images that every contestant gets."""

    train: LabelledImages
    validation: LabelledImages
    test: LabelledImages


@dataclass(frozen=True)
class Run:
    """When each epoch ended, in seconds, the validation accuracy then, and the test accuracy."""

    seconds: list[float]
    accuracies: list[float]
    test_accuracy: float

    def seconds_to(self, accuracy: float) -> float | None:
        """Return when the validation accuracy was first reached, or None."""
        reached = zip(self.seconds, self.accuracies, strict=True)
        return next((second for second, found in reached if found >= accuracy), None)


def quick(images: Images, epochs: int | None, seed: int) -> Run:
    """Train as `train.py --recipe quick` does."""
    from digit_model import training_log
    from digit_model.training import distributed
    from digit_model.training.fit import TrainingOptions, fit
    from digit_model.training.recipes import RECIPES

    recipe = replace(RECIPES["quick"], seed=seed)
    recipe = replace(recipe, epochs=epochs or recipe.epochs)
    distributed.configure_devices()
    with TemporaryDirectory() as folder:
        options = TrainingOptions(folder=Path(folder), verbose=0)
        trained = fit(recipe, images.train, images.validation, options)
        ended = training_log.epoch_rows(training_log.read_log(Path(folder) / training_log.LOG))
    answers = trained.model.predict(images.test.tiles, SCORING_BATCH, verbose=0).argmax(axis=1)
    return Run(
        [row["seconds"] for row in ended],
        [row["val_accuracy"] for row in ended],
        float((answers == images.test.labels).mean()),
    )


def keras_example(images: Images, epochs: int | None, seed: int) -> Run:
    """Train Keras's example: two convolutions with pooling, dropout, Adam, batches of 128."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(DIGITS, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    (x, y), held_out, test = (
        (part.tiles[..., None], keras.utils.to_categorical(part.labels, DIGITS))
        for part in (images.train, images.validation, images.test)
    )
    seconds: list[float] = []
    started = time.perf_counter()
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seconds.append(time.perf_counter() - started)
    )
    history = model.fit(
        x,
        y,
        batch_size=128,
        epochs=epochs or 15,
        validation_data=held_out,
        callbacks=[clock],
        verbose=0,
    )
    accuracy = model.evaluate(*test, batch_size=SCORING_BATCH, verbose=0)[1]
    return Run(seconds, [float(a) for a in history.history["val_accuracy"]], float(accuracy))


def pytorch_example(images: Images, epochs: int | None, seed: int) -> Run:
    """Train PyTorch's example: two convolutions, dropout, Adadelta, batches of 64."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, 1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, 1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, DIGITS),
        nn.LogSoftmax(dim=1),
    )
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    (x, y), held_out, test = (
        (
            torch.from_numpy((part.tiles[:, None] - MEAN) / DEVIATION),
            torch.from_numpy(part.labels.astype(np.int64)),
        )
        for part in (images.train, images.validation, images.test)
    )

    def accuracy(tiles, labels) -> float:
        model.eval()
        with torch.no_grad():
            answers = [model(batch).argmax(1) for batch in tiles.split(SCORING_BATCH)]
        return float((torch.cat(answers) == labels).double().mean())

    seconds, accuracies = [], []
    started = time.perf_counter()
    for _ in range(epochs or 14):
        model.train()
        for chosen in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            functional.nll_loss(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
        schedule.step()
        accuracies.append(accuracy(*held_out))
        seconds.append(time.perf_counter() - started)
    return Run(seconds, accuracies, accuracy(*test))


def main() -> int:
    options = _options()
    try:
        images = load(options.data, options.limit)
    except DigitError as error:
        print(f"time_to_accuracy.py: {error}", file=sys.stderr)
        return 1
    contestants: dict[str, Callable[..., Run]] = {"quick": quick, "Keras example": keras_example}
    if find_spec("torch"):
        contestants["PyTorch example"] = pytorch_example
    else:
        print("PyTorch is not installed here; its row is left out (pip install torch).\n")
    runs = {}
    for name, contestant in contestants.items():
        # A process of its own, because JAX's settings cannot be reset.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            runs[name] = pool.submit(contestant, images, options.epochs, options.seed).result()
        print(f"{name}: {runs[name].seconds[-1]:.0f} s", flush=True)
    print("\n" + table(runs))
    if options.json:
        options.json.write_text(json.dumps({k: asdict(v) for k, v in runs.items()}, indent=2))
    if options.picture:
        options.picture.write_text(draw(runs), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="MNIST, as train.py takes it")
    parser.add_argument("--seed", type=int, default=0, help="for all three")
    parser.add_argument(
        "--picture", type=Path, help="draw the accuracies over the seconds into this SVG"
    )
    parser.add_argument("--json", type=Path, help="write the curves into this file")
    parser.add_argument("--epochs", type=int, help="for all three instead of their own, to try it")
    parser.add_argument("--limit", type=int, help="use only this many training images, to try it")
    return parser.parse_args()


def load(data: Path | None, limit: int | None) -> Images:
    """Load MNIST, with at most ``limit`` training images. Raises DigitError."""
    source = mnist.load(data)
    train, validation = mnist.split(source.train)
    return Images(train[:limit], validation, source.required_test_set)


def table(runs: dict[str, Run]) -> str:
    """Return a Markdown table: the seconds to each goal, as a multiple of ours, and the results."""
    ours = runs["quick"]
    goals = " | ".join(f"to {goal:.1%} | times ours" for goal in GOALS)
    lines = [f"| | {goals} | in all | validation | test |", "|---" * (2 * len(GOALS) + 4) + "|"]
    for name, run in runs.items():
        cells = [name]
        for goal in GOALS:
            cells += _against(run.seconds_to(goal), ours.seconds_to(goal))
        cells += [f"{run.seconds[-1]:.0f} s", f"{run.accuracies[-1]:.2%}"]
        lines.append(f"| {' | '.join(cells)} | {run.test_accuracy:.2%} |")
    return "\n".join(lines)


def _against(seconds: float | None, ours: float | None) -> list[str]:
    if seconds is None:
        return ["not reached", "–"]
    return [f"{seconds:.0f} s", f"{seconds / ours:.1f}" if ours else "–"]


def draw(runs: dict[str, Run]) -> str:
    """Return an SVG of the validation accuracy over the seconds, with a curve for each run."""
    curves = {name: Curve(run.seconds, run.accuracies) for name, run in runs.items()}
    return curves_svg(curves, f"seconds of training, {os.cpu_count()} cores", stand_alone=True)


if __name__ == "__main__":
    sys.exit(main())
