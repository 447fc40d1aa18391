"""Downloads with the real client from a Hub on loopback that misbehaves on demand."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from digit_model import hub
from digit_model.errors import ModelUnavailable
from digit_model.hub import downloading as module
from tests.hub.helpers import CONFIG, FILES, LONG_SECONDS, REPO, WEIGHTS, content
from tests.loopback_hub import TOKEN, Trickle

UNKNOWN_COMMIT = "0123456789" * 4


def test_main_resolves_to_its_commit_and_only_the_named_files_are_downloaded(download, remote):
    folder = download()
    assert folder.name == remote.repos[REPO].head
    assert content(folder) == FILES


def test_a_cached_commit_causes_no_request(download, remote):
    commit = remote.repos[REPO].head
    first = download(revision=commit)
    assert remote.requests
    remote.requests.clear()
    assert download(revision=commit) == first
    assert remote.requests == []


def test_a_pinned_commit_stays_the_same_after_newer_commits(download, remote):
    pinned = remote.repos[REPO].head
    remote.repos[REPO].commit({CONFIG: b"newer"})
    assert content(download(revision=pinned)) == FILES
    assert content(download())[CONFIG] == b"newer"


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_in_the_cache_is_downloaded_again(name, download, remote):
    commit = remote.repos[REPO].head
    cached = download(revision=commit) / name
    cached.resolve().write_bytes(bytes([cached.read_bytes()[0] ^ 1]) + FILES[name][1:])
    remote.requests.clear()
    assert content(download(revision=commit)) == FILES
    assert remote.requests


@pytest.mark.parametrize(("name", "where"), [(WEIGHTS, "objects"), (CONFIG, "GET.*config")])
def test_a_bit_flipped_in_transit_is_detected_and_not_cached(name, where, download, remote):
    pin = {"revision": remote.repos[REPO].head}
    with remote.misbehave("corrupt", where):
        assert f"{name} of {REPO} arrived damaged" in _failure(download, **pin)
    assert content(download(**pin)) == FILES


FAILURES = {
    "no answer": (("silent",), "did not finish within 0.7 seconds"),
    "no answer for the weights": (("silent", "HEAD.*h5"), "did not finish within"),
    "a slow body": (("drip", "objects"), "did not finish within"),
    "a slow first body": (("drip", "api/models"), "did not finish within"),
    "every body cut in the middle": (("cut", "objects"), "did not finish within"),
    "a short body": (("short", "objects"), "arrived incomplete"),
    "a login page": (("portal",), "is not a Hugging Face Hub"),
    "a login page instead of the files": (("portal", "resolve"), "is not a Hugging Face Hub"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_network_failure_is_reported_in_one_sentence_and_in_time(name, download, remote):
    trouble, message = FAILURES[name]
    with remote.misbehave(*trouble):
        assert message in _failure(download, timeout=0.7)


STATUSES = {
    401: "access token is not accepted",
    403: "may not read user/digits",
    404: "There is no user/digits on the Hub",
    429: "Try again in a few minutes",
    500: "answered with error 500",
    503: "answered with error 503",
}


@pytest.mark.parametrize("where", ["api/models", "HEAD.*config", "HEAD.*h5"])
@pytest.mark.parametrize("status", STATUSES)
def test_an_error_status_is_reported_in_one_sentence(status, where, download, remote):
    # The client retries 429 and 5xx for files until the deadline.
    retried = status >= 429 and where != "api/models"
    expected = "did not finish within" if retried else STATUSES[status]
    with remote.misbehave("status", where, status=status):
        assert expected in _failure(download, timeout=0.7 if retried else LONG_SECONDS)


def test_a_missing_repository_is_reported(download):
    assert "There is no user/other on the Hub" in _failure(download, repo="user/other")


def test_a_private_repository_without_a_token_is_reported_as_missing(download, remote):
    remote.repos[REPO].private = True
    assert "or it is private" in _failure(download)


def test_a_private_repository_is_downloaded_with_a_token(download, remote, monkeypatch):
    remote.repos[REPO].private = True
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert content(download()) == FILES


def test_a_gated_repository_is_reported(download, remote):
    remote.repos[REPO].gated = True
    assert "is gated" in _failure(download)


def test_an_unknown_revision_is_reported(download):
    assert f"has no revision {UNKNOWN_COMMIT}" in _failure(download, revision=UNKNOWN_COMMIT)


def test_an_unknown_revision_on_a_hub_that_answers_without_a_commit_is_reported(download, remote):
    remote.standard_errors = False
    assert f"has no revision {UNKNOWN_COMMIT}" in _failure(download, revision=UNKNOWN_COMMIT)


def test_a_missing_repository_on_a_hub_without_error_codes_is_reported(download, remote):
    remote.standard_errors = False
    assert "There is no user/other on the Hub" in _failure(download, repo="user/other")


def test_a_repository_without_a_checkpoint_is_reported(download, remote):
    remote.add(REPO, {CONFIG: b"{}"})
    assert "has no file model.weights.h5" in _failure(download)


def test_oversized_weights_are_not_downloaded(download, remote, monkeypatch):
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1000)
    assert "model.weights.h5 of user/digits has 16,384 bytes; the limit is 1,000" in _failure(
        download
    )
    assert not any("resolve" in request for request in remote.requests)


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
def test_a_malformed_repository_name_causes_no_request(name, download, remote):
    assert "the form USER/NAME" in _failure(download, repo=name)
    assert remote.requests == []


def test_a_refused_connection_is_reported(download):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    failure = _failure(download, endpoint=f"http://127.0.0.1:{port}")
    assert "cannot be reached" in failure


def test_a_host_that_never_accepts_a_connection_is_given_up(download):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        endpoint = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        assert "did not finish within" in _failure(download, endpoint=endpoint, timeout=0.5)


def test_a_header_that_never_ends_is_given_up(download):
    """No timeout between two reads can end this download; only the deadline can."""
    with Trickle() as trickle:
        assert "did not finish within" in _failure(download, endpoint=trickle.url, timeout=0.5)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_reported(download, remote, monkeypatch):
    """Let the client write to a device that is always full."""
    opened = Path.open

    def open_full(path, mode="r", *args, **kwargs):
        full = path.name.endswith(".incomplete") and "w" in mode
        return opened(Path("/dev/full") if full else path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open_full)
    assert "cannot be written (no space left on device)" in _failure(download)


def test_a_cache_that_cannot_be_written_is_reported_without_its_path(download, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    failure = _failure(download)
    assert "cannot be written" in failure
    assert str(tmp_path) not in failure


PULL = """
import os, resource, sys
from pathlib import Path
from digit_model import hub
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
        result = hub.download(repo, None, files, timeout=20, endpoint=endpoint, cache=Path(cache))
    except ModelUnavailable as error:
        result = error
    os.write(1, f"{result}\\n".encode())
    os._exit(0)
