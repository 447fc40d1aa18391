"""Copying corrections to the Hub: woken, retried, finished at the end, never in the way."""

import threading
from contextlib import closing

import pytest

from digit_model import hub
from digit_model.errors import PublishFailed
from page.corrections import uploader
from page.corrections.uploader import CorrectionUploader


@pytest.fixture
def deposits(monkeypatch) -> list[list[str]]:
    """Collect uploads in place of the Hub."""
    seen: list[list[str]] = []
    monkeypatch.setattr(
        hub, "upload_folders", lambda repo, folders, endpoint: seen.append([*folders])
    )
    return seen


def wait_for(condition) -> None:
    for _ in range(200):
        if condition():
            return
        threading.Event().wait(0.02)
    raise AssertionError("It did not happen within 4 seconds.")


def test_corrections_of_an_earlier_run_are_uploaded_first(deposits):
    with closing(CorrectionUploader("user/said", lambda: ["old"])):
        wait_for(lambda: deposits == [["old"]])


def test_the_last_corrections_are_uploaded_at_the_end(deposits):
    folders: list[str] = []
    running = CorrectionUploader("user/said", lambda: folders)
    wait_for(lambda: deposits)
    folders.append("new")
    running.wake()
    running.close()
    assert deposits[-1] == ["new"]


def test_a_failed_upload_is_retried(deposits, monkeypatch, caplog):
    monkeypatch.setattr(uploader, "INTERVAL_SECONDS", 0.01)
    tried = []

    def fail_once(repo, folders, endpoint):
        tried.append(repo)
        if len(tried) == 1:
            raise PublishFailed("The Hub is away.")

    monkeypatch.setattr(hub, "upload_folders", fail_once)
    with closing(CorrectionUploader("user/said", list)):
        wait_for(lambda: len(tried) > 1)
    assert "The Hub is away." in caplog.text


def test_a_silent_hub_does_not_hold_up_a_stop(monkeypatch, caplog):
    monkeypatch.setattr(uploader, "CLOSING_SECONDS", 0.1)
    silence = threading.Event()
    monkeypatch.setattr(hub, "upload_folders", lambda *_, **__: silence.wait(20))
    CorrectionUploader("user/said", list).close()
    assert "are on this machine" in caplog.text
    silence.set()


def test_an_invalid_repository_name_is_refused(deposits):
    with pytest.raises(PublishFailed, match="USER/NAME"):
        CorrectionUploader("said", list)
