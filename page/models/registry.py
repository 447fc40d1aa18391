"""The checkpoints at hand: found, verified, timed, and ready for who chose one. No gradio here."""

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
from digit_model.pretrained import BUNDLED, BUNDLED_SOURCE, Pretrained
from digit_model.recogniser import Recogniser

# The key of the model that serves until a visitor chooses another.
SERVED = "served"
MOST_MODELS = 40
# Ready besides the one served; the largest takes some hundred megabytes.
MOST_READY = 4
# Seconds for what is new when the tab is opened; the rest waits for the next time.
CHECKING = 60.0
# A model is timed by at most so many runs, and for at most so many seconds.
RUNS, TIMING = 100, 0.5


@dataclass(frozen=True)
class Place:
    """Where a model lies; another stamp is another model under the same key."""

    key: str
    source: str
    folder: Path
    stamp: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Facts:
    """What the table says of a model that can be chosen.

    bytes: of its weights file. scores: as its config.json has them. milliseconds: for one tile on
    this machine.
    """

    architecture: str
    parameters: int
    bytes: int
    scores: dict
    milliseconds: float


@dataclass(frozen=True, eq=False)
class Card:
    """A row of the table. ``facts`` are None while it is unchecked; ``why`` it cannot be chosen."""

    key: str
    source: str
    facts: Facts | None = None
    why: str = ""


class Models:
    """The served model, the bundled one, and the checkpoints in a folder; safe to use from threads.

    folder: the folders in it that hold a checkpoint are looked up anew each time, by their names.
    """

    def __init__(self, served: Pretrained, folder: Path | None = None):
        self.served = served
        self._folder = folder
        self._cards: dict[Place, Card] = {}
        self._ready: OrderedDict[Place, Pretrained] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def get(self, key: str | None = None) -> Pretrained:
        """The model of a key, ready to read; without one the served model.

        Raises BadCheckpoint if it is damaged or gone.
        """
        if key in (None, SERVED):
            return self.served
        place = next((place for place in self._places() if place.key == key), None)
        if place is None:
            raise BadCheckpoint("This model is no longer there. Choose another in the Models tab.")
        if place in self._cards and self._cards[place].why:
            raise BadCheckpoint(self._cards[place].why)
        return self._got(place)

    def cards(self) -> list[Card]:
        """A row for each model, the served one first; those that are new are not checked yet."""
        return [self._cards.get(place, Card(place.key, place.source)) for place in self._places()]

    def check(self) -> Iterator[list[Card]]:
        """Verify and time what is new, and yield the rows after each; ends within CHECKING."""
        end = time.monotonic() + CHECKING
        for place in self._places():
            if place in self._cards:
                continue
            if time.monotonic() > end:
                break
            self._cards[place] = self._checked(place)
            yield self.cards()

    def _checked(self, place: Place) -> Card:
        try:
            found = self._got(place)
        except DigitError as error:
            return Card(place.key, place.source, why=str(error))
        facts = Facts(
            found.checkpoint.architecture,
            found.checkpoint.model.count_params(),
            (place.folder / WEIGHTS).stat().st_size,
            found.checkpoint.record.get("scores", {}),
            milliseconds(found.recogniser),
        )
        return Card(place.key, place.source, facts)

    def _got(self, place: Place) -> Pretrained:
        if place.key == SERVED:
            return self.served
        if found := self._taken(place):
            return found
        # Others go on with what is ready; only one is made ready at a time.
        with self._loading:
            found = self._taken(place) or pretrained.read(place.folder, place.source)
            with self._lock:
                self._ready[place] = found
                while len(self._ready) > MOST_READY:
                    self._ready.popitem(last=False)
        return found

    def _taken(self, place: Place) -> Pretrained | None:
        with self._lock:
            if place in self._ready:
                self._ready.move_to_end(place)
            return self._ready.get(place)

    def _places(self) -> list[Place]:
        home = self.served.folder or BUNDLED
        found = [Place(SERVED, self.served.source, home, ())]
        if home.resolve() != BUNDLED.resolve():
            found.append(_place("bundled", BUNDLED_SOURCE, BUNDLED))
        known = (home.resolve(), BUNDLED.resolve())
        others = [folder for folder in self._folders() if folder.resolve() not in known]
        for folder in others[:MOST_MODELS]:
            name = f"{folder.parent.name}/{folder.name}"
            found.append(_place(name, name, folder))
        return found

    def _folders(self) -> list[Path]:
        if self._folder is None or not os.access(self._folder, os.R_OK | os.X_OK):
            return []
        held = (path for path in self._folder.absolute().iterdir() if _holds_some(path))
        return sorted(held)


def milliseconds(recogniser: Recogniser) -> float:
    """How long one tile takes on this machine: the median of some runs after the first."""
    tiles = golden_tile()[None]
    recogniser.predict_logits(tiles)
    took: list[float] = []
    while len(took) < RUNS and sum(took) < TIMING:
        started = time.perf_counter()
        recogniser.predict_logits(tiles)
        took.append(time.perf_counter() - started)
    return 1000 * statistics.median(took)


def _holds_some(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (CONFIG, WEIGHTS))


def _place(key: str, source: str, folder: Path) -> Place:
    files = (folder / name for name in (CONFIG, WEIGHTS))
    return Place(
        key, source, folder, tuple(file.stat().st_mtime_ns for file in files if file.is_file())
    )
