"""Networks of columns: each learns apart, by its own recipe, and their logits are averaged."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ..architectures import ARCHITECTURES, columns
from ..arrays import Calibration
from ..data.mnist import LabelledImages
from ..training_log import LOG, read_log, write_log
from .distillation import Teacher
from .fit import Trained, assess, fit, identity
from .random_numbers import reproducible_random_numbers
from .recipes import Recipe
from .run_state import begin, run_folder

log = logging.getLogger(__name__)


@reproducible_random_numbers()
def fit_columns(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages | Calibration,
    *,
    calibrations: Sequence[Calibration] = (),
    start: keras.Model | None = None,
    teacher: Teacher | None = None,
    folder: Path | None = None,
    resume: bool = False,
    **options: Any,
) -> Trained:
    """Train the columns one after the other, each as ``fit`` does, and join them.

    recipe: one with columns. Each column's logits are divided by its temperature, so that the sure
    count no more than they should, and then averaged.
    calibrations: where validation is one, those of the columns.
    folder: its log gets the lines of each column when that is done, with its name.
    options: what ``fit`` takes besides. Ctrl-C before the last column raises KeyboardInterrupt, as
    there is no network yet. Raises DigitError for what does not go together.
    """
    with run_folder(folder) as folder:
        run = identity(recipe, start, teacher, train.images, train.labels)
        state, _ = begin(folder, run, resume=resume)
        model = ARCHITECTURES[recipe.architecture]()
        starts = columns(start) if start else [None] * len(recipe.columns)
        held_out: Sequence[LabelledImages | Calibration] = calibrations or [validation] * len(
            recipe.columns
        )
        parts: dict[str, Trained] = {}
        for column, own, first, scored in zip(
            columns(model), recipe.columns, starts, held_out, strict=True
        ):
            if not all(part.finished for part in parts.values()):
                raise KeyboardInterrupt
            log.info("Column %d of %d: %s.", len(parts) + 1, len(starts), column.name)
            parts[column.name] = fit(
                own,
                train,
                scored,
                start=first,
                teacher=teacher,
                folder=state / column.name,
                resume=resume,
                **options,
            )
            _take(column, parts[column.name])
            write_log(
                folder / LOG,
                [{"column": name, **row} for name in parts for row in read_log(state / name / LOG)],
            )
    calibration, scores = assess(model, validation)
    return Trained(
        model,
        calibration,
        scores,
        epochs=sum(part.epochs for part in parts.values()),
        seconds=sum(part.seconds for part in parts.values()),
        finished=parts[column.name].finished,
        columns=tuple(part.calibration for part in parts.values()),
    )


def _take(column: keras.Model, trained: Trained) -> None:
    """Give the column what was learned, and logits that need no temperature."""
    column.set_weights(trained.model.get_weights())
    last = column.layers[-1]
    last.set_weights([weights / trained.calibration.temperature for weights in last.get_weights()])
