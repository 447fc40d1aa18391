"""Logits and labels -> scores, and the temperature that makes the probabilities honest."""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import optimize, special

from .arrays import DIGITS, Calibration

CALIBRATION_BINS = 15
# The shares of the validation digits that each of the two refusal thresholds may turn away.
REFUSED_BY_CONFIDENCE = 0.001
REFUSED_BY_ENERGY = 0.004


@dataclass(frozen=True, eq=False)
class Scores:
    """How well a set is read: ``nll`` in nats, ``ece`` and ``accuracy`` in 0..1.

    confusion: (10, 10) int, true digit by row, answer by column.
    """

    images: int
    accuracy: float
    errors: int
    nll: float
    ece: float
    confusion: np.ndarray

    def as_json(self) -> dict:
        """The scores as plain JSON types."""
        return asdict(self) | {"confusion": self.confusion.tolist()}


def score(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> Scores:
    """Score (n, 10) logits against (n,) labels, with the softmax taken at the temperature."""
    log_probabilities = special.log_softmax(np.asarray(logits, np.float64) / temperature, axis=1)
    answers = log_probabilities.argmax(axis=1)
    confusion = np.zeros((DIGITS, DIGITS), int)
    np.add.at(confusion, (labels, answers), 1)
    errors = int((answers != labels).sum())
    return Scores(
        images=len(labels),
        accuracy=1 - errors / len(labels),
        errors=errors,
        nll=float(-log_probabilities[np.arange(len(labels)), labels].mean()),
        ece=expected_calibration_error(np.exp(log_probabilities), labels),
        confusion=confusion,
    )


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The mean gap between confidence and accuracy over 15 equal bins (Guo et al. 2017, eq. 3)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def calibrate(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit temperature and refusal thresholds to validation's (n, 10) logits and (n,) labels."""
    temperature = fit_temperature(logits, labels)
    confidence = special.softmax(np.asarray(logits, np.float64) / temperature, axis=1).max(axis=1)
    energy = -special.logsumexp(np.asarray(logits, np.float64), axis=1)
    return Calibration(
        temperature,
        min_confidence=float(np.quantile(confidence, REFUSED_BY_CONFIDENCE)),
        max_energy=float(np.quantile(energy, 1 - REFUSED_BY_ENERGY)),
    )


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least NLL on (n, 10) logits and (n,) labels (Guo et al. 2017)."""
    found = optimize.minimize_scalar(
        lambda log_temperature: score(logits, labels, np.exp(log_temperature)).nll,
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
    )
    return float(np.exp(found.x))
