"""Check which checkpoint serves: the Hub's, or the bundled one and the reason for it."""

import json
import logging
import socket
import threading
import time

import numpy as np
import pytest
from huggingface_hub import constants

from digit_model import checkpoint, pretrained, recogniser
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.checkpoint import CONFIG, WEIGHTS, Checkpoint
from digit_model.errors import BadCheckpoint, ModelUnavailable
from tests.loopback_hub import LoopbackHub

REPO = "user/digits"
UNKNOWN = "1" * 40


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Disable Xet, which the loopback Hub does not speak, and compile only one batch size."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(recogniser, "BATCH_SIZES", (1,))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield
    for thread in threading.enumerate():
        if thread.name == "hub":  # A request that a test abandoned.
            thread.join(10)


def untrained(folder, seed, name="dense"):
    """Write a checkpoint of an untrained network whose weights depend on the seed."""
    random = np.random.default_rng(seed)
    model = ARCHITECTURES[name]()
    model.set_weights([random.normal(0, 0.05, w.shape) for w in model.get_weights()])
    checkpoint.save(folder, Checkpoint(model, name, Calibration(1.5, 0.1, 100.0)))
    return folder


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("bundled"), 1)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("published"), 2)


@pytest.fixture(scope="module")
def server():
    with LoopbackHub() as server:
        yield server


@pytest.fixture
def remote(server, published):
    server.repos.clear()
    server.add(REPO, {name: (published / name).read_bytes() for name in (WEIGHTS, CONFIG)})
    server.requests.clear()
    return server


@pytest.fixture
def environ(remote, tmp_path):
    return {
        "DIGIT_MODEL_REPO": REPO,
        "HF_ENDPOINT": remote.url,
        "HF_HUB_CACHE": str(tmp_path / "cache"),
    }


@pytest.fixture
def load(environ, bundled):
    def run(timeout=20.0, **changes):
        return pretrained.load(environ | changes, timeout=timeout, bundled=bundled)

    return run


def sha256(folder):
    return json.loads((folder / CONFIG).read_text())["weights"]["sha256"]


def assert_falls_back(served, bundled, reason, caplog):
    assert served.checkpoint.sha256 == sha256(bundled)
    assert served.source == "the bundled checkpoint"
    assert reason in served.fallback
    assert served.fallback in caplog.text


def test_the_bundled_checkpoint_serves_when_no_repository_is_set(bundled, remote, caplog):
    caplog.set_level(logging.INFO)
    served = pretrained.load({}, bundled=bundled)
    assert served.checkpoint.sha256 == sha256(bundled)
    assert served.source == "the bundled checkpoint"
    assert served.fallback is None
    assert "Serving the bundled checkpoint." in caplog.text
    assert remote.requests == []


def test_a_checkpoint_from_the_hub_gives_the_same_logits_as_the_local_one(
    load, published, remote, caplog
):
    caplog.set_level(logging.INFO)
    served = load()
    commit = remote.repos[REPO].head
    assert served.source == f"{REPO} at {commit[:8]} on the Hugging Face Hub"
    assert served.fallback is None
    assert served.source in caplog.text
    tiles = np.random.default_rng(0).random((5, 28, 28), np.float32)
    local = pretrained.load_from(published)
    np.testing.assert_array_equal(
        served.recogniser.predict_logits(tiles), local.recogniser.predict_logits(tiles)
    )


def test_a_pinned_revision_is_requested_only_once(load, remote, published):
    pin = {"DIGIT_MODEL_REVISION": remote.repos[REPO].head}
    assert load(**pin).fallback is None
    assert remote.requests
    remote.requests.clear()
    again = load(**pin)
    assert again.fallback is None
    assert again.checkpoint.sha256 == sha256(published)
    assert remote.requests == []


