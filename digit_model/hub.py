"""The Hugging Face Hub: fetch files of a model repository, publish files to one.

The one file that imports huggingface_hub. Whatever the network does, ``download`` returns or
raises within its time limit, and every failure is a sentence for people.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2
from huggingface_hub import (
    CommitOperationAdd,
    EvalResult,
    HfApi,
    ModelCardData,
    hf_hub_download,
    set_client_factory,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
)

# The default client with the library's own hooks, for offline mode and such; it has no public name.
from huggingface_hub.utils._http import default_client_factory

from .errors import DigitError, ModelUnavailable, PublishFailed

LARGEST_FILE = 200_000_000
# While publishing, how long a single connection may stay silent.
PUBLISH_PATIENCE = 30.0

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
# What huggingface_hub and its HTTP client raise for a network, a server or a disk that fails; the
# second line is what they stumble over when the answer is not the Hub's.
_FAILURES = (
    *(OSError, RuntimeError, EntryNotFoundError, RevisionResolutionError, httpx2.HTTPError),
    *(ValueError, KeyError, TypeError, AttributeError, httpx2.InvalidURL),
)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Published:
    """Where published files lie: the repository, the 40-hex commit and the page that shows it.

    new: whether the commit was made now; false if the repository held the same files already.
    """

    repo: str
    commit: str
    url: str
    new: bool


def is_commit(revision: str) -> bool:
    """Whether a revision is a full commit id, 40 hexadecimal digits."""
    return _COMMIT.fullmatch(revision) is not None


def is_repository_name(name: str) -> bool:
    """Whether a name has the form USER/NAME that the Hub gives to repositories."""
    return _NAME.fullmatch(name) is not None and ".." not in name and "--" not in name


def download(
    repo: str,
    revision: str | None,
    files: Collection[str],
    *,
    timeout: float,
    endpoint: str | None = None,
    cache: Path | None = None,
) -> Path:
    """Fetch the files of a model repository into the Hub's cache.

    revision: a commit, a tag or a branch; None is the repository's main branch. A 40-hex commit
        whose files are cached, and intact, makes no request.
    timeout: seconds, for everything together.
    endpoint, cache: another Hub and another folder than huggingface_hub's own.
    Returns the folder that holds the files; its name is the 40-hex commit.
    Raises ModelUnavailable.
    """
    if not is_repository_name(repo):
        raise ModelUnavailable(_misnamed(repo))

    def fetch() -> list[Path]:
        commit = _resolve(HfApi(endpoint=endpoint), repo, revision, files, timeout)
        return [
            Path(hf_hub_download(repo, file, revision=commit, endpoint=endpoint, cache_dir=cache))
            for file in files
        ]

    with _explained(ModelUnavailable, repo, f"finish within {timeout:.2g}", revision):
        paths = _cached(repo, revision, files, cache)
        if paths and not _discard_damaged(paths):
            return paths[0].parent
        paths = _within(timeout, fetch)
        if damaged := _discard_damaged(paths):
            raise ModelUnavailable(
                f"The {' and '.join(damaged)} of {repo} arrived damaged. Try again later."
            )
        return paths[0].parent


def publish(
    repo: str,
    files: Mapping[str, Path | bytes],
    *,
    message: str,
    private: bool = False,
    endpoint: str | None = None,
) -> Published:
    """Put files into a model repository in one commit; the repository is made if there is none.

    files: their content or the file that holds it, by name in the repository.
    message: what the commit says.
    private: a new repository is visible to its owner only.
    The token comes from HF_TOKEN or from ``hf auth login``. Without a change no commit is made.
    Raises PublishFailed; the repository is then as it was before, or empty if it was made now.
    """
    if not is_repository_name(repo):
        raise PublishFailed(_misnamed(repo))
    api = HfApi(endpoint=endpoint)
    with (
        _explained(PublishFailed, repo, f"answer for {PUBLISH_PATIENCE:.2g}"),
        _client(_patient_client),
    ):
        api.create_repo(repo, private=private, exist_ok=True)
        parent = api.model_info(repo).sha
        commit = api.create_commit(
            repo,
            [CommitOperationAdd(name, content) for name, content in files.items()],
            commit_message=message,
            # Another commit in between is then an error and is not overwritten.
            parent_commit=parent,
        )
    url = f"{api.endpoint}/{repo}/tree/{commit.oid}"
    return Published(repo, commit.oid, url, new=commit.oid != parent)


def front_matter(name: str, scores: Mapping[str, float]) -> str:
    """The YAML at the head of a digit classifier's model card, without the lines of dashes.

    scores: what was measured on MNIST's test set, by the metric's name, such as ``accuracy``.
    """
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type="ylecun/mnist",
            dataset_name="MNIST",
            dataset_split="test",
            metric_type=metric,
            metric_value=value,
        )
        for metric, value in scores.items()
    ]
    return ModelCardData(
        license="apache-2.0",
        library_name="keras",
        pipeline_tag="image-classification",
        datasets=["ylecun/mnist"],
        metrics=["accuracy"],
        model_name=name,
        eval_results=results or None,
    ).to_yaml()


def _resolve(
    api: HfApi, repo: str, revision: str | None, files: Collection[str], timeout: float
) -> str:
    """The 40-hex commit of a revision, once the files are known to be there and of sane size."""
    info = api.model_info(repo, revision=revision, files_metadata=True, timeout=timeout)
    if (
        info.sha is None
        or not is_commit(info.sha)
        or (is_commit(revision or "") and info.sha != revision)
    ):
        raise ValueError("The answer names no commit, or another one.")
    sizes = {sibling.rfilename: sibling.size for sibling in info.siblings or ()}
    for file in files:
        if file not in sizes:
            raise ModelUnavailable(
                f"{repo} at {info.sha[:8]} holds no {file}, so it is no checkpoint of this program."
            )
        if (sizes[file] or 0) > LARGEST_FILE:
            raise ModelUnavailable(
                f"The {file} of {repo} has {sizes[file]:,} bytes; the limit is {LARGEST_FILE:,}."
            )
    return info.sha


def _cached(
    repo: str, revision: str | None, files: Collection[str], cache: Path | None
) -> list[Path]:
    """The files of a commit if all are cached; a branch or tag may have moved since."""
    if revision is None or not is_commit(revision):
        return []
    found = [
        try_to_load_from_cache(repo, file, cache_dir=cache, revision=revision) for file in files
    ]
    paths = [Path(path) for path in found if isinstance(path, str)]
    return paths if len(paths) == len(files) else []


def _discard_damaged(paths: Iterable[Path]) -> list[str]:
    """Remove cached files whose content is not what they were named for; return their names.

    huggingface_hub itself checks no more than the size. Its cache links each file to a blob that is
    named by the git id of the content or, for large files, by the sha256; where a system has no
    links there is nothing to compare with.
    """
    damaged = []
    for path in paths:
        blob = path.parent / path.readlink() if path.is_symlink() else path
        if blob.name in (path.name, *_digests(path)):
            continue
        blob.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        damaged.append(path.name)
    return damaged


def _digests(path: Path) -> tuple[str, str]:
    """The git id and the sha256 of a file's content."""
    content = path.read_bytes()
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content).hexdigest(), hashlib.sha256(content).hexdigest()


