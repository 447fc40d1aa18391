"""Read the curves of a model from its training log, which may be anybody's. No gradio here."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from digit_model.curves import accuracies_of_log
from digit_model.training_log import read_log

Curves = Mapping[str, Sequence[float]]

# The log of an ensemble of six networks has 10 MB.
MAX_LOG_BYTES = 20_000_000


def read_history(path: Path) -> Curves:
    """Return the accuracies in a log by the name of their curve; empty if there is no valid log."""
    try:
        if path.stat().st_size > MAX_LOG_BYTES:
            return {}
        history = accuracies_of_log(read_log(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    valid = all(0 <= share <= 1 for shares in history.values() for share in shares)
    return history if valid else {}
