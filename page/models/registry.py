"""Find, verify, time and cache the checkpoints that a visitor can choose. No gradio here."""

import os
import statistics
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from digit_model import pretrained
from digit_model.checkpoint import CONFIG, WEIGHTS, golden_tile
from digit_model.errors import BadCheckpoint, DigitError
from digit_model.pretrained import BUNDLED_FOLDER, Pretrained
from digit_model.recogniser import Recogniser

from ..reader import SERVED

MAX_MODELS = 40
# Loaded at the same time as the served one; the largest takes a few hundred megabytes.
MAX_LOADED = 4
MAX_IDLE_SECONDS = 1800.0
# Time for new checkpoints when the tab is opened; the rest are checked the next time.
CHECKING_SECONDS = 60.0
TIMED_RUNS, TIMING_SECONDS = 100, 0.5


@dataclass(frozen=True)
class ModelLocation:
    """The location of a model's files; ``modified`` tells models under the same key apart."""

    key: str
    source: str
    folder: Path
    modified: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ModelSummary:
    """A model's row of the table.

    bytes: size of its weights file. scores: as in its config.json. milliseconds: for one tile on
    this machine.
    """

    architecture: str
    parameters: int
    bytes: int
    scores: dict
    milliseconds: float


@dataclass(frozen=True, eq=False)
class ModelRow:
    """A row of the table. ``summary`` is None until the model is checked.

    problem: why the model cannot be chosen, or "".
    """

    key: str
    source: str
    summary: ModelSummary | None = None
    problem: str = ""


class ModelRegistry:
    """The served model, the bundled ones and the checkpoints in a folder; usable from threads.

    folder: its subfolders that hold a checkpoint are listed again at every call, by name.
    """

    def __init__(self, served: Pretrained, folder: Path | None = None):
        self.served = served
        self._folder = folder
        self._rows: dict[ModelLocation, ModelRow] = {}
        self._loaded: OrderedDict[ModelLocation, Pretrained] = OrderedDict()
        self._used: dict[ModelLocation, float] = {}
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def get(self, key: str | None = None) -> Pretrained:
        """Return the model with a key, loaded; the served model if there is no key.

        Raises BadCheckpoint if it is damaged or gone.
        """
        self._release_idle()
        if key in (None, SERVED):
            return self.served
        location = next((found for found in self._locations() if found.key == key), None)
        if location is None:
            raise BadCheckpoint("This model is no longer there. Choose another in the Models tab.")
        if location in self._rows and self._rows[location].problem:
            raise BadCheckpoint(self._rows[location].problem)
        return self._load(location)

    def rows(self) -> list[ModelRow]:
        """Return a row for each model, the served one first; new models are not checked yet."""
        return [
            self._rows.get(location, ModelRow(location.key, location.source))
            for location in self._locations()
        ]

    def check(self) -> Iterator[list[ModelRow]]:
        """Verify and time new models within CHECKING_SECONDS, and yield all rows after each."""
        deadline = time.monotonic() + CHECKING_SECONDS
        for location in self._locations():
            if location in self._rows:
                continue
            if time.monotonic() > deadline:
                break
            self._rows[location] = self._check(location)
            yield self.rows()

    def _check(self, location: ModelLocation) -> ModelRow:
        try:
            model = self._load(location)
        except DigitError as error:
            return ModelRow(location.key, location.source, problem=str(error))
        summary = ModelSummary(
            model.checkpoint.architecture,
            model.checkpoint.model.count_params(),
            (location.folder / WEIGHTS).stat().st_size,
            model.checkpoint.record.get("scores", {}),
            measure_milliseconds(model.recogniser),
        )
        return ModelRow(location.key, location.source, summary)

    def _load(self, location: ModelLocation) -> Pretrained:
        if location.key == SERVED:
            return self.served
        if loaded := self._cached(location):
            return loaded
        # Loaded models go on answering meanwhile; only one is loaded at a time.
        with self._loading:
            loaded = self._cached(location) or pretrained.load_folder(
                location.folder, location.source
            )
            with self._lock:
                self._loaded[location] = loaded
                self._used[location] = time.monotonic()
                while len(self._loaded) > MAX_LOADED:
                    self._used.pop(self._loaded.popitem(last=False)[0])
        return loaded

    def _cached(self, location: ModelLocation) -> Pretrained | None:
        with self._lock:
            if location in self._loaded:
                self._loaded.move_to_end(location)
                self._used[location] = time.monotonic()
            return self._loaded.get(location)

    def _release_idle(self) -> None:
        """Release the models that nobody has used for MAX_IDLE_SECONDS."""
        with self._lock:
            oldest = time.monotonic() - MAX_IDLE_SECONDS
            for location in [found for found in self._loaded if self._used[found] < oldest]:
                del self._loaded[location], self._used[location]

    def _locations(self) -> list[ModelLocation]:
        served = self.served.folder or BUNDLED_FOLDER
        locations = [ModelLocation(SERVED, self.served.source, served, ())]
        listed = {served.resolve()}
        for name, folder in pretrained.bundled_folders().items():
            if folder.resolve() not in listed:
                source = pretrained.bundled_source(name)
                locations.append(_location(f"bundled/{name}", source, folder))
                listed.add(folder.resolve())
        others = [folder for folder in self._subfolders() if folder.resolve() not in listed]
        for folder in others[:MAX_MODELS]:
            name = f"{folder.parent.name}/{folder.name}"
            locations.append(_location(name, name, folder))
        return locations

    def _subfolders(self) -> list[Path]:
        if self._folder is None or not os.access(self._folder, os.R_OK | os.X_OK):
            return []
        return sorted(filter(_has_checkpoint_files, self._folder.absolute().iterdir()))


def measure_milliseconds(recogniser: Recogniser) -> float:
    """Return how long one tile takes here: the median of several runs after the first."""
    tiles = golden_tile()[None]
    recogniser.predict_logits(tiles)
    seconds: list[float] = []
    while len(seconds) < TIMED_RUNS and sum(seconds) < TIMING_SECONDS:
        started = time.perf_counter()
        recogniser.predict_logits(tiles)
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds)


def _has_checkpoint_files(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (CONFIG, WEIGHTS))


def _location(key: str, source: str, folder: Path) -> ModelLocation:
    files = (folder / name for name in (CONFIG, WEIGHTS))
    modified = tuple(file.stat().st_mtime_ns for file in files if file.is_file())
    return ModelLocation(key, source, folder, modified)
