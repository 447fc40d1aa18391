"""Models that can be chosen: listed, verified, loaded once, and chosen by one visitor."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from digit_model import pretrained
from digit_model.checkpoint import Checkpoint
from digit_model.errors import BadCheckpoint
from digit_model.pretrained import Pretrained
from page import data_urls
from page.corrections.correct import correct
from page.corrections.store import CorrectionStore
from page.files import table as batch
from page.models import registry as registry_module
from page.models.registry import ModelRegistry
from page.reader import SERVED, Readers, ReaderSettings
from page.reading.handlers import Handlers
from page.reading.recent import RecentViews
from tests.helpers import sketch
from tests.page.helpers import (
    BROKEN,
    DENSE,
    OTHER_BUNDLED,
    reading_view,
    write_checkpoint,
)


def test_models_are_listed_before_they_are_verified(bundled, runs, monkeypatch):
    monkeypatch.setattr(registry_module, "CHECKING_SECONDS", 600)
    registry = ModelRegistry(bundled, runs)
    assert [row.key for row in registry.rows()] == [SERVED, *OTHER_BUNDLED, BROKEN, DENSE]
    assert all(row.summary is None and not row.problem for row in registry.rows())
    *_, last = registry.check()
    served, *_, broken, dense = last
    assert served.summary.parameters == 274_218
    assert dense.summary.architecture == "dense"
    assert dense.summary.bytes == (runs / "dense" / "model.weights.h5").stat().st_size
    assert 0 < dense.summary.milliseconds < 1000
    assert "config.json" in broken.problem
    assert list(registry.check()) == []


def test_all_bundled_checkpoints_are_listed_if_another_one_serves(runs):
    registry = ModelRegistry(pretrained.load_folder(runs / "dense", "the folder dense"), runs)
    keys = [f"bundled/{name}" for name in pretrained.bundled_folders()]
    assert "bundled/cnn" in keys
    assert [row.key for row in registry.rows()] == [SERVED, *keys, BROKEN]


def test_checking_ends_at_its_deadline(bundled, runs, monkeypatch):
    monkeypatch.setattr(registry_module, "CHECKING_SECONDS", -1)
    assert list(ModelRegistry(bundled, runs).check()) == []


@pytest.mark.parametrize("folder", [None, Path("no such folder")])
def test_without_a_folder_only_what_ships_is_listed(bundled, folder):
    keys = [row.key for row in ModelRegistry(bundled, folder).rows()]
    assert keys == [SERVED, *OTHER_BUNDLED]


@pytest.mark.parametrize("key", [BROKEN, "runs/begun", "../runs/dense", "dense", "/etc", ""])
def test_a_damaged_or_missing_model_is_reported_in_a_sentence(registry, runs, key):
    with pytest.raises(BadCheckpoint) as caught:
        registry.get(key)
    assert str(caught.value).endswith(".")
    assert str(runs) not in str(caught.value)


def test_a_retrained_checkpoint_is_another_model(bundled, tmp_path):
    first = write_checkpoint(tmp_path / "runs" / "dense")
    registry = ModelRegistry(bundled, tmp_path / "runs")
    list(registry.check())
    assert registry.get(DENSE).checkpoint.sha256 == first.sha256
    second = write_checkpoint(tmp_path / "runs" / "dense", seed=1, force=True)
    checked = {row.key: row.summary is not None for row in registry.rows()}
    assert checked[SERVED]
    assert not checked[DENSE]
    assert registry.get(DENSE).checkpoint.sha256 == second.sha256


def test_a_model_is_loaded_once_and_old_ones_are_released(bundled, runs, tmp_path, monkeypatch):
    read = []

    def counted(folder: Path, source: str) -> Pretrained:
        read.append(source)
        return Pretrained(None, Checkpoint(None, "dense", None), source, folder=folder)

    monkeypatch.setattr(pretrained, "load_folder", counted)
    monkeypatch.setattr(registry_module, "MAX_LOADED", 1)
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "config.json").write_text("{}")
    registry = ModelRegistry(bundled, tmp_path / "runs")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(registry.get, ["runs/one"] * 16))
    assert read == ["runs/one"]
    assert len(set(map(id, found))) == 1
    for key in ("runs/two", "runs/one"):
        assert registry.get(key).source == key
    assert read == ["runs/one", "runs/two", "runs/one"]
    monkeypatch.setattr(registry_module, "MAX_IDLE_SECONDS", -1)
    registry.get(SERVED)
    assert registry.get("runs/one").source == "runs/one"
    assert read[3:] == ["runs/one"]


@pytest.fixture(scope="module")
def readers(runs) -> Iterator[Readers]:
    """Start a reader process with the bundled checkpoint and those in ``runs``."""
    with closing(Readers(ReaderSettings(checkpoints=str(runs)))) as running:
        assert running.wait()
        yield running


def bars(html: str) -> list[str]:
    return re.findall(r"height:([\d.]+)%", html)


def test_each_visitor_is_answered_by_the_chosen_model(readers):
    handlers = Handlers(readers, RecentViews())
    picture = data_urls.from_image(sketch(7))
    ours, pictures, view = handlers.read("image", picture, "LayerCAM", SERVED)
    assert 'data-method="LayerCAM" aria-pressed="true"' in pictures
    other, pictures, _ = handlers.read("image", picture, "LayerCAM", DENSE)
    assert "(gradient × input)" in pictures
    assert bars(ours) != bars(other)
    assert view
    shown, _, nothing = handlers.read("image", picture, None, "runs/gone")
    assert "no longer there" in shown
    assert nothing is None


def test_files_are_read_by_the_chosen_model(readers, tmp_path):
    files = [("seven.png", tmp_path / "seven.png")]
    sketch(7).save(files[0][1])
    (*_, first), (*_, second) = (batch.read_files(readers, files, key) for key in (SERVED, DENSE))
    assert "1 of 1 read" in second
    assert re.search(r"<td>(\d+[.\d]*%)", first)[1] != re.search(r"<td>(\d+[.\d]*%)", second)[1]
    assert "no longer there" in "".join(batch.read_files(readers, files, "runs/gone"))


def test_a_correction_names_the_model_that_answered(registry, tmp_path):
    store = CorrectionStore(tmp_path)
    assert "Saved as 4" in correct(store, registry, DENSE, reading_view(), "4")
    [folder] = (path for path in tmp_path.iterdir() if not path.name.startswith("."))
    record = json.loads((folder / "record.json").read_text())
    assert record["sha256"] == registry.get(DENSE).checkpoint.sha256
    assert record["model"] == DENSE
    assert "no longer there" in correct(
        CorrectionStore(tmp_path), registry, "runs/x", reading_view(), "4"
    )