def _within(timeout: float, work: Callable[[], _T]) -> _T:
    """Do the work in a thread and give up on it at the timeout, whatever the network does.

    No timeout of the HTTP client covers a name server that is silent or headers that trickle in.
    """
    future: Future[_T] = Future()
    deadline = time.monotonic() + timeout
    worker = threading.Thread(target=_settle, args=(future, work), name="hub", daemon=True)
    set_client_factory(lambda: _deadline_client(worker, deadline))
    worker.start()
    try:
        return future.result(timeout)
    finally:
        # A worker left behind keeps its client, which refuses it everything after the deadline and
        # treats other threads as the default one does.
        if future.done():
            set_client_factory(default_client_factory)


def _settle(future: Future[_T], work: Callable[[], _T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - not swallowed: the waiting thread raises it
        future.set_exception(error)
    else:
        future.set_result(result)


def _deadline_client(worker: threading.Thread, deadline: float) -> httpx2.Client:
    """The default client; the worker's requests and the bodies it reads end at the deadline."""

    def seconds_left() -> float:
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def limit_request(request: httpx2.Request) -> None:
        if threading.current_thread() is worker:
            limits = ("connect", "read", "write", "pool")
            request.extensions["timeout"] = dict.fromkeys(limits, seconds_left())

    def limit_body(response: httpx2.Response) -> None:
        if threading.current_thread() is worker:
            response.stream = _Watched(response.stream, seconds_left)

    client = default_client_factory()
    client.event_hooks = {
        "request": [*client.event_hooks["request"], limit_request],
        "response": [limit_body],
    }
    return client


class _Watched(httpx2.SyncByteStream):
    """A body that is read chunk by chunk for as long as ``check`` does not raise."""

    def __init__(self, stream, check: Callable[[], object]):
        self._stream, self._check = stream, check

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._check()
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _patient_client() -> httpx2.Client:
    client = default_client_factory()
    client.timeout = httpx2.Timeout(PUBLISH_PATIENCE)
    return client


@contextmanager
def _client(factory: Callable[[], httpx2.Client]) -> Iterator[None]:
    set_client_factory(factory)
    try:
        yield
    finally:
        set_client_factory(default_client_factory)


@contextmanager
def _explained(
    kind: type[DigitError], repo: str, wait: str, revision: str | None = None
) -> Iterator[None]:
    """Turn what huggingface_hub raises into one sentence of the given kind.

    wait: what the Hub failed to do if time ran out, up to the number of seconds.
    """
    try:
        yield
    except _FAILURES as error:
        sentence = next(
            filter(None, (_sentence(link, kind) for link in _chain(error))),
            "What answers is not a Hugging Face Hub: a proxy, a log-in page of the network, or a "
            "wrong HF_ENDPOINT.",
        )
        raise kind(sentence.format(repo=repo, revision=revision or "main", wait=wait)) from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; huggingface_hub wraps the telling one in a vaguer one."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


_NO_TOKEN = "Log in with `hf auth login`, or set HF_TOKEN"
_BY_TYPE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        GatedRepoError,
        "{repo} is gated. Ask for access on its page. " + _NO_TOKEN + " to a token that has it.",
    ),
    (DisabledRepoError, "The Hub has disabled {repo}."),
    (RevisionNotFoundError, "{repo} has no revision {revision}. Copy the commit from its page."),
    (RemoteEntryNotFoundError, "{repo} lacks a file that a checkpoint has."),
    (
        OfflineModeIsEnabled,
        "{repo} is not on this machine, and HF_HUB_OFFLINE forbids to fetch it.",
    ),
    (
        (TimeoutError, httpx2.TimeoutException),
        "The Hugging Face Hub did not {wait} seconds. Check the network "
        "connection, or try again later.",
    ),
    (
        httpx2.TransportError,
        "The Hugging Face Hub cannot be reached, or the connection broke. Check the network "
        "connection.",
    ),
)
_BY_STATUS = {
    402: "The Hub wants a paid plan for {repo}.",
    409: "{repo} cannot be made: the Hub has that name already.",
    412: "{repo} was changed by someone else in the meantime, so nothing was written. Look at its "
    "page, then run this again.",
    429: "The Hub refuses more requests for now. Try again in a few minutes.",
}
_DOWNLOAD_STATUS = {
    401: "The Hub does not know {repo}, or its access token is not accepted. Check the name and "
    "HF_TOKEN.",
    403: "The Hub does not let this token read {repo}. Check HF_TOKEN.",
    404: "There is no {repo} on the Hub, or it is private. Check the name. " + _NO_TOKEN + ".",
}
_PUBLISH_STATUS = {
    400: "The Hub finds a mistake in the name or the card of {repo}.",
    401: "The Hub does not accept the access token. " + _NO_TOKEN + " to one that may write.",
    403: "This access token may not write to {repo}. " + _NO_TOKEN + " to one that may.",
    404: "There is no {repo} on the Hub, or this access token may not see it. Check the name. "
    + _NO_TOKEN
    + ".",
}


def _sentence(error: BaseException, kind: type[DigitError]) -> str | None:
    """What one error means, with {repo}, {revision} and {wait} to fill in; None if unclear."""
    for types, sentence in _BY_TYPE:
        if isinstance(error, types):
            return sentence
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        if isinstance(error, RepositoryNotFoundError) and kind is ModelUnavailable:
            status = 404  # Without a token the Hub says 401 for a repository that is not there.
        own = _DOWNLOAD_STATUS if kind is ModelUnavailable else _PUBLISH_STATUS
        return (own | _BY_STATUS).get(
            status, f"The Hugging Face Hub answers with error {status}. Try again later."
        )
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return _disk_trouble(error)
    if type(error) is OSError:
        return _disk_trouble(error) if error.errno else "{repo} arrived incomplete. Try again."
    return None


def _disk_trouble(error: OSError) -> str:
    reason = (error.strerror or "no reason given").lower()
    return (
        f"The Hub's cache on this machine cannot be written ({reason}). Free or allow disk space."
    )


def _misnamed(repo: str) -> str:
    return f"{repo[:100]!r} is not a repository's name. It has the form USER/NAME."