for child in children:
    os.waitpid(child, 0)
"""


@pytest.fixture
def pull(remote, tmp_path):
    """Return a context manager that downloads in several processes at the same moment."""

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


def test_six_processes_with_an_empty_cache_download_each_file_once(pull, remote):
    with remote.misbehave("late", "GET /objects"), pull(processes=6) as pulling:
        results = pulling.communicate(timeout=30)[0].splitlines()
        assert len(results) == 6
    assert len(set(results)) == 1
    assert content(Path(results[0])) == FILES
    body = re.compile("GET .*(objects|resolve.*json)")
    assert len([request for request in remote.requests if body.match(request)]) == len(FILES)


def test_a_killed_download_does_not_block_the_next_one(pull, download, remote):
    with remote.misbehave("drip", "GET /objects"), pull(processes=2):
        while not any("objects" in request for request in remote.requests):
            time.sleep(0.01)
        time.sleep(0.2)
    assert content(download()) == FILES


def test_a_file_size_limit_of_the_system_is_reported(pull):
    """The operating system refuses to let the file grow."""
    with pull(largest=8000) as pulling:
        assert "cannot be written (file too large)" in pulling.communicate(timeout=30)[0]


def test_the_library_still_works_after_an_abandoned_download(download, remote):
    with remote.misbehave("silent"):
        _failure(download, timeout=0.3)
    api = HfApi(endpoint=remote.url)
    assert api.model_info(REPO).sha == remote.repos[REPO].head


def test_an_upload_that_starts_during_a_download_does_not_break_it(
    download, remote, tmp_path, monkeypatch
):
    """The threads share the library's HTTP client, which must not be closed while one reads."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "record.json").write_text("{}")
    with ThreadPoolExecutor() as pool, remote.misbehave("late", "api/models"):
        downloading = pool.submit(download)
        while not remote.requests:
            time.sleep(0.01)
        assert hub.upload_folders("user/corrections", [tmp_path / "one"], endpoint=remote.url) == 1
        assert content(downloading.result()) == FILES


def _failure(download, *, timeout=LONG_SECONDS, **arguments) -> str:
    """Return the message of a download that must fail, and fail in time."""
    started = time.perf_counter()
    with pytest.raises(ModelUnavailable) as failure:
        download(timeout=timeout, **arguments)
    assert time.perf_counter() - started < timeout + 1.5
    message = str(failure.value)
    assert re.fullmatch(r"[A-Z'u].*\.", message), message
    return message
