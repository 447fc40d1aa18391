"""Save and load the state from which a training run can be resumed."""

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
_STATE, _FINGERPRINT = "state", "run.json"
_WEIGHTS, _SEEDS = "all.weights.h5", "seeds.npz"


class LogWriter(keras.callbacks.Callback):
    """Writes a line of JSON per step, and one per epoch with the validation scores.

    Both have ``epoch``, the ``seconds`` since training began, and the ``loss`` and ``accuracy``,
    averaged over the epoch so far. A step also has ``step``, an epoch ``val_loss`` and
    ``val_accuracy``.
    """

    def __init__(self, path: Path, epochs_done: int):
        """Open the log at ``path``.

        epochs_done: the epochs that an interrupted run completed; only their lines are kept.
        """
        super().__init__()
        rows = [row for row in read_log(path) if row["epoch"] <= epochs_done]
        write_log(path, rows)
        self._path, self._epoch = path, epochs_done
        self._started = time.perf_counter() - (rows[-1]["seconds"] if rows else 0)

    @property
    def seconds(self) -> float:
        """The seconds since training began, including those of an interrupted run."""
        return time.perf_counter() - self._started

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._write({"step": batch + 1}, logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._write({}, logs)

    def _write(self, position: dict[str, int], logs: dict | None) -> None:
        seconds = round(self.seconds, 3)
        scores = {name: float(value) for name, value in (logs or {}).items()}
        with self._path.open("a", encoding="ascii") as file:
            file.write(format_row({"epoch": self._epoch, **position, "seconds": seconds, **scores}))


class Backup(keras.callbacks.Callback):
    """Saves weights, optimizer, seeds and the best weights after each completed epoch.

    It must come after the callbacks that change the weights between epochs. Each backup is renamed
    into place, so an interruption never leaves half of one. The last two are kept, because some of
    several processes may be an epoch ahead when all are interrupted.
    """

    def __init__(self, state: Path, epochs_done: int):
        super().__init__()
        self._state, self._epochs_done = state, epochs_done

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._save(epoch)

    def on_train_end(self, logs: dict | None = None) -> None:
        if not self.model.stop_training:
            self._save(self.params["epochs"])

    def _save(self, epochs: int) -> None:
        """Save the state after this many epochs, unless the run was resumed from it."""
        if epochs == self._epochs_done:
            return
        unfinished = self._state / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        self.model.save_weights(unfinished / _WEIGHTS)
        np.savez(unfinished / _SEEDS, *map(keras.ops.convert_to_numpy, seeds(self.model)))
        # Copied, because an interrupted epoch is validated too and may replace the best weights.
        shutil.copyfile(self._state / BEST, unfinished / BEST)
        unfinished.rename(_backup_folder(self._state, epochs))
        for number in _backup_numbers(self._state):
            if number < epochs - 1:
                shutil.rmtree(_backup_folder(self._state, number))


@contextmanager
def run_folder(folder: Path | None) -> Iterator[Path]:
    """Provide the folder of a run: the given one, or a temporary one."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


def is_interrupted(folder: Path) -> bool:
    """Return whether the folder holds the state of an unfinished run."""
    return (folder / _STATE / _FINGERPRINT).exists()


def start_or_resume(folder: Path, fingerprint: dict, *, resume: bool) -> tuple[Path, int]:
    """Create the folder for a run's state, or return that of an interrupted run to resume.

    fingerprint: what determines the weights, as JSON types. Returns the folder of the state and
    the number of completed epochs. Raises DigitError if the interrupted run has another
    fingerprint.
    """
    state = folder / _STATE
    if resume and is_interrupted(folder):
        if json.loads((state / _FINGERPRINT).read_text(encoding="ascii")) != fingerprint:
            raise DigitError(
                f"{folder} holds an interrupted run with another recipe or on other images. Give "
                "the flags it was started with, or --force instead of --resume to start over."
            )
        return state, max(_backup_numbers(state), default=0)
    remove_state(folder)
    state.mkdir(parents=True)
    (state / _FINGERPRINT).write_text(json.dumps(fingerprint), encoding="ascii")
    return state, 0


def restore(model: keras.Model, state: Path, epochs: int) -> None:
    """Restore a compiled model and the best weights to the state after this many epochs."""
    (state / BEST).unlink(missing_ok=True)
    if epochs == 0:
        return
    backup = _backup_folder(state, epochs)
    shutil.copyfile(backup / BEST, state / BEST)
    model.optimizer.build(model.trainable_variables)
    model.load_weights(backup / _WEIGHTS)
    with np.load(backup / _SEEDS) as saved:
        for variable, value in zip(seeds(model), saved.values(), strict=True):
            variable.assign(value)


def remove_state(folder: Path) -> None:
    """Remove the state of a run, if there is any."""
    shutil.rmtree(folder / _STATE, ignore_errors=True)


def _backup_folder(state: Path, epochs: int) -> Path:
    return state / f"epoch-{epochs}"


def _backup_numbers(state: Path) -> list[int]:
    return [int(path.name.removeprefix("epoch-")) for path in state.glob("epoch-*")]
