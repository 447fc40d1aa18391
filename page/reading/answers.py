"""Show a reading, at first and after a visitor's choice; called in the reader process."""

from collections.abc import Mapping
from dataclasses import replace

from digit_model.arrays import DIGITS, Heatmap, Reading
from digit_model.recogniser import Recogniser

from ..sharing import link
from . import answer
from .crop import Part, look, near
from .view import ReadingView


def first_view(recogniser: Recogniser, reading: Reading, method: str | None) -> ReadingView:
    """Return a reading as it is shown at first: with the bars of the mark it is least sure of.

    method: how to make the heatmaps; defaults to the model's first method, as does one it lacks.
    """
    reading = near(reading.shown())
    digits = reading.digits
    mark = min(range(len(digits)), key=lambda number: digits[number].confidence)
    return ReadingView(
        reading,
        mark,
        digits[mark].label,
        _known(recogniser, method),
        link_code=link.of_digits(digits),
    )


def chosen_view(recogniser: Recogniser, view: ReadingView, choice: Mapping) -> ReadingView:
    """Return a view after a visitor's choice of a mark, of a target, or of a method.

    choice: as the browser sent it, with "mark", "target" or "method"; what makes no sense is
    ignored.
    """
    method = _known(recogniser, choice.get("method", view.method))
    if method != view.method:
        view = replace(view, method=method, heatmaps={})
    mark = _index(choice.get("mark"), len(view.reading.digits))
    if mark is not None:
        view = replace(view, mark=mark, target=view.reading.digits[mark].label)
    target = _index(choice.get("target"), DIGITS)
    return view if target is None else replace(view, target=target)


def shown(recogniser: Recogniser, view: ReadingView) -> tuple[ReadingView, dict[str, str]]:
    """Return the "answer" and the "pictures" in HTML, and the view with the heatmaps they took."""
    part = look(view.reading, view.mark)
    view = replace(view, heatmaps={**_missing(recogniser, view, part), **view.heatmaps})
    heatmaps = {number: view.heatmaps[number] for number in part.numbers}
    if view.target != view.chosen.label:
        heatmaps[view.mark] = recogniser.contrast(view.chosen, view.target, method=view.method)
    pictures = answer.pictures(view, part, heatmaps, recogniser.explanations)
    return view, {"answer": answer.answer(view), "pictures": pictures}


def _missing(recogniser: Recogniser, view: ReadingView, part: Part) -> dict[int, Heatmap]:
    return {
        number: recogniser.heatmap(view.reading.digits[number], method=view.method)
        for number in part.numbers
        if number not in view.heatmaps
    }


def _known(recogniser: Recogniser, method: str | None) -> str:
    methods = recogniser.explanations
    return method if method in methods else methods[0]


def _index(value: object, count: int) -> int | None:
    """Return what the browser sent as an index below ``count``; None if it is none."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 4 and int(text) < count else None
