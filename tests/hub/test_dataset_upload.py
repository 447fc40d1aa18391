"""Folders that go to a private dataset on a Hub on loopback, each once and whole."""

import pytest
from huggingface_hub import HfApi

from digit_model import hub
from digit_model.errors import PublishFailed
from tests.loopback_hub import TOKEN

# huggingface_hub 2.4 hands files to its HTTP client in a way that the client wants to drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
REPO = "user/said"


@pytest.fixture
def folders(tmp_path):
    made = []
    for name in ("one", "two"):
        made.append(tmp_path / name)
        made[-1].mkdir()
        (made[-1] / "tile.png").write_bytes(b"picture of " + name.encode())
        (made[-1] / "record.json").write_text("{}")
    return made


@pytest.fixture
def upload_folders(remote, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return lambda folders, repo=REPO: hub.upload_folders(repo, folders, endpoint=remote.url)


def files(remote) -> dict[str, bytes]:
    kept = remote.repos[f"datasets/{REPO}"].at("main")[1]
    return {name: content for name, content in kept.items() if "/" in name}


def test_what_is_lacking_is_added_in_one_commit(upload_folders, remote, folders):
    assert upload_folders(folders[:1]) == 1
    assert remote.repos[f"datasets/{REPO}"].private
    assert upload_folders(folders) == 1
    assert upload_folders(folders) == 0
    assert upload_folders(folders[1:]) == 0  # what is there stays
    assert files(remote) == {
        f"{folder.name}/{file.name}": file.read_bytes()
        for folder in folders
        for file in folder.iterdir()
    }
    # The Hub's own first one, and ours.
    assert remote.repos[f"datasets/{REPO}"].messages[1:] == ["Add 1 folder"] * 2


def test_nothing_is_asked_for_nothing(upload_folders, remote):
    assert upload_folders([]) == 0
    assert not remote.requests


def test_a_public_dataset_gets_nothing(upload_folders, remote, folders):
    remote.add(f"datasets/{REPO}", {})
    with pytest.raises(PublishFailed, match="is public"):
        upload_folders(folders)
    assert not files(remote)


def test_a_commit_that_fails_leaves_nothing_behind(upload_folders, remote, folders):
    with (
        remote.misbehave("status", "/commit/", status=503),
        pytest.raises(PublishFailed, match="error 503"),
    ):
        upload_folders(folders)
    assert not files(remote)
    assert upload_folders(folders) == 2


def test_without_a_token_it_is_said_what_to_do(upload_folders, folders, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(HfApi, "token", None, raising=False)
    with pytest.raises(PublishFailed, match="Log in"):
        upload_folders(folders)
