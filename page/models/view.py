"""The models in HTML: a list to choose from, and what there is to see of one. No gradio here."""

import base64
import io
from collections.abc import Sequence
from html import escape

from PIL import Image, ImageOps

from digit_model.arrays import DIGITS
from digit_model.pretrained import Pretrained
from digit_model.training_log import LOG

from .history import Curves
from .history import draw as draw_curves
from .history import key as curve_key
from .mistakes import MOST_SHOWN, Mistake, Mistakes
from .registry import Card, Facts

# Each with the class of its column, and how it is read aloud after the number.
COLUMNS = ("Accuracy", "Errors", "Parameters", "kB", "ms")
UNITS = ("accuracy", "errors", "parameters", "kilobytes", "milliseconds a digit")
NO_DATA = (
    "Its mistakes are shown where MNIST is at hand: start the page with "
    "<code>python app.py --data mnist.npz</code>."
)


def choices(cards: Sequence[Card]) -> str:
    """A radio button for each model with its figures; none for what is unchecked or damaged."""
    head = "".join(f"<span>{name}</span>" for name in COLUMNS)
    return (
        f'<div class="head" aria-hidden="true">{head}</div>'
        '<div class="rows" role="radiogroup" aria-label="The model that answers">'
        f"{''.join(map(_choice, cards))}</div>"
        '<p class="note">On MNIST’s test set. kB: size of the weights. ms: for one digit, on the '
        "machine that serves this page. The one you pick answers in all tabs, to you alone.</p>"
    )


def look(key: str, model: Pretrained, history: Curves) -> str:
    """A model's training curves and confusion matrix. key: tells the page which one answers."""
    found = model.checkpoint
    part, scores = scored(found.record.get("scores", {}))
    return (
        f'<header data-answers="{escape(key)}"><h2>{escape(_title(model.source))}</h2>'
        f"<p>{escape(_training(model))}</p></header>"
        f'<div class="figures"><figure><figcaption>{_legend(history) or "Training"}</figcaption>'
        f"{_curves(history, found.record)}</figure>"
        f"<figure><figcaption>Confusion, {_images(part, scores)}</figcaption>"
        f"{confusion(scores['confusion']) if scores else _missing('scores', 'none are recorded')}"
        "</figure></div>"
    )


def problem(key: str, sentence: str) -> str:
    """What stands there when a model cannot be chosen; key: the one that answers on."""
    return (
        f'<header data-answers="{escape(key)}"><h2>That did not work</h2>'
        f'<p role="alert">{escape(sentence)}</p></header>'
    )


