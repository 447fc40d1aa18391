"""Score logits against labels, and fit the calibration of a network."""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import optimize, special

from .acceptance import energy, to_probabilities
from .arrays import DIGITS, Calibration

CALIBRATION_BINS = 15
# The share of the validation digits that each of the two acceptance thresholds may reject.
REJECTED_BY_CONFIDENCE = 0.001
REJECTED_BY_ENERGY = 0.004
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0


@dataclass(frozen=True, eq=False)
class Scores:
    """A network's scores on a data set.

    images, errors: counts.
    accuracy: the share of correct answers, 0..1.
    nll: the mean negative log-likelihood of the labels, in nats.
    ece: the expected calibration error, 0..1.
    confusion: (10, 10) int; rows are true digits, columns are answers.
    """

    images: int
    accuracy: float
    errors: int
    nll: float
    ece: float
    confusion: np.ndarray

    def as_json(self) -> dict:
        """Return the scores as plain JSON types."""
        return asdict(self) | {"confusion": self.confusion.tolist()}


@dataclass(frozen=True)
class Misread:
    """An image that is read as another digit than its label.

    index: its position in the data set, from 0.
    confidence: the calibrated probability of the answer.
    """

    index: int
    label: int
    answer: int
    confidence: float


def score(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> Scores:
    """Score (n, 10) logits, divided by the temperature, against (n,) integer labels."""
    log_probabilities = special.log_softmax(np.asarray(logits, np.float64) / temperature, axis=1)
    answers = log_probabilities.argmax(axis=1)
    errors = int((answers != labels).sum())
    return Scores(
        images=len(labels),
        accuracy=1 - errors / len(labels),
        errors=errors,
        nll=float(-log_probabilities[np.arange(len(labels)), labels].mean()),
        ece=expected_calibration_error(np.exp(log_probabilities), labels),
        confusion=confusion_matrix(labels, answers),
    )


def confusion_matrix(labels: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Count the pairs of (n,) labels and (n,) answers: (10, 10) int, labels by row."""
    counts = np.zeros((DIGITS, DIGITS), int)
    np.add.at(counts, (labels, answers), 1)
    return counts


def misread(logits: np.ndarray, labels: np.ndarray, temperature: float) -> list[Misread]:
    """List the images whose answer is not their label, in the order of the data set.

    logits: (n, 10). labels: (n,) integers. temperature: the calibration's, for the confidence.
    """
    probabilities = to_probabilities(logits, temperature)
    answers = probabilities.argmax(axis=1)
    return [
        Misread(index, int(labels[index]), int(answers[index]), float(probabilities[index].max()))
        for index in np.flatnonzero(answers != labels).tolist()
    ]


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean gap between confidence and accuracy (Guo et al. 2017, eq. 3).

    probabilities: (n, 10). labels: (n,) integers. The confidences fall into 15 bins of equal width.
    """
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=is_right - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def calibrate(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit temperature and acceptance thresholds to the validation set.

    logits: (n, 10). labels: (n,) integers.
    """
    temperature = fit_temperature(logits, labels)
    confidence = to_probabilities(logits, temperature).max(axis=1)
    return Calibration(
        temperature,
        min_confidence=float(np.quantile(confidence, REJECTED_BY_CONFIDENCE)),
        max_energy=float(np.quantile(energy(logits), 1 - REJECTED_BY_ENERGY)),
    )


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature that minimises the NLL (Guo et al. 2017).

    logits: (n, 10). labels: (n,) integers.
    """
    result = optimize.minimize_scalar(
        lambda log_temperature: score(logits, labels, np.exp(log_temperature)).nll,
        bounds=(np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE)),
        method="bounded",
    )
    return float(np.exp(result.x))
