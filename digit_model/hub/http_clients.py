"""HTTP clients for huggingface_hub that give up: at a deadline, or on a silent connection."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

import httpx2
from huggingface_hub import set_client_factory

# The default client with the library's own hooks, for offline mode and such; it has no public name.
from huggingface_hub.utils._http import default_client_factory

_T = TypeVar("_T")


def run_with_deadline(timeout: float, work: Callable[[], _T]) -> _T:
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
            _limit(request, seconds_left())

    def limit_body(response: httpx2.Response) -> None:
        if threading.current_thread() is worker:
            response.stream = _DeadlineStream(response.stream, seconds_left)

    client = default_client_factory()
    client.event_hooks = {
        "request": [*client.event_hooks["request"], limit_request],
        "response": [limit_body],
    }
    return client


class _DeadlineStream(httpx2.SyncByteStream):
    """A body that is read chunk by chunk for as long as ``check`` does not raise."""

    def __init__(self, stream, check: Callable[[], object]):
        self._stream, self._check = stream, check

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._check()
            yield chunk

    def close(self) -> None:
        self._stream.close()


@contextmanager
def limit_silence(seconds: float) -> Iterator[None]:
    """Inside, a connection may stay silent for so many seconds and no longer."""

    def client() -> httpx2.Client:
        client = default_client_factory()
        hooks = client.event_hooks
        # The client's own timeout would not do: some of the library's calls ask for none.
        hooks["request"] = [*hooks["request"], lambda request: _limit(request, seconds)]
        client.event_hooks = hooks
        return client

    set_client_factory(client)
    try:
        yield
    finally:
        set_client_factory(default_client_factory)


def _limit(request: httpx2.Request, seconds: float) -> None:
    limits = ("connect", "read", "write", "pool")
    request.extensions["timeout"] = dict.fromkeys(limits, seconds)
