"""A reading in words and HTML: the number, how sure, ten bars, the pictures. No gradio here.

Every state of the page, empty, answer, refusal and error, has the same skeleton, so that nothing
jumps while an answer arrives.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from PIL import Image

from digit_model.arrays import DIGITS, Digit, Heatmap, Reading
from digit_model.picture.render import draw_tile, fit_to_screen, overlay_heatmaps

from .crop import look

HINT = "Pick a bar to see what speaks for that digit."
WORDS = ((0.99, "Very sure"), (0.9, "Sure"), (0.7, "Fairly sure"), (0.0, "Only a guess"))


@dataclass(frozen=True, eq=False)
class ReadingView:
    """A reading as one visitor looks at it: which mark's bars, and the case for which digit."""

    reading: Reading
    mark: int
    target: int

    @property
    def chosen(self) -> Digit:
        return self.reading.digits[self.mark]


def empty(title: str, hint: str) -> str:
    """The answer's place before there is anything to read."""
    return _panel(_hero("empty", "0–9", title, hint), "", _bars(None, None))


def problem(sentence: str) -> str:
    """The answer's place when the picture could not be read; sentence says why."""
    return _panel(_hero("problem", "!", "That did not work", sentence), "", _bars(None, None))


def answer(seen: ReadingView) -> str:
    """The number, how sure, and the ten bars of the chosen mark."""
    digits = seen.reading.digits
    kind = "answer" if any(mark.accepted for mark in digits) else "refusal"
    title, detail = _verdict(digits)
    hero = _hero(kind, _number(digits), title, detail, _longest_row(digits))
    marks = _marks(digits, seen.mark) if len(digits) > 1 else f"<p>{HINT}</p>"
    picker = f'<div class="marks">{marks}</div>{_copy(seen.reading.text)}'
    return _panel(hero, picker, _bars(seen.chosen, seen.target))


def no_pictures() -> str:
    """The place of the two pictures before there are any."""
    return _pictures("", "What the network sees", "", "What speaks for the answer")


def pictures(
    seen: ReadingView, heatmaps: Sequence[Heatmap], method: str, methods: Sequence[str] = ()
) -> str:
    """The chosen mark's tile, the heatmaps over the picture, and how long the reading took.

    heatmaps: one for each mark. method: their name; methods: those that one can choose from.
    """
    target, mark = seen.target, seen.chosen
    tile = _img(draw_tile(mark.tile), "The 28 by 28 pixels that the network sees", "tile")
    seconds = 1000 * seen.reading.seconds
    took = f"read in {seconds:.0f} ms" if seconds >= 1 else "read in under 1 ms"
    found = "What" if heatmaps[seen.mark].any() else "Nothing here"
    why = f"<span>{found} speaks for {target} ({escape(method)})</span>"
    if len(methods) > 1:
        why = f"<span>{found} speaks for {target}</span>{_methods(method, methods)}"
    return _pictures(tile, f"What the network sees · {took}", _heat(seen, heatmaps), why)


def percent(share: float) -> str:
    """A probability for people: 99.8%, 42%, 3.1%, 0%."""
    if share > 0.9995:
        return ">99.9%"
    if 0.0005 <= share < 0.0995 or share >= 0.9895:
        return f"{100 * share:.1f}%"
    return f"{100 * share:.0f}%"


def _verdict(digits: tuple[Digit, ...]) -> tuple[str, str]:
    """What is said beside the number: a title and a sentence."""
    refused = [mark for mark in digits if not mark.accepted]
    if len(refused) == len(digits):
        guess = "".join(str(mark.label) for mark in digits)
        article = "an" if guess.startswith("8") else "a"
        if len(digits) > 1:
            return f"Not sure – perhaps {guess}?", "None of the marks is clear enough to name."
        return (
            f"Not sure – perhaps {article} {guess}?",
            "It is not clear enough to name for certain.",
        )
    if len(digits) == 1:
        return _single(digits[0])
    least = min(digits, key=lambda mark: (mark.accepted, mark.confidence))
    if refused:
        marks = "1 mark is" if len(refused) == 1 else f"{len(refused)} marks are"
        return f"{len(digits)} marks", f"{marks} not clear; perhaps {_names(refused)}."
    return (
        f"{len(digits)} digits, {_words(least.confidence).lower()}",
        f"Least sure of the {least.label}: {percent(least.confidence)}.",
    )


def _single(mark: Digit) -> tuple[str, str]:
    others = sorted(range(DIGITS), key=lambda digit: -mark.probabilities[digit])[1:]
    second = mark.probabilities[others[0]]
    following = f"Next comes {others[0]} with {percent(second)}."
    detail = following if second >= 0.0005 else "No other digit comes close."
    return f"{_words(mark.confidence)}: {percent(mark.confidence)}", detail


def _words(confidence: float) -> str:
    return next(words for least, words in WORDS if confidence >= least)


def _names(marks: list[Digit]) -> str:
    return ", ".join(str(mark.label) for mark in marks)


def _longest_row(digits: tuple[Digit, ...]) -> int:
    rows = [mark.row for mark in digits]
    return max(max(rows.count(row) for row in rows), 3 * len(set(rows)) - 2)


def _number(digits: tuple[Digit, ...]) -> str:
    """The digits in rows; a refused one is a question mark that is not copied with the rest."""
    if not any(mark.accepted for mark in digits):
        return "?"
    rows: dict[int, str] = {}
    for place, mark in enumerate(digits):
        shown = str(mark.label) if mark.accepted else "?"
        kind = "" if mark.accepted else ' class="unsure"'
        if len(digits) > 1:
            shown = f'<span data-mark="{place}"{kind}>{shown}</span>'
        rows[mark.row] = rows.get(mark.row, "") + shown
    return f"<span>{'<br>'.join(rows.values())}</span>"


