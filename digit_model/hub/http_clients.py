"""Time limits on the HTTP requests of huggingface_hub, which by default has none.

The library shares one HTTP client among all threads and offers no timeout per call. Replacing that
client closes the connections of every other thread, so this module wraps its factory once. The
client then asks, for each request, which limit holds in the calling context.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

import httpx2
from huggingface_hub import set_client_factory

# The factory in use has no public name.
from huggingface_hub.utils import _http as library

# For requests in the threads that the library starts itself, where no limit has been set.
MAX_SILENCE_SECONDS = 30.0

_WAITS = ("connect", "read", "write", "pool")
_T = TypeVar("_T")
# Returns how many seconds the next wait on the network may last.
_Limit = Callable[[], float]
_limit: ContextVar[_Limit | None] = ContextVar("hub_limit", default=None)
_wrapping = threading.Lock()


def run_with_deadline(seconds: float, work: Callable[[], _T]) -> _T:
    """Call ``work`` in a thread and return its result.

    Raises what ``work`` raises; after the deadline, TimeoutError or httpx2.TimeoutException.
    The thread is abandoned at the deadline, because no timeout of an HTTP client covers a silent
    name server or a header that never ends. Its requests then fail, so it ends soon after.
    """
    _wrap_client_factory()
    future: Future[_T] = Future()
    deadline = time.monotonic() + seconds

    def seconds_left() -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def run() -> None:
        _limit.set(seconds_left)
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            future.set_exception(error)

    threading.Thread(target=run, name="hub", daemon=True).start()
    return future.result(seconds)


@contextmanager
def limit_silence(seconds: float) -> Iterator[None]:
    """Let requests of the calling thread fail once a connection has been silent for ``seconds``."""
    _wrap_client_factory()
    token = _limit.set(lambda: seconds)
    try:
        yield
    finally:
        _limit.reset(token)


@dataclass(frozen=True)
class _LimitedClientFactory:
    """Makes the clients of another factory, with hooks that apply the limits of this module."""

    make_client: Callable[[], httpx2.Client]

    def __call__(self) -> httpx2.Client:
        client = self.make_client()
        hooks = client.event_hooks
        client.event_hooks = {
            "request": [*hooks["request"], _limit_request],
            "response": [*hooks["response"], _limit_body],
        }
        return client


def _wrap_client_factory() -> None:
    """Wrap the library's client factory, unless that has been done."""
    with _wrapping:
        factory = library._GLOBAL_CLIENT_FACTORY
        if not isinstance(factory, _LimitedClientFactory):
            set_client_factory(_LimitedClientFactory(factory))


def _limit_request(request: httpx2.Request) -> None:
    # Set per request, because some of the library's calls ask for no timeout at all.
    timeouts = request.extensions.get("timeout", {})
    limit = _limit.get()
    request.extensions["timeout"] = {
        wait: limit() if limit else timeouts.get(wait) or MAX_SILENCE_SECONDS for wait in _WAITS
    }


def _limit_body(response: httpx2.Response) -> None:
    if limit := _limit.get():
        response.stream = _LimitedStream(response.stream, limit)


class _LimitedStream(httpx2.SyncByteStream):
    """A response body that is read until ``limit`` raises TimeoutError."""

    def __init__(self, stream, limit: _Limit):
        self._stream, self._limit = stream, limit

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._limit()
            yield chunk

    def close(self) -> None:
        self._stream.close()
