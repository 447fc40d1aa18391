"""Train ensembles: each member by its own recipe; then their logits are averaged."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import keras

from ..architectures import ARCHITECTURES, members
from ..arrays import Calibration
from ..data.mnist import LabelledImages
from ..training_log import LOG, read_log, write_member_logs
from .fit import (
    DEFAULT_OPTIONS,
    TrainingOptions,
    TrainingResult,
    calibrate_and_score,
    fit,
    refit,
    run_fingerprint,
)
from .random_numbers import reproducible_random_numbers
from .recipes import Recipe
from .run_state import run_folder, start_or_resume

log = logging.getLogger(__name__)


def fit_ensemble(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    options: TrainingOptions = DEFAULT_OPTIONS,
) -> TrainingResult:
    """Train the members one after the other, each as ``fit`` does, and join them.

    recipe: one with members. Each member's logits are divided by its temperature before they are
    averaged, so that an overconfident member does not count more than the others.
    The log in the options' folder gets the lines of each member, with its name, when that member
    is done. Ctrl-C before the last member raises KeyboardInterrupt, because there is no network
    yet. Raises DigitError for inputs that do not fit together.
    """
    trainings = [partial(fit, member, train, validation) for member in recipe.members]
    model, results = _train_members(recipe, train, trainings, options)
    calibration, scores = calibrate_and_score(model, validation)
    return replace(_summary(model, results, calibration), validation=scores)


def refit_ensemble(
    recipe: Recipe,
    images: LabelledImages,
    calibration: Calibration,
    member_calibrations: Sequence[Calibration],
    options: TrainingOptions = DEFAULT_OPTIONS,
) -> TrainingResult:
    """Train the members on all images, each as ``refit`` does, and join them.

    calibration, member_calibrations: those of an earlier run of ``fit_ensemble`` with the recipe.
    Logs, stops and raises as ``fit_ensemble`` does.
    """
    trainings = [
        partial(refit, member, images, member_calibration)
        for member, member_calibration in zip(recipe.members, member_calibrations, strict=True)
    ]
    model, results = _train_members(recipe, images, trainings, options)
    return _summary(model, results, calibration)


@reproducible_random_numbers()
def _train_members(
    recipe: Recipe,
    train: LabelledImages,
    trainings: Sequence[Callable[[TrainingOptions], TrainingResult]],
    options: TrainingOptions,
) -> tuple[keras.Model, list[TrainingResult]]:
    """Run the members' trainings in turn and put their weights into the ensemble."""
    with run_folder(options.folder) as folder:
        fingerprint = run_fingerprint(recipe, options, train.images, train.labels)
        state, _ = start_or_resume(folder, fingerprint, resume=options.resume)
        model = ARCHITECTURES[recipe.architecture]()
        starts = members(options.start) if options.start else [None] * len(trainings)
        results: dict[str, TrainingResult] = {}
        for member, start, train_member in zip(members(model), starts, trainings, strict=True):
            if not all(result.finished for result in results.values()):
                raise KeyboardInterrupt
            log.info("Member %d of %d: %s.", len(results) + 1, len(trainings), member.name)
            own_options = replace(options, start=start, folder=state / member.name)
            results[member.name] = train_member(own_options)
            _take_weights(member, results[member.name])
            logs = [(name, read_log(state / name / LOG)) for name in results]
            write_member_logs(folder / LOG, logs)
    return model, list(results.values())


def _take_weights(member: keras.Model, result: TrainingResult) -> None:
    """Copy the trained weights, and divide the logits by the temperature once and for all."""
    member.set_weights(result.model.get_weights())
    last = member.layers[-1]
    last.set_weights([weights / result.calibration.temperature for weights in last.get_weights()])


def _summary(
    model: keras.Model, results: Sequence[TrainingResult], calibration: Calibration
) -> TrainingResult:
    return TrainingResult(
        model,
        calibration,
        validation=None,
        epochs=sum(result.epochs for result in results),
        seconds=sum(result.seconds for result in results),
        finished=results[-1].finished,
        member_calibrations=tuple(result.calibration for result in results),
    )
