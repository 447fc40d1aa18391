"""Read many files at once into a table that grows meanwhile, and offer it as CSV."""

import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.data_classes import ListFiles
from PIL import Image

from digit_model.arrays import Picture, Reading
from digit_model.errors import DigitError
from digit_model.recogniser import Recogniser

from .. import data_urls
from ..models.registry import ModelRegistry
from ..reading.answer import percent
from ..templates import render
from ..texts import text

MAX_FILES = 100
COLUMNS = ("file", "number", "confidence", "unclear_marks", "error")
# Spreadsheets evaluate a cell that begins with one of these as a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
THUMBNAIL_PIXELS = (96, 56)
# Between two updates of the table while files are being read.
UPDATE_SECONDS = 0.5

NamedFile = tuple[str, Path]


@dataclass(frozen=True, eq=False)
class Row:
    """One file: the name that its owner gave it, and its reading or why there is none."""

    file: str
    outcome: Reading | str
    thumbnail: str = ""


def uploader() -> gr.File:
    """Return the component that takes the files; its value is a list of names with paths."""
    files = gr.File(
        label=text("files.label", count=MAX_FILES),
        file_count="multiple",
        type="filepath",
        height=398,
        elem_id="files",
    )

    def named_files(payload: ListFiles | None) -> list[NamedFile]:
        given = payload.root if payload else []
        return [(file.orig_name or Path(file.path).name, Path(file.path)) for file in given]

    files.preprocess = named_files  # type: ignore[method-assign,assignment]
    return files


def results() -> gr.HTML:
    """Return the component that shows the table."""
    return gr.HTML(empty(), elem_id="batch", js_on_load=None, apply_default_css=False)


def read_with(models: ModelRegistry, files: Sequence[NamedFile], key: str | None) -> Iterator[str]:
    """Read the files with the model of a key, as ``read_files`` does."""
    try:
        recogniser = models.get(key).recogniser
    except DigitError as error:
        yield empty(str(error))
        return
    yield from read_files(recogniser, files)


def read_files(recogniser: Recogniser, files: Sequence[NamedFile]) -> Iterator[str]:
    """Read the files one after another, and yield the growing table as HTML."""
    if not files:
        yield empty()
        return
    rows: list[Row] = []
    updated = 0.0
    for name, path in files[:MAX_FILES]:
        rows.append(_read(recogniser, name, path))
        if time.monotonic() - updated > UPDATE_SECONDS:
            yield table(rows, len(files))
            updated = time.monotonic()
    yield table(rows, len(files))


def empty(problem: str = "") -> str:
    """Return what stands in the table's place before there is one, or why there is none."""
    return render("files/empty.html", problem=problem)


def table(rows: Sequence[Row], files: int) -> str:
    """Return the rows read so far as HTML, with a link to a CSV once all files are read."""
    wanted = min(files, MAX_FILES)
    status = text("files.status", done=len(rows), wanted=wanted)
    if files > MAX_FILES:
        status += text("files.too_many", files=files, wanted=wanted)
    return render(
        "files/table.html",
        rows=[_shown(row) for row in rows],
        status=status,
        wanted=wanted,
        csv=_csv_url(rows) if len(rows) == wanted else "",
    )


def as_csv(rows: Iterable[Row]) -> str:
    """Return the rows as CSV (RFC 4180) under COLUMNS; no cell can be evaluated as a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_without_formula(cell) for cell in _cells(row)])
    return buffer.getvalue()


def _read(recogniser: Recogniser, name: str, path: Path) -> Row:
    try:
        reading = recogniser.read(path)
    except DigitError as error:
        return Row(name, str(error).replace(path.name, name))
    return Row(name, reading, _thumbnail(reading.picture))


def _thumbnail(picture: Picture) -> str:
    small = Image.fromarray(picture)
    small.thumbnail(THUMBNAIL_PIXELS)
    return data_urls.from_image(small, "jpeg", quality=70)


def _shown(row: Row) -> dict[str, object]:
    """Return the values that the template needs for a row."""
    if isinstance(row.outcome, str):
        return {"file": row.file, "thumbnail": "", "error": row.outcome}
    lines: dict[int, list[tuple[int, bool]]] = {}
    for mark in row.outcome.digits:
        lines.setdefault(mark.row, []).append((mark.label, mark.accepted))
    return {
        "file": row.file,
        "thumbnail": row.thumbnail,
        "error": "",
        "lines": list(lines.values()),
        "sure": percent(_confidence(row.outcome)),
    }


def _confidence(reading: Reading) -> float:
    """Return the confidence of the mark of which the network is least sure."""
    return min(mark.confidence for mark in reading.digits)


def _cells(row: Row) -> tuple[str, ...]:
    if isinstance(row.outcome, str):
        return row.file, "", "", "", row.outcome
    unclear = sum(not mark.accepted for mark in row.outcome.digits)
    number = row.outcome.text.replace("\n", " ")
    return row.file, number, f"{_confidence(row.outcome):.4f}", str(unclear), ""


def _without_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _csv_url(rows: Sequence[Row]) -> str:
    # Spreadsheets recognise UTF-8 by its byte order mark.
    return data_urls.from_bytes(as_csv(rows).encode("utf-8-sig"), "text/csv;charset=utf-8")
