"""Training curves: read from a log that may be invalid."""

import pytest

from digit_model.training_log import LOG
from page.models.history import read_history


@pytest.mark.parametrize(
    "text",
    [
        *("", "1\n", "[]\n", '{"loss": 0.5}\n', '{"accuracy": 0.5, "val_accuracy": NaN}\n'),
        *('{"accuracy": 0.5, "val_accuracy": 2}\n', "[" * 10_000, "\0", "äöü", '"epoch"\n'),
        '{"column": [], "accuracy": 0.5, "val_accuracy": 0.5}\n',
    ],
)
def test_an_invalid_log_gives_no_curves(tmp_path, text):
    (tmp_path / LOG).write_text(text, encoding="utf-8")
    assert read_history(tmp_path / LOG) == {}
    assert read_history(tmp_path / "none.jsonl") == {}
