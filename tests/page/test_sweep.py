"""Visitors' files are deleted in time, also while others arrive, and nobody else's are touched."""

import os
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from page.sweep import Sweep, delete_older, make_folder


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return make_folder()


def wait_until(is_true) -> None:
    end = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.02)


def put(folder: Path, name: str) -> Path:
    path = folder / name / "picture.png"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"a picture")
    return path


def test_gradio_is_given_a_folder_of_its_own(folder, tmp_path):
    assert Path(os.environ["GRADIO_TEMP_DIR"]) == folder
    assert folder.parent == tmp_path
    assert make_folder() != folder


def test_files_are_deleted_and_their_folders_with_them(folder):
    put(folder, "old")
    with closing(Sweep(folder, max_age=0.2, pause=0.05)):
        wait_until(lambda: not list(folder.iterdir()))


def test_files_that_arrive_during_a_sweep_end_no_sweep(folder):
    """What happens to Gradio's own deletion: a set that changes while it is looked at."""
    end, names = time.monotonic() + 2, iter(range(10**9))

    def upload() -> None:
        while time.monotonic() < end:
            put(folder, str(next(names)))
            time.sleep(0.005)

    uploads = [threading.Thread(target=upload) for _ in range(3)]
    with closing(Sweep(folder, max_age=0.3, pause=0.01)):
        for thread in uploads:
            thread.start()
        for thread in uploads:
            thread.join()
        assert next(names) > 100
        wait_until(lambda: not list(folder.iterdir()))


def test_a_young_file_and_a_young_folder_stay(folder):
    young = put(folder, "young")
    (folder / "empty").mkdir()
    delete_older(folder, time.time() - 60)
    assert young.exists()
    assert (folder / "empty").exists()


def test_files_of_a_server_that_was_killed_are_deleted_too(folder):
    left = put(make_folder(), "left")
    with closing(Sweep(folder, max_age=0.2, pause=0.05)):
        wait_until(lambda: not left.exists())


def test_nothing_outside_is_touched(folder, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter.txt").write_text("not a visitor's")
    (tmp_path / "digit-reader-trap").symlink_to(home)
    (folder / "link").symlink_to(home)
    beside = put(tmp_path, "gradio")
    old = put(folder, "old")
    with closing(Sweep(folder, max_age=0.2, pause=0.05)):
        wait_until(lambda: not old.exists())
    assert (home / "letter.txt").exists()
    assert beside.exists()


def test_the_folder_goes_at_the_end(folder):
    put(folder, "a picture")
    Sweep(folder).close()
    assert not folder.exists()
