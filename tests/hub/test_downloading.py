"""Pulling, with the real client, from a Hub on loopback that misbehaves on demand."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from digit_model.errors import ModelUnavailable
from digit_model.hub import downloading as module
from tests.hub.conftest import CONFIG, FILES, GENEROUS, REPO, WEIGHTS, content
from tests.loopback_hub import TOKEN, Trickle

UNKNOWN_COMMIT = "0123456789" * 4


def test_main_is_resolved_to_its_commit_and_exactly_the_files_come(download, remote):
    folder = download()
    assert folder.name == remote.repos[REPO].head
    assert content(folder) == FILES


def test_a_cached_commit_makes_no_request(download, remote):
    commit = remote.repos[REPO].head
    first = download(revision=commit)
    assert remote.requests
    remote.requests.clear()
    assert download(revision=commit) == first
    assert remote.requests == []


def test_a_pinned_commit_stays_when_the_repository_moves_on(download, remote):
    pinned = remote.repos[REPO].head
    remote.repos[REPO].commit({CONFIG: b"newer"})
    assert content(download(revision=pinned)) == FILES
    assert content(download())[CONFIG] == b"newer"


@pytest.mark.parametrize("name", FILES)
def test_a_copy_damaged_in_the_cache_is_fetched_anew(name, download, remote):
    commit = remote.repos[REPO].head
    cached = download(revision=commit) / name
    cached.resolve().write_bytes(bytes([cached.read_bytes()[0] ^ 1]) + FILES[name][1:])
    remote.requests.clear()
    assert content(download(revision=commit)) == FILES
    assert remote.requests


@pytest.mark.parametrize(("name", "where"), [(WEIGHTS, "objects"), (CONFIG, "GET.*config")])
def test_one_wrong_bit_on_the_way_is_noticed_and_does_not_stay(name, where, download, remote):
    pin = {"revision": remote.repos[REPO].head}
    with remote.misbehave("corrupt", where):
        assert f"{name} of {REPO} arrived damaged" in _failure(download, **pin)
    assert content(download(**pin)) == FILES


REFUSALS = {
    "no answer in time": (("silent",), "did not finish within 0.7 seconds"),
    "silent when the weights are asked for": (("silent", "HEAD.*h5"), "did not finish within"),
    "a slow drip": (("drip", "objects"), "did not finish within"),
    "a slow drip of the first answer": (("drip", "api/models"), "did not finish within"),
    "always cut in the middle": (("cut", "objects"), "did not finish within"),
    "a body that is too short": (("short", "objects"), "arrived incomplete"),
    "a log-in page": (("portal",), "is not a Hugging Face Hub"),
    "a log-in page for the files": (("portal", "resolve"), "is not a Hugging Face Hub"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_every_trouble_of_the_network_is_a_sentence_in_time(name, download, remote):
    trouble, sentence = REFUSALS[name]
    with remote.misbehave(*trouble):
        assert sentence in _failure(download, timeout=0.7)


STATUSES = {
    401: "access token is not accepted",
    403: "does not let this token read",
    404: "There is no user/digits on the Hub",
    429: "Try again in a few minutes",
    500: "answers with error 500",
    503: "answers with error 503",
}


@pytest.mark.parametrize("where", ["api/models", "HEAD.*config", "HEAD.*h5"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_refusal_of_the_server_is_a_sentence(status, where, download, remote):
    # The client itself retries 429 and 5xx for the files until the time is up.
    patient = status >= 429 and where != "api/models"
    expected = "did not finish within" if patient else STATUSES[status]
    with remote.misbehave("status", where, status=status):
        assert expected in _failure(download, timeout=0.7 if patient else GENEROUS)


def test_a_repository_that_is_not_there(download):
    assert "There is no user/other on the Hub" in _failure(download, repo="user/other")


def test_a_private_repository(download, remote):
    remote.repos[REPO].private = True
    assert "or it is private" in _failure(download)


def test_a_private_repository_with_a_token(download, remote, monkeypatch):
    remote.repos[REPO].private = True
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert content(download()) == FILES


def test_a_gated_repository(download, remote):
    remote.repos[REPO].gated = True
    assert "is gated" in _failure(download)


def test_a_revision_that_is_not_there(download):
    assert f"has no revision {UNKNOWN_COMMIT}" in _failure(download, revision=UNKNOWN_COMMIT)


def test_a_repository_without_a_checkpoint(download, remote):
    remote.add(REPO, {CONFIG: b"{}"})
    assert "holds no model.weights.h5" in _failure(download)


def test_weights_of_absurd_size_are_not_fetched(download, remote, monkeypatch):
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1000)
    assert "has 16,384 bytes; the limit is 1,000" in _failure(download)
    assert not any("resolve" in asked for asked in remote.requests)


@pytest.mark.parametrize(
    "name",
    [
        "digits",
        "a/b/c",
        "../digits",
        "user/../x",
        "",
        "user/di gits",
        "user/digits.git",
        "user/digits-",
        "user./x",
    ],
)
def test_a_malformed_name(name, download, remote):
    assert "the form USER/NAME" in _failure(download, repo=name)
    assert remote.requests == []


def test_a_refused_connection(download):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    failure = _failure(download, endpoint=f"http://127.0.0.1:{port}")
    assert "cannot be reached" in failure


def test_a_host_that_never_accepts(download):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        endpoint = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        assert "did not finish within" in _failure(download, endpoint=endpoint, timeout=0.5)


def test_headers_that_trickle_in(download):
    """No timeout between two reads ever ends this; the limit over everything does."""
    with Trickle() as trickle:
        assert "did not finish within" in _failure(download, endpoint=trickle.url, timeout=0.5)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is full")
def test_a_full_disk(download, remote, monkeypatch):
    """The real client writes into a device that is always full."""
    opened = Path.open

    def open_full(path, mode="r", *args, **kwargs):
        full = path.name.endswith(".incomplete") and "w" in mode
        return opened(Path("/dev/full") if full else path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open_full)
    assert "cannot be written (no space left on device)" in _failure(download)


def test_a_cache_that_cannot_be_written(download, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    failure = _failure(download)
    assert "cannot be written" in failure
    assert str(tmp_path) not in failure


PULL = """
import os, resource, sys
from pathlib import Path
from digit_model import hub
from digit_model.errors import ModelUnavailable

