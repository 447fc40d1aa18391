"""A reading in HTML: the number, how sure, ten bars, the pictures. No gradio here.

Every state of the page, empty, answer, refusal and error, has the same skeleton, so that nothing
jumps while an answer arrives.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

from markupsafe import Markup

from digit_model.arrays import DIGITS, Box, Digit, Heatmap, Picture
from digit_model.picture.render import MIN_HEAT, draw_tile, overlay_heatmaps

from .. import data_urls
from ..templates import render
from ..texts import text
from .crop import Part
from .view import ReadingView

# From which share of the second choice on a drawing counts as split between two digits.
SPLIT_SHARE = 0.2
# How much of the size "long" fits beside the words on a desktop.
LINES_OF_LONG, DIGITS_PER_LINE = 4, 14
# From which confidence on which words are used.
WORDS = ((0.99, "very_sure"), (0.9, "sure"), (0.7, "fairly_sure"), (0.0, "a_guess"))


def empty(title: str, hint: str) -> Markup:
    """Return the answer's place before there is anything to read."""
    return _panel("empty", [["0–9"]], title, hint)


def problem(sentence: str, key: str = "reading.problem") -> Markup:
    """Return the answer's place if there is no answer. sentence: why not. key: of the title."""
    return _panel("problem", [["!"]], text(key), sentence)


def getting_ready() -> Markup:
    """Return the answer's place while the weights are loaded; the page asks again by itself."""
    title, hint = text("reading.getting_ready"), text("reading.getting_ready_hint")
    return _panel("empty", [["…"]], title, hint, ask_again=True)


def answer(view: ReadingView) -> Markup:
    """Return the number, how sure, and the ten bars of the chosen mark."""
    digits = view.reading.digits
    kind = "answer" if any(mark.accepted for mark in digits) else "refusal"
    title, detail = verdict(digits)
    if left_out := len(view.reading.ignored):
        detail += " " + text("reading.left_out", count=left_out)
    return _panel(kind, _number(digits), title, detail, view=view)


def no_pictures() -> Markup:
    """Return the place of the two pictures before there are any."""
    return render("reading/pictures.html", view=None)


def pictures(
    view: ReadingView, part: Part, heatmaps: Mapping[int, Heatmap], methods: Sequence[str] = ()
) -> Markup:
    """Return the chosen mark's tile, the heatmaps over the picture, and how long the reading took.

    part: of the picture, that is shown. heatmaps: one for each mark in it, by its place in the
    reading; the chosen mark's is a contrast if the target is another digit than it was read as.
    methods: those that the visitor can choose from.
    """
    shown, digits = part.reading, part.reading.digits
    heat = overlay_heatmaps(shown.picture, digits, [heatmaps[n] for n in part.numbers])
    marks = zip(part.numbers, digits, strict=True) if len(view.reading.digits) > 1 else ()
    return render(
        "reading/pictures.html",
        view=view,
        tile=data_urls.from_image(draw_tile(view.chosen.tile)),
        heat=data_urls.from_image(heat, "jpeg", quality=88),
        spots=[(number, _outline(digit.box, shown.picture)) for number, digit in marks],
        ignored=[(mark.kind, _outline(mark.box, shown.picture)) for mark in shown.ignored],
        milliseconds=round(1000 * view.reading.seconds),
        has_evidence=(heatmaps[view.mark] > MIN_HEAT).any(),
        has_counterevidence=(heatmaps[view.mark] < -MIN_HEAT).any(),
        methods=methods,
    )


def percent(share: float) -> str:
    """Return a probability for people: 99.8%, 42%, 3.1%, 0%."""
    if share > 0.9995:
        return ">99.9%"
    if 0.0005 <= share < 0.0995 or share >= 0.9895:
        return f"{100 * share:.1f}%"
    return f"{100 * share:.0f}%"


