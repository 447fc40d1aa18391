"""Time limits on the library's HTTP client, which all threads share."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from huggingface_hub import get_session, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from digit_model.hub import http_clients
from digit_model.hub.http_clients import limit_silence, run_with_deadline

# Which of them is raised depends on whether the thread or its caller looks at the clock first.
DEADLINE_ERRORS = (TimeoutError, httpx2.TimeoutException)


@pytest.fixture
def get(remote):
    return lambda: get_session().get(remote.url + "/api/models/user/digits")


def test_a_deadline_ends_the_call(get, remote):
    started = time.perf_counter()
    with remote.misbehave("silent"), pytest.raises(DEADLINE_ERRORS):
        run_with_deadline(0.3, get)
    assert time.perf_counter() - started < 1


def test_the_result_or_error_of_the_work_is_passed_on():
    assert run_with_deadline(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        run_with_deadline(5, lambda: 1 / 0)


def test_an_abandoned_thread_ends_soon_after_its_deadline(get, remote):
    with remote.misbehave("silent"), pytest.raises(DEADLINE_ERRORS):
        run_with_deadline(0.2, get)
    abandoned = [thread for thread in threading.enumerate() if thread.name == "hub"]
    for thread in abandoned:
        thread.join(3)
    assert not any(thread.is_alive() for thread in abandoned)


def test_a_limit_holds_in_its_thread_only(get, remote):
    with ThreadPoolExecutor() as pool, remote.misbehave("late"), limit_silence(0.1):
        assert pool.submit(get).result().status_code == 200
        with pytest.raises(httpx2.ReadTimeout):
            get()
    assert get().status_code == 200


def test_threads_of_the_library_have_a_limit_too(get, remote, monkeypatch):
    """Large files are uploaded in threads that the library starts."""
    monkeypatch.setattr(http_clients, "MAX_SILENCE_SECONDS", 0.2)
    with (
        ThreadPoolExecutor() as pool,
        remote.misbehave("silent"),
        limit_silence(20),
        pytest.raises(httpx2.ReadTimeout),
    ):
        pool.submit(get).result()


def test_the_shared_client_is_kept(get):
    with limit_silence(1):
        get()
        client = get_session()
        run_with_deadline(5, get)
        with limit_silence(2):
            assert get_session() is client
    assert get_session() is client
    assert not client.is_closed


def test_clients_of_the_host_programs_factory_are_limited(get, remote):
    def make_client():
        client = default_client_factory()
        client.headers["X-Host"] = "yes"
        return client

    set_client_factory(make_client)
    try:
        with remote.misbehave("silent"), limit_silence(0.2), pytest.raises(httpx2.ReadTimeout):
            get()
        assert get_session().headers["X-Host"] == "yes"
    finally:
        set_client_factory(default_client_factory)
