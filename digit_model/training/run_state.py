"""What a training run leaves in its folder: a log for programs, and its state to go on from."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from ..architectures import seeds
from ..errors import DigitError
from ..training_log import format_row, read_log, write_log

BEST = "best.weights.h5"
_STATE, _RUN = "state", "run.json"
_WEIGHTS, _SEEDS = "all.weights.h5", "seeds.npz"


class Log(keras.callbacks.Callback):
    """Writes a line of JSON a step, and one an epoch with the validation scores.

    Both have ``epoch``, ``seconds`` since the training began, and the means over the epoch so far
    of ``loss`` and ``accuracy``; a step has ``step``, an epoch ``val_loss`` and ``val_accuracy``.
    """

    def __init__(self, path: Path, epochs_before: int):
        """epochs_before: those of an interrupted run, whose lines stay."""
        super().__init__()
        kept = [row for row in read_log(path) if row["epoch"] <= epochs_before]
        write_log(path, kept)
        self._path, self._epoch = path, epochs_before
        self._started = time.perf_counter() - (kept[-1]["seconds"] if kept else 0)

    @property
    def seconds(self) -> float:
        """Since the training began, those of an interrupted run included."""
        return time.perf_counter() - self._started

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._write({"step": batch + 1}, logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._write({}, logs)

    def _write(self, place: dict[str, int], logs: dict | None) -> None:
        seconds = round(self.seconds, 3)
        scores = {name: float(value) for name, value in (logs or {}).items()}
        with self._path.open("a", encoding="ascii") as file:
            file.write(format_row({"epoch": self._epoch, **place, "seconds": seconds, **scores}))


class Backup(keras.callbacks.Callback):
    """Saves weights, optimizer, seeds and the best weights after each epoch that was not cut short.

    Comes after the callbacks that change the weights between epochs. A backup is complete or is not
    there, so that any moment is fit for an interruption. The last two are kept: of several
    processes some may be an epoch ahead when all are interrupted.
    """

    def __init__(self, folder: Path, epochs_before: int):
        super().__init__()
        self._folder, self._epochs_before = folder, epochs_before

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._save(epoch)

    def on_train_end(self, logs: dict | None = None) -> None:
        if not self.model.stop_training:
            self._save(self.params["epochs"])

    def _save(self, epoch: int) -> None:
        """Save the state after so many epochs, unless the run began with it."""
        if epoch == self._epochs_before:
            return
        unfinished = self._folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        self.model.save_weights(unfinished / _WEIGHTS)
        np.savez(unfinished / _SEEDS, *map(keras.ops.convert_to_numpy, seeds(self.model)))
        # An epoch that is interrupted is validated too, and what it takes for the best must not
        # outlive it.
        shutil.copyfile(self._folder / BEST, unfinished / BEST)
        unfinished.rename(_backup(self._folder, epoch))
        for number in _backups(self._folder):
            if number < epoch - 1:
                shutil.rmtree(_backup(self._folder, number))


@contextmanager
def run_folder(folder: Path | None) -> Iterator[Path]:
    """The folder of a run; where none is given one that is gone after it."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def is_interrupted(folder: Path) -> bool:
    """Whether the folder holds the state of a run that did not end."""
    return (folder / _STATE / _RUN).exists()


def begin(folder: Path, run: dict, *, resume: bool) -> tuple[Path, int]:
    """Make the folder for a run's state, or find that of an interrupted one to resume.

    run: what decides the weights, as JSON types. Returns the state's folder and the epochs that
    are behind. Raises DigitError where the interrupted run is another one.
    """
    state = folder / _STATE
    if resume and is_interrupted(folder):
        if json.loads((state / _RUN).read_text(encoding="ascii")) != run:
            raise DigitError(
                f"{folder} holds an interrupted training by another recipe or on other images. "
                "Give what it was begun with, or --force in place of --resume to begin anew."
            )
        return state, max(_backups(state), default=0)
    forget(folder)
    state.mkdir(parents=True)
    (state / _RUN).write_text(json.dumps(run), encoding="ascii")
    return state, 0


def restore(model: keras.Model, state: Path, number: int) -> None:
    """Bring a compiled model, and the best weights, to the state after so many epochs."""
    (state / BEST).unlink(missing_ok=True)
    if number == 0:
        return
    backup = _backup(state, number)
    shutil.copyfile(backup / BEST, state / BEST)
    model.optimizer.build(model.trainable_variables)
    model.load_weights(backup / _WEIGHTS)
    with np.load(backup / _SEEDS) as saved:
        for variable, value in zip(seeds(model), saved.values(), strict=True):
            variable.assign(value)


def forget(folder: Path) -> None:
    """Remove the state of a run, if there is one."""
    shutil.rmtree(folder / _STATE, ignore_errors=True)


def _backup(state: Path, number: int) -> Path:
    """The folder with the state after so many epochs."""
    return state / f"epoch-{number}"


def _backups(state: Path) -> list[int]:
    return [int(path.name.removeprefix("epoch-")) for path in state.glob("epoch-*")]
