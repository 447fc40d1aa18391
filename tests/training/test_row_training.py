"""The row reader's training: batches, learning, and the command that writes its folder."""

import json

import numpy as np

from digit_model.row_reader import load_row_network
from digit_model.synthesis.digits import draw_digits
from digit_model.synthesis.strips import draw_strips
from digit_model.training.row_training import StripBatches, main
from digit_model.weights_file import CONFIG


def test_batches_hold_each_strip_once_in_an_order_of_their_own():
    drawn = draw_digits(60, seed=1)
    strips = draw_strips(drawn, drawn, 12, seed=1)
    batches = StripBatches(strips, 4, seed=1)
    first = np.concatenate([batches[index][1] for index in range(len(batches))])
    batches.on_epoch_end()
    second = np.concatenate([batches[index][1] for index in range(len(batches))])
    assert sorted(map(tuple, first)) == sorted(map(tuple, strips.labels))
    assert sorted(map(tuple, second)) == sorted(map(tuple, first))
    assert (first != second).any()
    images, labels = batches[0]
    assert images.dtype == np.float32
    assert images.max() <= 1
    assert labels.dtype == np.int32


def test_the_command_writes_a_folder_that_loads(tmp_path, drawn_mnist):
    out = tmp_path / "row"
    sizes = ["--strips", "50", "--drawn", "400", "--epochs", "1", "--batch-size", "8"]
    main(["--data", str(drawn_mnist), "--out", str(out), *sizes])
    assert load_row_network(out).count_params() > 200_000
    record = json.loads((out / CONFIG).read_bytes())
    assert record["recipe"]["strips"] == 50
    assert 0 <= record["validation"]["exact"] <= 1
