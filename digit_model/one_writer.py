"""Read the digits of a sheet as one writer's, whose 1s all have a flag, or none has.

This is style-consistent classification (Sarkar and Nagy 2005,
https://doi.org/10.1109/TPAMI.2005.18) with the model of probabilistic linear discriminant analysis
(Ioffe 2006, https://doi.org/10.1007/11744085_41): the log odds that the network gives for one
writer's 7s are normally distributed about a mean of their own, and these means about that of all
writers.
"""

import numpy as np

from .acceptance import accept, energy, to_probabilities
from .arrays import DIGITS, Calibration

# Log odds are logits divided by the temperature, and so are alike for all networks. For the digit
# that a tile shows, and for the nine others:
MEAN_LOG_ODDS = np.where(np.eye(DIGITS, dtype=bool), 3.2, -6.4)
# The variances of one writer's log odds, and of the writers' means. The second was measured on
# drawn pages. There the first was 0.2, but odds are neither normal nor independent: with 2.2 the
# negative log-likelihood is low both on drawn pages and on MNIST's validation images.
WITHIN_WRITER, BETWEEN_WRITERS = 2.2, 0.17
# What a tile shows with less probability by itself, its neighbours do not make likely.
MIN_PROBABILITY = 1e-3


def read_as_one_writer(logits: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Adapt the logits of each tile to its writer's habits, which the other accepted tiles show.

    logits: (n, 10). Returns (n, 10) float64; the energy of each tile stays as it is.
    """
    logits = np.asarray(logits, np.float64)
    if len(logits) < 2:
        return logits
    temperature = calibration.temperature
    labels = np.eye(DIGITS)[logits.argmax(axis=1)]
    votes = labels * accept(logits, calibration)[:, None]
    evidence = _evidence_of_others(logits / temperature, votes)
    evidence[to_probabilities(logits, temperature) < MIN_PROBABILITY] = 0
    adapted = logits + temperature * evidence
    return adapted + (energy(adapted) - energy(logits))[:, None]


def _evidence_of_others(log_odds: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Return the evidence of the other tiles that each of n tiles is each digit, (n, 10) in nats.

    log_odds: (n, 10). votes: (n, 10), 1 for the digit that a tile surely is, else 0.
    """
    deviations = log_odds[:, None] - MEAN_LOG_ODDS  # (tile, digit that it may be, log odds)
    voted = votes[:, :, None] * deviations
    sums = voted.sum(axis=0) - voted
    others = (votes.sum(axis=0) - votes)[:, :, None]
    uncertainty = 1 / (1 / BETWEEN_WRITERS + others / WITHIN_WRITER)
    means = uncertainty * sums / WITHIN_WRITER
    of_writer = _log_density(deviations - means, WITHIN_WRITER + uncertainty)
    of_anyone = _log_density(deviations, WITHIN_WRITER + BETWEEN_WRITERS)
    return (of_writer - of_anyone).sum(axis=2)


def _log_density(deviations: np.ndarray, variance: np.ndarray | float) -> np.ndarray:
    """Return the logarithm of the normal density, but for a constant."""
    return -(deviations**2 / variance + np.log(variance)) / 2
