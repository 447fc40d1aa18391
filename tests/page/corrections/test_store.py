"""Corrections are on disk once confirmed, complete or absent, and not too many."""

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

from digit_model.arrays import Reading
from digit_model.data.corrections import read_corrections
from page.corrections import store as store_module
from page.corrections.correct import correct
from page.corrections.panel import consent, correction_panel
from page.corrections.store import CorrectionNotStored, CorrectionStore
from page.models.registry import ModelRegistry
from page.reading.view import ReadingView
from tests.helpers import ROOT
from tests.page.helpers import SERVED_MODEL, reading_view


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def test_a_correction_is_stored_with_all_that_training_needs(tmp_path):
    given = reading_view()
    CorrectionStore(tmp_path / "new").store(given, 4, SERVED_MODEL)
    [folder] = kept(tmp_path / "new")
    record = json.loads((folder / "record.json").read_text())
    assert record["correction"] == 4
    assert record["answer"] == 7
    assert record["model"] == SERVED_MODEL.source
    assert record["sha256"] == SERVED_MODEL.checkpoint.sha256
    assert len(record["probabilities"]) == 10
    with Image.open(folder / "picture.png") as picture:
        assert max(picture.size) <= store_module.MAX_SIDE_PIXELS
    digits, others = read_corrections(tmp_path / "new")
    assert digits.labels.tolist() == [4]
    assert len(others) == 0
    np.testing.assert_allclose(digits.tiles[0], given.chosen.tile, atol=0.5 / 255 + 1e-6)


def test_the_last_correction_of_a_mark_counts(tmp_path):
    store = CorrectionStore(tmp_path)
    for label in (4, 4, 5, None, 5, 5):
        store.store(reading_view(), label, SERVED_MODEL)
    assert len(kept(tmp_path)) == 4
    assert read_corrections(tmp_path)[0].labels.tolist() == [5]
    store.store(reading_view(), None, SERVED_MODEL)
    digits, others = read_corrections(tmp_path)
    assert (len(digits), len(others)) == (0, 1)


def test_an_unfinished_correction_is_not_read(tmp_path):
    store = CorrectionStore(tmp_path)
    store.store(reading_view(), 4, SERVED_MODEL)
    (tmp_path / ".new-0").mkdir()
    (tmp_path / ".new-0" / "tile.png").write_bytes(b"\x89PNG")
    assert len(read_corrections(tmp_path)[0]) == 1


def test_too_many_corrections_are_refused(tmp_path, monkeypatch):
    store = CorrectionStore(tmp_path)
    for number in range(store_module.MAX_PER_MINUTE):
        store.store(reading_view(number), 4, SERVED_MODEL)
    with pytest.raises(CorrectionNotStored, match="in a minute"):
        store.store(reading_view(99), 4, SERVED_MODEL)
    monkeypatch.setattr(store_module, "MAX_CORRECTIONS", 30)
    with pytest.raises(CorrectionNotStored, match="no room"):
        CorrectionStore(tmp_path).store(reading_view(99), 4, SERVED_MODEL)
    assert len(kept(tmp_path)) == store_module.MAX_PER_MINUTE


def test_the_size_of_a_correction_is_bounded(tmp_path):
    given = reading_view(side=640)
    noise = np.random.default_rng(0).integers(0, 256, (640, 640, 3), np.uint8)
    given = ReadingView(Reading(noise, given.reading.digits, 0.01), 0, 7)
    CorrectionStore(tmp_path).store(given, 4, SERVED_MODEL)
    [folder] = kept(tmp_path)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 60_000


def test_threads_do_not_disturb_one_another(tmp_path):
    store = CorrectionStore(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.store(reading_view(n), n % 10, SERVED_MODEL), range(20)))
    assert sorted(read_corrections(tmp_path)[0].labels.tolist()) == sorted([*range(10)] * 2)


def test_a_failing_disk_is_reported_without_its_path(tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = correct(
        CorrectionStore(tmp_path / "file" / "in"),
        ModelRegistry(SERVED_MODEL),
        None,
        reading_view(),
        "4",
    )
    assert "could not be saved" in said
    assert str(tmp_path) not in said


@pytest.mark.parametrize("choice", [None, 4, "10", "-1", "<b>", ["4"], "٤"])
def test_an_invalid_choice_is_not_stored(tmp_path, choice):
    store, models = CorrectionStore(tmp_path), ModelRegistry(SERVED_MODEL)
    assert "no answer" in correct(store, models, None, reading_view(), choice)
    assert "no answer" in correct(store, models, None, None, "4")
    assert not kept(tmp_path)


def test_the_consent_says_where_and_how_long_it_is_kept(tmp_path):
    here, space = CorrectionStore(tmp_path), {"SPACE_ID": "user/name"}
    assert "until" not in consent(here, {})
    assert "until this Space restarts" in consent(here, space)
    assert "until" not in consent(CorrectionStore(Path("/data/corrections")), space)
    assert consent(here, {}) in correction_panel(here, {}).html_template
    with closing(CorrectionStore(tmp_path, "user/said")) as both:
        assert "private dataset on the Hugging Face Hub" in consent(both, space)


WRITER = """
import sys
from pathlib import Path
from page.corrections import store as store_module
from tests.page.helpers import SERVED_MODEL, reading_view
store_module.MAX_PER_MINUTE = 10**9
store = store_module.CorrectionStore(Path(sys.argv[1]))
for number in range(10**6):
    store.store(reading_view(number), number % 10, SERVED_MODEL)
    print(number, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_server_loses_no_correction_that_it_confirmed(tmp_path, how):
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
    digits, _ = read_corrections(tmp_path)
    assert len(said) > 1
    assert len(said) + 1 <= len(digits) <= len(said) + 2
