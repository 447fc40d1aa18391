"""Corrections: on the disk once they are said to be, whole or not at all, and not too many."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digit_model.arrays import Box, Digit, Placement, Reading
from digit_model.checkpoint import Checkpoint
from digit_model.data import mnist
from digit_model.pretrained import Pretrained
from page.corrections import store as corrections
from page.corrections.panel import consent, correct, correction_panel
from page.corrections.store import Corrections, NotKept
from page.models.registry import Models
from page.reading.answer import ReadingView
from tests.helpers import ROOT

SERVED = Pretrained(None, Checkpoint(None, "cnn", None, {}, "ab" * 32), "user/digits at 1a2b3c4d")


def seen(number: int = 0, side: int = 280) -> ReadingView:
    tile = np.random.default_rng(number).random((28, 28)).astype(np.float32)
    probabilities = np.full(10, 0.05, np.float32)
    probabilities[7] = 0.55
    box = Box(side // 4, side // 4, side // 2, side // 2)
    mark = Digit(tile, Placement(0, 0, 10), box, 0, probabilities, True)
    picture = np.full((side, side, 3), number % 256, np.uint8)
    return ReadingView(Reading(picture, (mark,), 0.01), 0, 7)


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def test_a_correction_is_kept_with_what_it_takes_to_learn_from_it(tmp_path):
    given = seen()
    Corrections(tmp_path / "new").keep(given, 4, SERVED)
    [folder] = kept(tmp_path / "new")
    record = json.loads((folder / "record.json").read_text())
    assert record["correction"] == 4
    assert record["answer"] == 7
    assert record["model"] == SERVED.source
    assert record["sha256"] == SERVED.checkpoint.sha256
    assert len(record["probabilities"]) == 10
    with Image.open(folder / "picture.png") as picture:
        assert max(picture.size) <= corrections.LONGEST_SIDE
    digits, others = mnist.read_corrections(tmp_path / "new")
    assert digits.labels.tolist() == [4]
    assert len(others) == 0
    np.testing.assert_allclose(digits.tiles[0], given.chosen.tile, atol=0.5 / 255 + 1e-6)


def test_the_last_word_on_a_mark_counts(tmp_path):
    shelf = Corrections(tmp_path)
    for label in (4, 4, 5, None, 5, 5):
        shelf.keep(seen(), label, SERVED)
    assert len(kept(tmp_path)) == 4
    assert mnist.read_corrections(tmp_path)[0].labels.tolist() == [5]
    shelf.keep(seen(), None, SERVED)
    digits, others = mnist.read_corrections(tmp_path)
    assert (len(digits), len(others)) == (0, 1)


def test_an_unfinished_one_is_not_read(tmp_path):
    shelf = Corrections(tmp_path)
    shelf.keep(seen(), 4, SERVED)
    (tmp_path / ".new-0").mkdir()
    (tmp_path / ".new-0" / "tile.png").write_bytes(b"\x89PNG")
    assert len(mnist.read_corrections(tmp_path)[0]) == 1


def test_a_flood_is_turned_away_with_a_sentence(tmp_path, monkeypatch):
    shelf = Corrections(tmp_path)
    for number in range(corrections.MOST_A_MINUTE):
        shelf.keep(seen(number), 4, SERVED)
    with pytest.raises(NotKept, match="in a minute"):
        shelf.keep(seen(99), 4, SERVED)
    monkeypatch.setattr(corrections, "MOST_KEPT", 30)
    with pytest.raises(NotKept, match="no room"):
        Corrections(tmp_path).keep(seen(99), 4, SERVED)
    assert len(kept(tmp_path)) == corrections.MOST_A_MINUTE


def test_the_largest_picture_is_bounded(tmp_path):
    given = seen(side=640)
    noise = np.random.default_rng(0).integers(0, 256, (640, 640, 3), np.uint8)
    given = ReadingView(Reading(noise, given.reading.digits, 0.01), 0, 7)
    Corrections(tmp_path).keep(given, 4, SERVED)
    [folder] = kept(tmp_path)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 60_000


def test_threads_do_not_disturb_one_another(tmp_path):
    shelf = Corrections(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: shelf.keep(seen(n), n % 10, SERVED), range(20)))
    assert sorted(mnist.read_corrections(tmp_path)[0].labels.tolist()) == sorted([*range(10)] * 2)


def test_a_disk_that_cannot_be_written_is_a_sentence_without_a_path(tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = correct(Corrections(tmp_path / "file" / "in"), Models(SERVED), None, seen(), "4")
    assert "could not be kept" in said
    assert str(tmp_path) not in said


@pytest.mark.parametrize("choice", [None, 4, "10", "-1", "<b>", ["4"], "٤"])
def test_what_is_no_choice_is_not_kept(tmp_path, choice):
    assert "no answer" in correct(Corrections(tmp_path), Models(SERVED), None, seen(), choice)
    assert "no answer" in correct(Corrections(tmp_path), Models(SERVED), None, None, "4")
    assert not kept(tmp_path)


def test_the_consent_says_where_and_how_long_it_is_kept(tmp_path):
    here, space = Corrections(tmp_path), {"SPACE_ID": "user/name"}
    assert "until" not in consent(here, {})
    assert "until this Space restarts" in consent(here, space)
    assert "until" not in consent(Corrections(Path("/data/corrections")), space)
    assert consent(here, {}) in correction_panel(here, {}).html_template
    with closing(Corrections(tmp_path, "user/said")) as both:
        assert "private data set on the Hugging Face Hub" in consent(both, space)


WRITER = """
import sys
from pathlib import Path
from page.corrections import store as corrections
from tests.page.corrections.test_store import SERVED, seen
corrections.MOST_A_MINUTE = 10**9
shelf = corrections.Corrections(Path(sys.argv[1]))
for number in range(10**6):
    shelf.keep(seen(number), number % 10, SERVED)
    print(number, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_stopped_loses_nothing_that_it_said_it_kept(tmp_path, how):
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout.readline() == "0\n"
        time.sleep(0.5)
        writer.send_signal(how)
        said = writer.stdout.read().split()
    digits, _ = mnist.read_corrections(tmp_path)
    assert len(said) > 1
    assert len(said) + 1 <= len(digits) <= len(said) + 2