def confusion(counts: Sequence[Sequence[int]]) -> str:
    """Ten by ten counts: a row for each true digit, a column for each answer.

    Mistakes are the darker the more there are of them.
    """
    most = max(
        (counts[row][column] for row in range(DIGITS) for column in range(DIGITS) if row != column),
        default=0,
    )
    head = "".join(f'<th scope="col">{digit}</th>' for digit in range(DIGITS))
    rows = "".join(_row(digit, counts[digit], most) for digit in range(DIGITS))
    return (
        '<table class="confusion"><caption>Rows: what it is. Columns: the answer.</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def unmarked(at_hand: bool) -> str:
    """The place of a model's mistakes before they are looked for."""
    button = '<button type="button" class="plain" data-mistakes>Show its mistakes</button>'
    return _alone(button if at_hand else f"<p>{NO_DATA}</p>")


def marking(share: float) -> str:
    """How far the search for mistakes is; share in 0..1."""
    return _alone(
        f'<span role="status">Reading the test images …</span><progress max="100" '
        f'value="{100 * share:.0f}" aria-label="Reading the test images"></progress>'
    )


def unread(sentence: str) -> str:
    """Why there are no mistakes to show."""
    return _alone(f'<p role="alert">{escape(sentence)}</p>')


def mistakes(found: Mistakes) -> str:
    """The mistakes as small pictures, each with what it is and the answer."""
    said = f"<strong>{found.count:,} of {found.images:,}</strong> images misread"
    if found.count > len(found.shown):
        said += f"; the surest {MOST_SHOWN}"
    pictures = "".join(map(_mistake, found.shown))
    return (
        f'<div class="top"><span role="status">{said}</span>'
        "<span>what it is → the answer, the surest first</span></div>"
        '<ul tabindex="0" role="list" aria-label="Misread images">'
        f"{pictures}</ul>"
    )


def scored(scores: dict) -> tuple[str, dict | None]:
    """The name of the set on which a checkpoint is compared, and its scores there, if any."""
    for part in ("test", "validation"):
        if part in scores:
            return part, scores[part]
    return "", None


def _choice(card: Card) -> str:
    name = f'<span class="name">{escape(_title(card.source))}</span>'
    if card.why:
        return f'<div class="model bad">{name}<p>{escape(card.why)}</p></div>'
    if card.facts is None:
        return f'<div class="model new">{name}<p>being checked …</p></div>'
    part, _ = scored(card.facts.scores)
    kind = card.facts.architecture
    kind += ", by validation images" if part == "validation" else ""
    figures = zip(_figures(card.facts), UNITS, strict=True)
    return (
        f'<label class="model"><input type="radio" name="answers" value="{escape(card.key)}">'
        f'<span class="name">{escape(_title(card.source))} <span class="kind">{escape(kind)}</span>'
        '</span><span class="now">in use</span>'
        + "".join(f'<span class="figure">{figure}<i> {unit}</i></span>' for figure, unit in figures)
        + "</label>"
    )


def _figures(facts: Facts) -> tuple[str, ...]:
    _, scores = scored(facts.scores)
    right = (f"{100 * scores['accuracy']:.2f}%", f"{scores['errors']:,}") if scores else ("–", "–")
    speed = facts.milliseconds
    return (
        *right,
        f"{facts.parameters:,}",
        f"{facts.bytes / 1000:,.0f}",
        f"{speed:.0f}" if speed >= 9.95 else f"{speed:.1f}" if speed >= 0.95 else f"{speed:.2f}",
    )


def _title(source: str) -> str:
    return source[:1].upper() + source[1:] if source.startswith("the ") else source


def _training(model: Pretrained) -> str:
    found = model.checkpoint
    training = found.record.get("training", {})
    said = f"{found.architecture}, {found.model.count_params():,} parameters"
    if "epochs" in training:
        said += f", {_counted(round(training['epochs']), 'epoch')}"
    if "seconds" in training:
        said += f" in {_counted(max(1, round(training['seconds'] / 60)), 'minute')}"
    if "teacher" in training:
        said += ", taught by another network"
    if "refit" in training:
        said += ", on all training images"
    return f"{said}. It answers in all tabs now."


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _images(part: str, scores: dict | None) -> str:
    return f"{scores['images']:,} {part} images" if scores else "not recorded"


def _legend(history: Curves) -> str:
    return "".join(
        f'<span class="line-{place}">{curve_key(place)}{escape(name[:40])} '
        f"{100 * shares[-1]:.1f}%</span>"
        for place, (name, shares) in enumerate(history.items())
    )


def _curves(history: Curves, record: dict) -> str:
    if not history:
        return _missing("training curves", f"no {LOG} lies beside its weights")
    return f'{draw_curves(history)}<p class="small">{_below(record)}</p>'


def _below(record: dict) -> str:
    """Whose curves these are, or why that of training may lie below that of validation."""
    recipe, training = record.get("recipe", {}), record.get("training", {})
    if recipe.get("columns"):
        what = "Validation"
        if "refit" in training:
            outliers = any(column.get("outliers") for column in recipe["columns"])
            what = "Training, in part on what is no digit" if outliers else "Training"
        return f"{what}, of networks that learned apart; they answer by the mean of their logits."
    if "teacher" in training:
        return f"{_scale(recipe)} In training, right is what its teacher answers."
    return _scale(recipe)


def _scale(recipe: dict) -> str:
    # Until recipes named it, the augmentation was a yes or no.
    if recipe.get("augment", False) in (False, "none"):
        return "On the scale of the errors."
    if recipe.get("outliers"):
        return "What it trains on is distorted, and in part no digit at all."
    return "What it trains on is distorted."


def _missing(what: str, why: str) -> str:
    return f'<p class="missing">No {what}: {why}.</p>'


def _row(digit: int, counts: Sequence[int], most: int) -> str:
    cells = (_cell(count, digit == answer, most) for answer, count in enumerate(counts))
    return f'<tr><th scope="row">{digit}</th>{"".join(cells)}</tr>'


def _cell(count: int, right: bool, most: int) -> str:
    if right:
        return f'<td class="right">{count}</td>'
    if not count:
        return "<td></td>"
    return f'<td class="wrong" style="--share:{15 + 45 * count / most:.0f}%">{count}</td>'


def _alone(inside: str) -> str:
    return f'<div class="none">{inside}</div>'


def _mistake(mistake: Mistake) -> str:
    buffer = io.BytesIO()
    ImageOps.invert(Image.fromarray(mistake.image)).save(buffer, "png")
    data = base64.b64encode(buffer.getvalue()).decode()
    said = f"A {mistake.label} read as {mistake.answer}, {100 * mistake.confidence:.0f}% sure"
    return (
        f'<li title="{said}"><img alt="{said}" src="data:image/png;base64,{data}">'
        f'<span aria-hidden="true">{mistake.label} → {mistake.answer}</span></li>'
    )
