"""A training's log -> a picture of its curves, drawn by Pillow."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .training_log import by_member, epoch_rows

Curve = tuple[np.ndarray, np.ndarray]

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 460, 320, 60, 44, 24, 46
_PAPER, _WORDS, _LINES = "white", (31, 41, 55), (209, 213, 219)
# Colour-blind safe, and apart in grey (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/).
_COLOURS = ((213, 94, 0), (0, 114, 178), (0, 0, 0))
_TICKS = 5


def draw(rows: list[dict]) -> Image.Image:
    """Loss and errors in percent by epoch, in training and on validation, on logarithmic scales.

    rows: of a log, as ``progress.read_log`` gives them; each column of a network gets a row of its
    own. There is no validation where all images were learned. Training's are means over the epoch,
    of distorted images and without averaged weights, and may lie above validation's.
    """
    pairs = [_charts(name, own) for name, own in by_member(epoch_rows(rows)).items()]
    image = Image.new("RGB", (2 * _WIDTH, len(pairs) * _HEIGHT), _PAPER)
    for down, pair in enumerate(pairs):
        for across, drawn in enumerate(pair):
            image.paste(drawn, (across * _WIDTH, down * _HEIGHT))
    return image


def _charts(column: str, ended: list[dict]) -> list[Image.Image]:
    """The loss and the errors of one network, or of the column called so."""
    values = {name: np.array([row[name] for row in ended]) for name in ended[0]}
    loss, errors = {"training": values["loss"]}, {"training": 100 * (1 - values["accuracy"])}
    if "val_loss" in values:
        loss["validation"] = values["val_loss"]
        errors["validation"] = 100 * (1 - values["val_accuracy"])
    before = f"{column}: " if column else ""
    return [
        chart(before + title, "epoch", {name: (values["epoch"], up) for name, up in curves.items()})
        for title, curves in (("loss", loss), ("errors, %", errors))
    ]


def chart(title: str, across: str, curves: Mapping[str, Curve]) -> Image.Image:
    """Up to three curves by name, each its places and its heights; heights are logarithmic.

    title: what the heights are. across: what the places are. Heights that are not finite are left
    out.
    """
    places, heights = (np.concatenate(parts) for parts in zip(*curves.values(), strict=True))
    heights = heights[np.isfinite(heights)]
    first, last = places.min(), max(places.max(), places.min() + 1)
    least = heights[heights > 0].min(initial=heights.max(initial=1.0)) / 1.1
    most = heights.max(initial=least) * 1.1

    def at(place: float, height: float) -> tuple[float, float]:
        along = (place - first) / (last - first)
        up = np.log(max(height, least) / least) / np.log(most / least)
        return (
            _LEFT + along * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )

    image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    on = ImageDraw.Draw(image)
    for height in np.geomspace(least, most, _TICKS):
        on.line([at(first, height), at(last, height)], _LINES)
        _write(on, (_LEFT - 6, at(first, height)[1]), f"{height:.2g}", "rm")
    for place in np.unique(np.linspace(first, last, _TICKS).round()):
        _write(on, (at(place, least)[0], _HEIGHT - _BOTTOM + 6), f"{place:.0f}", "mt")
    _write(on, (_WIDTH / 2, _HEIGHT - 6), across, "mb")
    _write(on, (_LEFT, 14), title, "lm")
    right: float = _WIDTH - _RIGHT
    for colour, (name, (along, up)) in zip(_COLOURS, curves.items(), strict=False):
        points = zip(along, up, strict=True)
        on.line([at(*point) for point in points if np.isfinite(point[1])], colour, 2)
        _write(on, (right, 14), name, "rm", colour)
        right -= 16 + on.textlength(name, ImageFont.load_default(13))
    return image


def _write(on: ImageDraw.ImageDraw, at: tuple, text: str, anchor: str, colour=_WORDS) -> None:
    on.text(at, text, colour, ImageFont.load_default(13), anchor=anchor)
