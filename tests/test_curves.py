import numpy as np
import pytest

from digit_model.curves import draw


def row(epoch, **changes):
    scores = {"loss": 0.5, "accuracy": 0.9, "val_loss": 0.4, "val_accuracy": 0.95}
    return {"epoch": epoch, "seconds": 1.0, **scores, **changes}


@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_log_is_drawn(count):
    rows = [row(1, step=1), *(row(epoch, loss=1 / epoch) for epoch in range(1, count + 1))]
    assert np.asarray(draw(rows)).std() > 0


def test_no_errors_at_all_are_drawn():
    assert np.asarray(draw([row(1, val_accuracy=1.0), row(2, val_accuracy=1.0)])).std() > 0


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_training_that_diverged_is_drawn(loss):
    assert np.asarray(draw([row(1), row(2, loss=loss, val_loss=loss)])).std() > 0
    assert np.asarray(draw([row(1, loss=loss, val_loss=loss)])).std() > 0


def test_a_lower_loss_is_a_lower_line():
    high, low = (np.asarray(draw([row(1), row(2, val_loss=loss)])) for loss in (0.4, 0.04))
    assert not np.array_equal(high, low)


def test_what_learned_from_all_images_is_drawn_without_validation():
    held_out = [row(1), row(2, loss=0.3)]
    learned = [
        {name: value for name, value in each.items() if not name.startswith("val_")}
        for each in held_out
    ]
    alone, both = (np.asarray(draw(rows)) for rows in (learned, held_out))
    assert alone.std() > 0
    assert not np.array_equal(alone, both)


def test_every_column_has_its_own_curves():
    one, other = row(1, loss=0.5), row(2, loss=0.1)
    rows = [{"column": name, **each} for name in ("cnn", "small") for each in (one, other)]
    alone, both = draw([one, other]), draw(rows)
    assert both.size == (alone.width, 2 * alone.height)
    upper, lower = np.split(np.asarray(both), 2)
    assert not np.array_equal(upper, lower)  # Their names stand above them.
