"""Many files at once: a table that grows while they are read, and the same as CSV."""

import base64
import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import gradio as gr
from gradio.data_classes import ListFiles
from PIL import Image

from digit_model.arrays import Picture, Reading
from digit_model.errors import DigitError
from digit_model.recogniser import Recogniser

from ..models.registry import Models
from ..reading.answer import percent

MOST_FILES = 100
COLUMNS = ("file", "number", "confidence", "unclear_marks", "error")
# Spreadsheets take a cell that begins with one of these as a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
THUMBNAIL = (96, 56)
# Seconds between two pictures of the table while files are being read.
PACE = 0.5
EMPTY = (
    '<div class="none"><strong>Choose some pictures</strong>'
    "<span>Each of up to 25 MB and 20 megapixels gets a row here.<br>"
    "The table can be kept as CSV.</span></div>"
)

Named = tuple[str, Path]


@dataclass(frozen=True, eq=False)
class Row:
    """One file: its name as its owner knows it, and its reading, or why there is none."""

    file: str
    outcome: Reading | str
    thumbnail: bytes = b""


def uploader() -> gr.File:
    """Where one drops files; its value is a list of names with paths."""
    files = gr.File(
        label=f"Up to {MOST_FILES} pictures",
        file_count="multiple",
        type="filepath",
        height=398,
        elem_id="files",
    )

    def named(payload: ListFiles | None) -> list[Named]:
        given = payload.root if payload else []
        return [(file.orig_name or Path(file.path).name, Path(file.path)) for file in given]

    files.preprocess = named  # type: ignore[method-assign,assignment]
    return files


def results() -> gr.HTML:
    """The place of the table."""
    return gr.HTML(EMPTY, elem_id="batch", js_on_load=None, apply_default_css=False)


def read_with(models: Models, files: Sequence[Named], key: str | None) -> Iterator[str]:
    """``read_files`` with the model of a key; says where a model is gone."""
    try:
        recogniser = models.get(key).recogniser
    except DigitError as error:
        yield f'<div class="none"><span role="alert">{escape(str(error))}</span></div>'
        return
    yield from read_files(recogniser, files)


def read_files(recogniser: Recogniser, files: Sequence[Named]) -> Iterator[str]:
    """Read the files one after another; yields the table as HTML every now and then."""
    if not files:
        yield EMPTY
        return
    rows: list[Row] = []
    shown = 0.0
    for name, path in files[:MOST_FILES]:
        rows.append(_read(recogniser, name, path))
        if time.monotonic() - shown > PACE:
            yield table(rows, len(files))
            shown = time.monotonic()
    yield table(rows, len(files))


def table(rows: Sequence[Row], files: int) -> str:
    """The rows read so far of so many files, as HTML with a link to the same as CSV."""
    wanted = min(files, MOST_FILES)
    done = len(rows) == wanted
    said = f"{len(rows)} of {wanted} read"
    if files > MOST_FILES:
        said += f"; of {files} files only the first {MOST_FILES} are"
    bar = f'<progress max="{wanted}" value="{len(rows)}" aria-label="{said}"></progress>'
    return (
        f'<div class="top"><span role="status">{said}</span>'
        f"{_download(rows) if done else bar}</div>"
        '<div class="rows" tabindex="0" role="region" aria-label="Files and their numbers"><table>'
        '<thead><tr><th scope="col">Picture</th><th scope="col">File</th>'
        '<th scope="col">Number</th><th scope="col">Sure</th></tr></thead>'
        f"<tbody>{''.join(map(_row, rows))}</tbody></table></div>"
    )


def as_csv(rows: Iterable[Row]) -> str:
    """The rows as CSV (RFC 4180) under COLUMNS; no cell is taken for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in _cells(row)])
    return buffer.getvalue()


def _read(recogniser: Recogniser, name: str, path: Path) -> Row:
    try:
        reading = recogniser.read(path)
    except DigitError as error:
        return Row(name, str(error).replace(path.name, name))
    return Row(name, reading, _thumbnail(reading.picture))


def _thumbnail(picture: Picture) -> bytes:
    small = Image.fromarray(picture)
    small.thumbnail(THUMBNAIL)
    buffer = io.BytesIO()
    small.save(buffer, "jpeg", quality=70)
    return buffer.getvalue()


def _row(row: Row) -> str:
    name = f'<th scope="row">{escape(row.file)}</th>'
    if isinstance(row.outcome, str):
        return f'<tr><td></td>{name}<td colspan="2" class="why">{escape(row.outcome)}</td></tr>'
    image = base64.b64encode(row.thumbnail).decode()
    return (
        f'<tr><td><img alt="" src="data:image/jpeg;base64,{image}"></td>{name}'
        f'<td class="number">{_number(row.outcome)}</td>'
        f"<td>{escape(percent(_confidence(row.outcome)))}</td></tr>"
    )


def _number(reading: Reading) -> str:
    """The digits in rows; a mark that is not clear is its best guess with a question mark."""
    lines: dict[int, str] = {}
    for mark in reading.digits:
        shown = str(mark.label) if mark.accepted else f"<em>{mark.label}?</em>"
        lines[mark.row] = lines.get(mark.row, "") + shown
    return "<br>".join(lines.values())


def _confidence(reading: Reading) -> float:
    """How sure the network is of the mark it is least sure of."""
    return min(mark.confidence for mark in reading.digits)


def _cells(row: Row) -> tuple[str, ...]:
    if isinstance(row.outcome, str):
        return row.file, "", "", "", row.outcome
    unclear = sum(not mark.accepted for mark in row.outcome.digits)
    number = row.outcome.text.replace("\n", " ")
    return row.file, number, f"{_confidence(row.outcome):.4f}", str(unclear), ""


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _download(rows: Sequence[Row]) -> str:
    # With the mark of UTF-8, by which spreadsheets know it.
    data = base64.b64encode(as_csv(rows).encode("utf-8-sig")).decode()
    return (
        '<a class="plain" download="digits.csv" '
        f'href="data:text/csv;charset=utf-8;base64,{data}">Download CSV</a>'
    )
