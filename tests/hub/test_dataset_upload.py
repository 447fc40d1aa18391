"""Uploads of folders to a private dataset on a Hub on loopback."""

import pytest
from huggingface_hub import HfApi

from digit_model import hub
from digit_model.errors import PublishFailed
from tests.loopback_hub import TOKEN

# huggingface_hub 2.4 passes files to its HTTP client in a deprecated way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
REPO = "user/corrections"


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
    uploaded = remote.repos[f"datasets/{REPO}"].at("main")[1]
    return {name: content for name, content in uploaded.items() if "/" in name}


def test_missing_folders_are_added_in_one_commit(upload_folders, remote, folders):
    assert upload_folders(folders[:1]) == 1
    assert remote.repos[f"datasets/{REPO}"].private
    assert upload_folders(folders) == 1
    assert upload_folders(folders) == 0
    assert upload_folders(folders[1:]) == 0  # folders that are already there stay
    assert files(remote) == {
        f"{folder.name}/{file.name}": file.read_bytes()
        for folder in folders
        for file in folder.iterdir()
    }
    # Without the Hub's initial commit.
    assert remote.repos[f"datasets/{REPO}"].messages[1:] == ["Add 1 folder"] * 2


def test_an_empty_list_causes_no_request(upload_folders, remote):
    assert upload_folders([]) == 0
    assert not remote.requests


def test_nothing_is_uploaded_to_a_public_dataset(upload_folders, remote, folders):
    remote.add(f"datasets/{REPO}", {})
    with pytest.raises(PublishFailed, match="is public"):
        upload_folders(folders)
    assert not files(remote)


def test_a_failed_commit_uploads_nothing_and_can_be_repeated(upload_folders, remote, folders):
    with (
        remote.misbehave("status", "/commit/", status=503),
        pytest.raises(PublishFailed, match="error 503"),
    ):
        upload_folders(folders)
    assert not files(remote)
    assert upload_folders(folders) == 2


def test_a_missing_token_is_reported_with_a_remedy(upload_folders, folders, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(HfApi, "token", None, raising=False)
    with pytest.raises(PublishFailed, match="Log in"):
        upload_folders(folders)
