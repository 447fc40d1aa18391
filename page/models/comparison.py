"""Two models on one picture: each reads the same tiles. Called in the reader process."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup

from digit_model.arrays import Reading
from digit_model.picture.render import overlay_heatmaps
from digit_model.pretrained import Pretrained

from .. import data_urls
from ..reader import SERVED
from ..reading import answer
from ..reading.crop import look
from ..reading.view import ReadingView
from ..templates import render
from ..texts import text
from . import view
from .registry import ModelRegistry


@dataclass(frozen=True)
class Side:
    """What one of the models says: its name, the number, how sure, and the evidence as a URL."""

    name: str
    number: str
    verdict: str
    evidence: str
    probabilities: Sequence[float]


def compare(models: ModelRegistry, seen: ReadingView, chosen: str, beside: str) -> Markup:
    """Return the answers of two models to what a visitor has looked at last, side by side.

    chosen: the key of the model that answers the visitor. beside: the key of the other one; where
    there is no such model, the first other one. Raises DigitError if a model is damaged.
    """
    others = {
        row.key: view.title(row.source)
        for row in models.rows()
        if row.key != (chosen or SERVED) and not row.problem
    }
    if not others:
        return Markup("")
    beside = beside if beside in others else next(iter(others))
    sides = [_side(models.get(key), seen) for key in (chosen, beside)]
    return render(
        "models/comparison.html",
        sides=sides,
        summary=_summary(sides, seen),
        percent=answer.percent,
        others=others,
        beside=beside,
    )


def _side(model: Pretrained, seen: ReadingView) -> Side:
    reading = _read_again(model, seen.reading)
    part = look(reading, seen.mark)
    heatmaps = [model.recogniser.heatmap(reading.digits[number]) for number in part.numbers]
    overlay = overlay_heatmaps(part.reading.picture, part.reading.digits, heatmaps)
    return Side(
        view.title(model.source),
        reading.text_with_guesses.replace("\n", " / "),
        answer.verdict(reading.digits)[0],
        data_urls.from_image(overlay, "jpeg", quality=88),
        [float(share) for share in reading.digits[seen.mark].probabilities],
    )


def _read_again(model: Pretrained, reading: Reading) -> Reading:
    """Return the reading with the answers of a model to the same tiles."""
    tiles = np.stack([digit.tile for digit in reading.digits])
    answers = model.recogniser.read_tiles(tiles, [digit.row for digit in reading.digits]).digits
    digits = tuple(
        replace(digit, probabilities=answered.probabilities, accepted=answered.accepted)
        for digit, answered in zip(reading.digits, answers, strict=True)
    )
    return replace(reading, digits=digits)


def _summary(sides: Sequence[Side], seen: ReadingView) -> str:
    first, second = (side.number for side in sides)
    if first == second:
        summary = text("models.agree", number=first)
    else:
        summary = text("models.differ", first=first, second=second)
    count = len(seen.reading.digits)
    if count == 1:
        return summary
    return f"{summary} {text('models.bars_of', number=seen.mark + 1, count=count)}"