def _panel(
    kind: str,
    number: list[list],
    title: str,
    detail: str,
    *,
    view: ReadingView | None = None,
    ask_again: bool = False,
) -> Markup:
    return render(
        "reading/answer.html",
        kind=kind,
        number=number,
        size=_size(number),
        title=title,
        detail=detail,
        view=view,
        bars=[_bar(digit, view) for digit in range(DIGITS)],
        ask_again=ask_again,
    )


def verdict(digits: tuple[Digit, ...]) -> tuple[str, str]:
    """Return what is said beside the number: a title and a sentence."""
    refused = [mark for mark in digits if not mark.accepted]
    if len(refused) == len(digits):
        return _refusal(digits)
    if len(digits) == 1:
        return _single(digits[0])
    if refused:
        read, total = len(digits) - len(refused), len(digits)
        detail = text("reading.not_clear", count=len(refused), guesses=_names(refused))
        return text("reading.marks", count=total, read=read, total=total), detail
    least = min(digits, key=lambda mark: mark.confidence)
    return (
        text("reading.digits", count=len(digits), sure=_words(least.confidence).lower()),
        text("reading.least_sure", digit=least.label, share=percent(least.confidence)),
    )


def _refusal(digits: tuple[Digit, ...]) -> tuple[str, str]:
    key = "reading.refused" if len(digits) == 1 else "reading.all_refused"
    return text(key), text(f"{key}_hint", guess="".join(str(mark.label) for mark in digits))


def _single(mark: Digit) -> tuple[str, str]:
    second = sorted(range(DIGITS), key=lambda digit: -mark.probabilities[digit])[1]
    share, best = mark.probabilities[second], mark.confidence
    verdict = text("reading.verdict", sure=_words(best), share=percent(best))
    if share >= SPLIT_SHARE:
        shares = {"share": percent(best), "other_share": percent(share)}
        return verdict, text("reading.split", digit=mark.label, other=second, **shares)
    close = text("reading.second", digit=second, share=percent(share))
    return verdict, close if share >= 0.0005 else text("reading.no_second")


def _words(confidence: float) -> str:
    return text("reading." + next(words for least, words in WORDS if confidence >= least))


def _names(marks: list[Digit]) -> str:
    return ", ".join(str(mark.label) for mark in marks)


def _number(digits: tuple[Digit, ...]) -> list[list]:
    """Return the digits in rows, each with its place; of all refused only a question mark."""
    if not any(mark.accepted for mark in digits):
        return [["?"]]
    rows = groupby(enumerate(digits), key=lambda placed: placed[1].row)
    return [list(row) for _, row in rows]


def _size(number: list[list]) -> str:
    """Return the class that lets the rows fit; a long row needs several lines."""
    if sum(math.ceil(len(row) / DIGITS_PER_LINE) for row in number) > LINES_OF_LONG:
        return "many"
    length = max(*map(len, number), 3 * len(number) - 2)
    return "long" if length > 6 else "some" if length > 2 else "one"


def _bar(digit: int, view: ReadingView | None) -> dict:
    """Return what the template says of one of the ten bars."""
    if view is None:
        return {"digit": digit, "share": 0.0, "shown": "", "is_winner": False}
    share = float(view.chosen.probabilities[digit])
    is_winner = digit == view.chosen.label
    return {
        "digit": digit,
        "share": share,
        "shown": _whole_percent(share),
        "action": text(f"reading.show_{'evidence' if is_winner else 'contrast'}", digit=digit),
        "is_winner": is_winner,
        "is_pressed": digit == view.target,
    }


def _whole_percent(share: float) -> str:
    if 0.0005 <= share < 0.01:
        return "<1%"
    return ">99%" if share > 0.99 else f"{100 * share:.0f}%"


def _outline(box: Box, picture: Picture) -> str:
    """Return the CSS that puts an element over a box of the picture."""
    height, width = picture.shape[:2]
    sides = {
        "left": box.left / width,
        "top": box.top / height,
        "width": box.width / width,
        "height": box.height / height,
    }
    return ";".join(f"{name}:{100 * share:.2f}%" for name, share in sides.items())
