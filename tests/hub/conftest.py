"""Fixtures: a Hub on loopback with one repository, and a function that downloads from it."""

import threading

import pytest
from huggingface_hub import constants

from digit_model import hub
from tests.hub.helpers import FILES, LONG_SECONDS, REPO
from tests.loopback_hub import LoopbackHub


@pytest.fixture(autouse=True)
def plain_uploads(monkeypatch):
    """Turn Xet off, which the loopback Hub does not speak, and remove the user's token."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield
    for thread in threading.enumerate():
        if thread.name == "hub":  # abandoned by a test at its deadline
            thread.join(10)


@pytest.fixture(scope="module")
def server():
    with LoopbackHub() as server:
        yield server


@pytest.fixture
def remote(server):
    """Return the server with one repository and an empty list of requests."""
    server.repos.clear()
    server.standard_errors = True
    server.objects.clear()
    server.add(REPO, {**FILES, "README.md": b"hello"})
    server.requests.clear()
    return server


@pytest.fixture
def download(remote, tmp_path):
    def run(repo=REPO, revision=None, timeout=LONG_SECONDS, endpoint=remote.url):
        return hub.download(
            repo,
            revision,
            tuple(FILES),
            timeout=timeout,
            endpoint=endpoint,
            cache=tmp_path / "cache",
        )

    return run
