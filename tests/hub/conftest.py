"""A Hub on loopback for the tests of digit_model/hub, with one repository in it."""

import threading
from pathlib import Path

import pytest
from huggingface_hub import constants

from digit_model import hub
from tests.loopback_hub import LoopbackHub

REPO = "user/digits"
WEIGHTS, CONFIG = "model.weights.h5", "config.json"
FILES = {WEIGHTS: bytes(range(256)) * 64, CONFIG: b'{"format": 1}'}
GENEROUS = 20.0


@pytest.fixture(autouse=True)
def plain_uploads(monkeypatch):
    """The loopback Hub does not speak Xet; the token is given by the tests that have one."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield
    for thread in threading.enumerate():
        if thread.name == "hub":  # given up by a test, and about to find out
            thread.join(10)


@pytest.fixture(scope="module")
def server():
    with LoopbackHub() as server:
        yield server


@pytest.fixture
def remote(server):
    """The server with one repository, and nothing asked of it yet."""
    server.repos.clear()
    server.objects.clear()
    server.add(REPO, {**FILES, "README.md": b"hello"})
    server.requests.clear()
    return server


@pytest.fixture
def download(remote, tmp_path):
    def run(repo=REPO, revision=None, timeout=GENEROUS, endpoint=remote.url):
        return hub.download(
            repo,
            revision,
            tuple(FILES),
            timeout=timeout,
            endpoint=endpoint,
            cache=tmp_path / "cache",
        )

    return run


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
