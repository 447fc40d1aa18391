"""Read many files at once into a table that grows meanwhile, and offer it as CSV."""

import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import gradio as gr
from gradio.data_classes import ListFiles

from digit_model.errors import DigitError

from .. import data_urls
from ..reader import Readers
from ..templates import render
from ..texts import text
from .rows import failed_row

MAX_FILES = 100
COLUMNS = ("file", "number", "confidence", "unclear_marks", "error")
# Spreadsheets evaluate a cell that begins with one of these as a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Between two updates of the table while files are being read.
UPDATE_SECONDS = 0.5

NamedFile = tuple[str, Path]
# A row's values, as rows.py returns them.
Row = dict


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


def read_files(readers: Readers, files: Sequence[NamedFile], model: str | None) -> Iterator[str]:
    """Read the files one after another, and yield the growing table as HTML. model: its key."""
    if not files:
        yield empty()
        return
    rows: list[Row] = []
    updated = 0.0
    for name, path in files[:MAX_FILES]:
        rows.append(_read(readers, name, path, model))
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
        rows=rows,
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
        writer.writerow([_without_formula(cell) for cell in row["cells"]])
    return buffer.getvalue()


def _read(readers: Readers, name: str, path: Path, model: str | None) -> Row:
    try:
        return readers.ask("read_row", model, picture=str(path), name=name).values["row"]
    except DigitError as error:
        return failed_row(name, str(error))


def _without_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _csv_url(rows: Sequence[Row]) -> str:
    # Spreadsheets recognise UTF-8 by its byte order mark.
    return data_urls.from_bytes(as_csv(rows).encode("utf-8-sig"), "text/csv;charset=utf-8")