repo, endpoint, cache, largest, processes, *files = sys.argv[1:]
if int(largest):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest), int(largest)))
print("ready", flush=True)
sys.stdin.readline()
children = []
for _ in range(int(processes)):
    if child := os.fork():
        children.append(child)
        continue
    try:
        said = hub.download(repo, None, files, timeout=20, endpoint=endpoint, cache=Path(cache))
    except ModelUnavailable as error:
        said = error
    os.write(1, f"{said}\\n".encode())
    os._exit(0)
for child in children:
    os.waitpid(child, 0)
"""


@pytest.fixture
def pull(remote, tmp_path):
    """Let processes pull at the same moment; a context that gives what they said."""

    @contextmanager
    def run(processes=1, largest=0):
        given = (REPO, remote.url, tmp_path / "cache", largest, processes, *FILES)
        pulling = subprocess.Popen(
            [sys.executable, "-c", PULL, *map(str, given)],
            env=os.environ | {"HF_HUB_DISABLE_XET": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert pulling.stdout.readline() == "ready\n"
        pulling.stdin.write("\n")
        pulling.stdin.flush()
        try:
            yield pulling
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pulling.pid, signal.SIGKILL)
            pulling.communicate()

    return run


def test_six_cold_processes_at_once_download_once(pull, remote):
    with remote.misbehave("late", "GET /objects"), pull(processes=6) as pulling:
        said = pulling.communicate(timeout=30)[0].splitlines()
        assert len(said) == 6
    assert len(set(said)) == 1
    assert content(Path(said[0])) == FILES
    body = re.compile("GET .*(objects|resolve.*json)")
    assert len([asked for asked in remote.requests if body.match(asked)]) == len(FILES)


def test_processes_that_are_killed_meanwhile_leave_nothing_in_the_way(pull, download, remote):
    with remote.misbehave("drip", "GET /objects"), pull(processes=2):
        while not any("objects" in asked for asked in remote.requests):
            time.sleep(0.01)
        time.sleep(0.2)
    assert content(download()) == FILES


def test_a_disk_without_room(pull):
    """The system itself refuses to let the file grow."""
    with pull(largest=8000) as pulling:
        assert "cannot be written (file too large)" in pulling.communicate(timeout=30)[0]


def test_other_users_of_the_library_are_left_alone(download, remote):
    """After a download that was given up, the process can use the Hub as before."""
    with remote.misbehave("silent"):
        _failure(download, timeout=0.3)
    api = HfApi(endpoint=remote.url)
    assert api.model_info(REPO).sha == remote.repos[REPO].head


def _failure(download, *, timeout=GENEROUS, **arguments) -> str:
    """The sentence of a download that must fail, and fail in time."""
    started = time.perf_counter()
    with pytest.raises(ModelUnavailable) as failure:
        download(timeout=timeout, **arguments)
    assert time.perf_counter() - started < timeout + 1.5
    sentence = str(failure.value)
    assert re.fullmatch(r"[A-Z'u].*\.", sentence), sentence
    return sentence