def _hero(kind: str, number: str, title: str, detail: str, length: int = 1) -> str:
    size = "long" if length > 6 else "some" if length > 2 else "one"
    return (
        f'<div class="hero {kind}" aria-live="polite" aria-atomic="true" role="status">'
        f'<div class="number {size}">{number}</div>'
        f'<div class="verdict"><strong>{escape(title)}</strong><span>{escape(detail)}</span></div>'
        "</div>"
    )


def _marks(digits: tuple[Digit, ...], chosen: int) -> str:
    """One button for each mark, to choose whose bars are shown."""
    buttons = (
        f'<button type="button" data-mark="{number}" aria-pressed="{_aria(number == chosen)}" '
        f'aria-label="Digit {number + 1} of {len(digits)}: {_name(mark)}">{_short(mark)}</button>'
        for number, mark in enumerate(digits)
    )
    return "".join(buttons)


def _copy(text: str) -> str:
    """A button that copies the number; nothing where no mark is clear enough."""
    if not text:
        return ""
    label = escape(f"Copy {text}".replace("\n", ", "), quote=True)
    return (
        f'<button type="button" class="copy" data-copy="{text}" aria-label="{label}">'
        "<span>Copy</span></button>"
    )


def _name(mark: Digit) -> str:
    return str(mark.label) if mark.accepted else f"not sure, perhaps {mark.label}"


def _short(mark: Digit) -> str:
    return str(mark.label) if mark.accepted else f"{mark.label}?"


def _bars(mark: Digit | None, target: int | None) -> str:
    return "".join(_bar(digit, mark, target) for digit in range(DIGITS))


def _bar(digit: int, mark: Digit | None, target: int | None) -> str:
    share = float(mark.probabilities[digit]) if mark else 0.0
    winner = " winner" if mark and digit == mark.label else ""
    shown = _whole_percent(share) if mark else ""
    label = f"{digit}: {shown}. Show what speaks for {digit}" if mark else f"{digit}"
    state = f'aria-pressed="{_aria(digit == target)}"' if mark else "disabled"
    return (
        f'<button type="button" class="bar{winner}" data-target="{digit}" {state} '
        f'aria-label="{escape(label)}"><span class="name">{digit}</span> '
        f'<span class="share">{escape(shown)}</span>'
        f'<span class="well"><span class="fill" style="height:{100 * share:.1f}%"></span></span>'
        "</button>"
    )


def _whole_percent(share: float) -> str:
    if 0.0005 <= share < 0.01:
        return "<1%"
    return ">99%" if share > 0.99 else f"{100 * share:.0f}%"


def _panel(hero: str, picker: str, bars: str) -> str:
    return (
        f'{hero}<div class="picker">{picker}</div>'
        f'<div class="bars" role="group" aria-label="How sure, digit by digit">{bars}</div>'
    )


def _pictures(tile: str, tile_caption: str, heat: str, heat_caption: str) -> str:
    # A checkbox keeps its state when Gradio replaces the HTML around it; <details> would close.
    return (
        '<label class="fold"><input type="checkbox">What the network sees, and why</label>'
        f'<figure><div class="frame">{tile}</div><figcaption>{tile_caption}</figcaption></figure>'
        f'<figure><div class="frame">{heat}</div><figcaption>{heat_caption}</figcaption></figure>'
    )


def _heat(seen: ReadingView, heatmaps: Sequence[Heatmap]) -> str:
    """The heatmaps over the person's picture; where several marks are in it, each can be picked."""
    part = look(seen.reading.picture, seen.reading.digits, seen.mark)
    picture, digits = fit_to_screen(part.picture, part.digits)
    shown = overlay_heatmaps(picture, digits, [heatmaps[number] for number in part.numbers])
    alt = f"Your picture; warm colours mark what speaks for {seen.target}"
    marks = zip(part.numbers, digits, strict=True) if len(heatmaps) > 1 else ()
    spots = (_spot(number, digit, shown, number == seen.mark) for number, digit in marks)
    return f'<div class="view">{_img(shown, alt, "heat")}{"".join(spots)}</div>'


def _spot(number: int, digit: Digit, image: Image.Image, chosen: bool) -> str:
    """A mark's box over the picture, for the mouse; the keyboard has the buttons above the bars."""
    box = digit.box
    return (
        f'<span class="spot{" chosen" if chosen else ""}" data-mark="{number}" style="'
        f"left:{100 * box.left / image.width:.2f}%;top:{100 * box.top / image.height:.2f}%;"
        f"width:{100 * box.width / image.width:.2f}%;"
        f'height:{100 * box.height / image.height:.2f}%"></span>'
    )


def _methods(chosen: str, methods: Sequence[str]) -> str:
    buttons = (
        f'<button type="button" data-method="{escape(method)}" '
        f'aria-pressed="{_aria(method == chosen)}">{escape(method)}</button>'
        for method in methods
    )
    group = '<span class="methods" role="group" aria-label="How the heatmap is made">'
    return f"{group}{''.join(buttons)}</span>"


def _img(image: Image.Image, alt: str, name: str) -> str:
    """An img whose picture travels inside it: nothing of a visitor's is written to disk."""
    buffer = io.BytesIO()
    kind = "png" if name == "tile" else "jpeg"
    image.save(buffer, kind, quality=88)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img class="{name}" alt="{escape(alt)}" src="data:image/{kind};base64,{data}">'


def _aria(value: bool) -> str:
    return "true" if value else "false"