TROUBLES = {
    "silent": (("silent",), "did not finish within 0.5 seconds"),
    "drip": (("drip", "objects"), "did not finish within"),
    "short": (("short", "objects"), "arrived incomplete"),
    "same size, one flipped bit": (("corrupt", "objects"), "arrived damaged"),
    "login page": (("portal",), "is not a Hugging Face Hub"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_failing_hub_falls_back_in_time(name, load, remote, bundled, caplog):
    trouble, reason = TROUBLES[name]
    waits = "did not finish" in reason
    with remote.misbehave(*trouble):
        served = load(timeout=0.5 if waits else 20.0)
    assert_falls_back(served, bundled, reason, caplog)


def test_a_slow_hub_is_waited_for_and_a_silent_one_only_until_the_timeout(
    load, remote, published, bundled, monkeypatch, caplog
):
    """The bundled checkpoint is compiled meanwhile, and serves only after the timeout."""
    monkeypatch.setattr(pretrained, "FALLBACK_AFTER_SECONDS", 0.0)
    with remote.misbehave("late", "objects"):
        assert load().checkpoint.sha256 == sha256(published)
    started = time.perf_counter()
    with remote.misbehave("silent"):
        served = load(timeout=4.0, DIGIT_MODEL_REVISION=UNKNOWN)
    assert_falls_back(served, bundled, "did not finish within 4 seconds", caplog)
    assert time.perf_counter() - started < 4.0 + 1.5


def test_an_unreachable_hub_falls_back(load, bundled, caplog):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    assert_falls_back(load(HF_ENDPOINT=endpoint), bundled, "cannot be reached", caplog)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"DIGIT_MODEL_REPO": "user/other"}, "There is no user/other"),
        ({"DIGIT_MODEL_REPO": "digits"}, "the form USER/NAME"),
        ({"DIGIT_MODEL_REVISION": "main"}, "40 hexadecimal digits"),
        ({"DIGIT_MODEL_REVISION": "1" * 40}, "has no revision 1111"),
        ({"DIGIT_MODEL_SHA256": "0" * 64}, "the sha256 that was asked for"),
    ],
)
def test_a_wrong_setting_falls_back(changes, reason, load, bundled, caplog):
    assert_falls_back(load(**changes), bundled, reason, caplog)


def test_the_right_sha256_is_accepted(load, published):
    assert load(DIGIT_MODEL_SHA256=sha256(published).upper()).fallback is None


def test_an_invalid_checkpoint_on_the_hub_falls_back(load, remote, bundled, caplog):
    remote.repos[REPO].commit({CONFIG: b'{"format": 1, "architecture": "../evil"}'})
    assert_falls_back(load(), bundled, "names the architecture '../evil'", caplog)


def test_no_message_contains_a_path_or_a_token(load, remote, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    for kind, where in (("short", "objects"), ("corrupt", "objects")):
        with remote.misbehave(kind, where):
            reason = load().fallback
        assert "hf_secret" not in reason
        assert str(tmp_path) not in reason
        assert "\n" not in reason


def test_a_checkpoint_folder_can_be_loaded_by_name(published):
    served = pretrained.load_from(published)
    assert served.checkpoint.sha256 == sha256(published)
    assert served.source == f"the folder {published.name}"


@pytest.mark.parametrize("pinned", [False, True])
def test_a_repository_can_be_loaded_by_name(pinned, environ, remote):
    place = f"{REPO}@{remote.repos[REPO].head}" if pinned else REPO
    served = pretrained.load_from(place, environ)
    assert served.source.startswith(f"{REPO} at {remote.repos[REPO].head[:8]}")


def test_a_place_that_a_person_named_has_no_fallback(environ, tmp_path):
    with pytest.raises(
        ModelUnavailable, match=r"There is no folder user/other\. There is no user/other"
    ):
        pretrained.load_from("user/other", environ)
    with pytest.raises(BadCheckpoint, match=r"neither a folder, nor a bundled checkpoint \(cnn"):
        pretrained.load_from("no such folder", environ)
    with pytest.raises(BadCheckpoint, match=r"no config\.json"):
        pretrained.load_from(tmp_path, environ)


@pytest.mark.parametrize("name", sorted(pretrained.bundled_folders()))
def test_every_bundled_checkpoint_can_be_named(name):
    loaded = pretrained.load_from(name)
    assert loaded.checkpoint.record["recipe"]["architecture"] == loaded.checkpoint.architecture
    assert loaded.folder.name == name
    assert "bundled checkpoint" in loaded.source


def test_a_folder_is_preferred_to_a_bundled_checkpoint_of_the_same_name(tmp_path, monkeypatch):
    untrained(tmp_path / "cnn", 3)
    monkeypatch.chdir(tmp_path)
    assert pretrained.load_from("cnn").source == "the folder cnn"
