"""The models as HTML: a list to choose from, and what there is to see of one. No gradio here."""

from collections.abc import Sequence

from markupsafe import Markup
from PIL import Image, ImageOps

from digit_model.curves import draw_epochs
from digit_model.pretrained import BUNDLED_FOLDER, BUNDLED_SOURCE, Pretrained

from .. import data_urls
from ..templates import render
from ..texts import text
from .history import Curves
from .mistakes import Mistakes
from .registry import ModelRow, ModelSummary

# The figures of a model, as texts.json calls them.
COLUMNS = ("accuracy", "errors", "parameters", "kilobytes", "milliseconds")
MAX_NAME_LETTERS = 40


def model_list(rows: Sequence[ModelRow]) -> Markup:
    """Return a radio button with its figures for each model that can be chosen, and the others."""
    columns = [text(f"models.column_{name}") for name in COLUMNS]
    return render("models/list.html", columns=columns, rows=[_row(row) for row in rows])


def model_view(key: str, model: Pretrained, curves: Curves) -> Markup:
    """Return a model's training curves and confusion matrix. key: tells models.js which it is."""
    record = model.checkpoint.record
    part, scores = scores_shown(record.get("scores", {}))
    images = text("models.images", count=scores["images"], part=part) if scores else "–"
    return render(
        "models/model.html",
        key=key,
        title=title(model.source),
        summary=f"{_training(model)}. {text('models.answers')}",
        legend=_legend(curves),
        curves=Markup(draw_epochs(curves)) if curves else None,
        curves_note=_curves_note(record),
        confusion_title=text("models.confusion", images=images),
        confusion=confusion(scores["confusion"]) if scores else None,
    )


def problem(key: str, sentence: str) -> Markup:
    """Return why a model cannot be chosen. key: the model that still answers."""
    return render("models/problem.html", key=key, sentence=sentence)


def confusion(counts: Sequence[Sequence[int]]) -> Markup:
    """Return a table of (10, 10) counts, true digit by row; frequent mistakes are darker."""
    mistakes = [
        n for label, row in enumerate(counts) for answer, n in enumerate(row) if answer != label
    ]
    most = max(mistakes, default=0)
    return render("models/confusion.html", counts=counts, most=most)


def mistakes_view(
    mistakes: Mistakes | None = None,
    *,
    has_test_set: bool = True,
    progress: float | None = None,
    problem: str = "",
) -> Markup:
    """Return a model's mistakes as small pictures, or what stands there until there are any.

    has_test_set: whether the button that looks for them is shown. progress: how far the search is,
    in 0..1. problem: why they cannot be shown.
    """
    pictures = [
        (mistake, data_urls.from_image(ImageOps.invert(Image.fromarray(mistake.image))))
        for mistake in (mistakes.shown if mistakes else ())
    ]
    return render(
        "models/mistakes.html",
        mistakes=mistakes,
        pictures=pictures,
        has_test_set=has_test_set,
        progress=progress,
        problem=problem,
    )


def model_line(model: Pretrained, test_accuracy: float | None) -> Markup:
    """Return which model answers, its accuracy, and why it is not the one asked for."""
    values = {"source": model.source, "architecture": model.checkpoint.architecture}
    values["parameters"] = f"{model.checkpoint.model.count_params():,}"
    if test_accuracy:
        description = text("models.line", percent=f"{100 * test_accuracy:.2f}", **values)
    else:
        description = text("models.line_unscored", **values)
    return render(
        "models/line.html",
        description=description,
        sha256=model.checkpoint.sha256,
        fallback=model.fallback,
    )


def scores_shown(scores: dict) -> tuple[str, dict | None]:
    """Return the name of the set on which models are compared and the scores on it, if any."""
    for part in ("test", "validation"):
        if part in scores:
            return part, scores[part]
    return "", None


def _row(row: ModelRow) -> dict[str, object]:
    summary = row.summary
    # How a screen reader names the columns after each number.
    units = [text(f"models.unit_{name}") for name in COLUMNS]
    kind = ""
    if summary:
        part, _ = scores_shown(summary.scores)
        kind = summary.architecture
        if part == "validation":
            kind = text("models.by_validation", architecture=kind)
        elif kind == title(row.source):
            kind = ""
    return {
        "key": row.key,
        "title": title(row.source),
        "problem": row.problem,
        "kind": kind,
        "figures": list(zip(_figures(summary), units, strict=True)) if summary else None,
    }


def _figures(summary: ModelSummary) -> tuple[str, ...]:
    _, scores = scores_shown(summary.scores)
    accuracy = (f"{100 * scores['accuracy']:.2f}%", f"{scores['errors']:,}") if scores else "––"
    ms = summary.milliseconds
    return (
        *accuracy,
        f"{summary.parameters:,}",
        f"{summary.bytes / 1000:,.0f}",
        f"{ms:.0f}" if ms >= 9.95 else f"{ms:.1f}" if ms >= 0.95 else f"{ms:.2f}",
    )


def title(source: str) -> str:
    """Return how a model is called that came from a source: a bundled one by its name alone."""
    if source == BUNDLED_SOURCE:
        return BUNDLED_FOLDER.name
    return source.removeprefix(f"{BUNDLED_SOURCE} ")


def _training(model: Pretrained) -> str:
    training = model.checkpoint.record.get("training", {})
    parts = [
        model.checkpoint.architecture,
        text("models.parameters", count=f"{model.checkpoint.model.count_params():,}"),
    ]
    if "epochs" in training:
        parts.append(text("models.epochs", count=round(training["epochs"])))
    if "seconds" in training:
        parts.append(text("models.minutes", count=max(1, round(training["seconds"] / 60))))
    for origin, words in (("start", "continued"), ("teacher", "distilled"), ("refit", "refitted")):
        if origin in training:
            parts.append(text(f"models.{words}"))
    if averaged := training.get("average"):
        parts.append(text("models.averaged", count=len(averaged)))
    return ", ".join(parts)


def _legend(curves: Curves) -> list[tuple[int, str, str]]:
    return [
        (place, name[:MAX_NAME_LETTERS], f"{100 * shares[-1]:.1f}%")
        for place, (name, shares) in enumerate(curves.items())
    ]


def _curves_note(record: dict) -> str:
    """Return whose curves these are, or why training's may lie below validation's."""
    recipe, training = record.get("recipe", {}), record.get("training", {})
    # Recipes of the first release call an ensemble's members columns.
    if members := recipe.get("members"):
        if "refit" not in training:
            return text("models.members_validation")
        outliers = any(member.get("outliers") for member in members)
        return text("models.members_outliers" if outliers else "models.members_training")
    if "average" in training:
        return text("models.averaged_validation")
    note = _augmentation_note(recipe)
    return f"{note} {text('models.teacher_note')}" if "teacher" in training else note


def _augmentation_note(recipe: dict) -> str:
    # Recipes of the first release say only whether there was augmentation.
    if recipe.get("augment", False) in (False, "none"):
        return text("models.scale_note")
    if recipe.get("outliers"):
        return text("models.outliers_note")
    return text("models.augmented_note")
