"""Read many pictures with several processes, and write a row for each into one file.

A run that was interrupted continues where it stopped: pictures that already have a row are skipped.
"""

import csv
import functools
import glob
import io
import json
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from . import quick_start
from .arrays import Reading
from .errors import DigitError

if TYPE_CHECKING:
    from .recogniser import Recogniser

COLUMNS = ("file", "text", "confidence", "unclear_marks", "error")
# Pictures with other suffixes are read if they are named, but not if only their folder is.
PICTURE_SUFFIXES = frozenset(
    [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"]
    + [".pbm", ".pgm", ".ppm", ".avif", ".heic", ".heif"]
)
# The pictures of a batch are in memory together, and one of a phone takes up to 36 MB.
BATCH_SIZE = 8
# How many batches are handed out in advance for each process, so that none has to wait.
BATCHES_AHEAD = 4


@dataclass(frozen=True)
class Summary:
    """The numbers of pictures that a run read, failed to read, and skipped."""

    read: int
    failed: int
    skipped: int


def find_pictures(names: Sequence[str]) -> list[str]:
    """List the pictures that names stand for, in the order of the names.

    names: files, folders, which are searched with all folders below, and patterns such as
        "scans/*.png". A name that matches nothing is kept, so that it is reported.
    """
    found: list[str] = []
    for name in names:
        if Path(name).is_dir():
            found += _pictures_below(Path(name))
        elif glob.has_magic(name) and not Path(name).exists():
            found += sorted(glob.glob(name, recursive=True)) or [name]
        else:
            found.append(name)
    return found


def _pictures_below(folder: Path) -> list[str]:
    return sorted(
        str(path)
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()
    )


def as_row(file: str, outcome: Reading | DigitError) -> dict:
    """Return a reading, or why there is none, as JSON types: the line of ``read --json``."""
    if isinstance(outcome, DigitError):
        return {"file": file, "error": str(outcome)}
    return {"file": file, **outcome.as_json()}


def read_into(
    out: Path, files: Sequence[str], *, jobs: int, model: str | None = None, one: bool = False
) -> Summary:
    """Read pictures with several processes, and append a row for each to a file.

    out: a .csv file with COLUMNS, or a .jsonl file with the rows of ``as_row``.
    files: a picture that is listed twice gets one row.
    jobs: the number of processes.
    model: a checkpoint folder or a repository on the Hub; by default what the environment names.
    one: each picture holds exactly one digit.
    Raises DigitError if the file cannot be written or a process ends unexpectedly.
    """
    try:
        files = list(dict.fromkeys(files))
        done = _files_with_rows(out)
        waiting = [file for file in files if file not in done]
        failed = 0
        with (
            out.open("a", encoding="utf-8", newline="") as file,
            tqdm(total=len(files), initial=len(files) - len(waiting), unit=" pictures") as progress,
        ):
            for row in _rows(waiting, jobs, model, one):
                file.write(_format(row, out))
                file.flush()
                failed += "error" in row
                progress.update()
    except OSError as error:
        raise DigitError(f"{out} cannot be written: {error.strerror}.") from error
    except BrokenProcessPool as error:
        raise DigitError(
            "A process that reads pictures was killed; perhaps the memory ran out. Run the command "
            "again to continue, with fewer --jobs."
        ) from error
    return Summary(len(waiting), failed, len(files) - len(waiting))


def _files_with_rows(out: Path) -> set[str]:
    """Return the files that have a row, and prepare the file for more.

    A last line that an interruption truncated is removed; a new CSV file gets its header.
    """
    if out.suffix not in (".csv", ".jsonl"):
        raise DigitError(f"{out} must end in .csv or .jsonl.")
    is_csv = out.suffix == ".csv"
    data = out.read_bytes() if out.exists() else b""
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(out, len(whole))
    if not whole:
        out.write_text(_csv_line(COLUMNS) if is_csv else "", encoding="utf-8", newline="")
        return set()
    lines = io.StringIO(whole.decode("utf-8"), newline="")
    try:
        rows = csv.DictReader(lines) if is_csv else map(json.loads, lines)
        return {row["file"] for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise DigitError(
            f"{out} was not written by this command. Name another file, or remove it."
        ) from error


def _format(row: dict, out: Path) -> str:
    if out.suffix == ".jsonl":
        return json.dumps(row) + "\n"
    if "error" in row:
        return _csv_line((row["file"], "", "", "", row["error"]))
    confidence = min(digit["confidence"] for digit in row["digits"])
    unclear = sum(not digit["accepted"] for digit in row["digits"])
    text = row["text"].replace("\n", " ")
    return _csv_line((row["file"], text, f"{confidence:.4f}", unclear, ""))


def _csv_line(cells: Sequence) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _rows(files: Sequence[str], jobs: int, model: str | None, one: bool) -> Iterator[dict]:
    """Yield the rows of files in their order, read by several processes."""
    batches = [files[start : start + BATCH_SIZE] for start in range(0, len(files), BATCH_SIZE)]
    if not batches:
        return
    pool = ProcessPoolExecutor(
        min(jobs, len(batches)),
        # Spawned, because JAX's threads do not survive a fork.
        multiprocessing.get_context("spawn"),
        initializer=_start_process,
    )
    waiting: deque[Future[list[dict]]] = deque()
    try:
        for batch in batches:
            waiting.append(pool.submit(_read_batch, batch, model, one))
            if len(waiting) > BATCHES_AHEAD * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _start_process() -> None:
    # Only the program handles Ctrl-C; each process would print a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The processes share the cores, so several threads in each would only compete.
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false"


def _read_batch(files: Sequence[str], model: str | None, one: bool) -> list[dict]:
    outcomes = _recogniser(model).read_all(files, one=one)
    return [as_row(file, outcome) for file, outcome in zip(files, outcomes, strict=True)]


@functools.cache
def _recogniser(model: str | None) -> "Recogniser":
    """Load the network, once in each process; the program itself never loads it."""
    return quick_start.load(model).recogniser
