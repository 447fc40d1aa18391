"""Reader processes: one that dies, hangs or runs out of memory costs the calls it has in hand."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import connection

import pytest

from digit_model.errors import DigitError
from digit_model.pretrained import BUNDLED_FOLDER
from page.reader import ReaderFailed, Readers, ReaderSettings, _Process
from tests.helpers import ROOT, sketch

SETTINGS = ReaderSettings(model=str(BUNDLED_FOLDER))
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers(SETTINGS)) as running:
        assert running.wait()
        yield running


@pytest.fixture
def seven(tmp_path) -> str:
    path = tmp_path / "seven.png"
    sketch(7).save(path)
    return str(path)


def pid_of(readers: Readers) -> int:
    """Return the id of the only reader process."""
    assert readers.wait()
    return readers._processes[0]._process.pid


def text_of(readers: Readers, path: str) -> str:
    return readers.call("read", picture=path).values["reading"]["text"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_reader_that_is_killed_is_replaced(readers, seven, number):
    before, pid = readers.restarts, pid_of(readers)
    os.kill(pid, number)
    while multiprocessing.active_children() and pid_of(readers) == pid:
        time.sleep(0.05)
    assert text_of(readers, seven) == "7"
    assert readers.restarts == before + 1


def test_a_reader_that_has_just_ended_takes_no_calls():
    process = _Process(SETTINGS, lambda state: None)
    process.is_ready = True  # As if it had said so; nothing here listens to it.
    assert process.takes_calls
    os.kill(process._process.pid, signal.SIGKILL)
    assert connection.wait([process._process.sentinel], 60)
    assert not process.takes_calls
    process._process.join()


def test_a_reader_that_dies_fails_the_calls_in_hand_with_a_sentence(readers, seven):
    pid = pid_of(readers)
    os.kill(pid, signal.SIGSTOP)  # So that it has calls in hand.
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(text_of, readers, seven) for _ in range(3)]
        while readers._processes[0].calls_in_hand() < 3:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        for call in calls:
            with pytest.raises(ReaderFailed, match=r"stopped.*Try again"):
                call.result(5)
    assert text_of(readers, seven) == "7"


def test_an_awaited_call_that_is_given_up_harms_no_other(readers, seven):
    async def give_up() -> None:
        call = asyncio.create_task(readers.call_async("read", picture=seven))
        while not readers._processes[0].calls_in_hand():
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    before, pid = readers.restarts, pid_of(readers)
    os.kill(pid, signal.SIGSTOP)  # So that it answers too late.
    asyncio.run(give_up())
    os.kill(pid, signal.SIGCONT)
    awaited = asyncio.run(readers.call_async("read", picture=seven))
    assert awaited.values["reading"]["text"] == text_of(readers, seven) == "7"
    assert readers.restarts == before


def test_a_reader_that_hangs_is_killed_at_the_deadline(readers, seven):
    before = readers.restarts
    os.kill(pid_of(readers), signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(ReaderFailed, match="longer than 1 seconds"):
        readers.call("read", picture=seven, seconds=1)
    assert time.monotonic() - started < 3
    assert text_of(readers, seven) == "7"
    assert readers.restarts == before + 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")
def test_a_picture_that_takes_too_much_memory_is_a_sentence(readers, seven, tmp_path):
    import resource

    path = tmp_path / "large.png"
    sketch(7, side=4000).save(path)
    pid = pid_of(readers)
    with open(f"/proc/{pid}/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (now + 2**20, now + 2**20))
    with pytest.raises(ReaderFailed, match=r"more memory|stopped"):
        readers.call("read", picture=str(path))
    os.kill(pid, signal.SIGKILL)  # The next tests want one without this limit.
    while pid_of(readers) == pid:
        time.sleep(0.05)
    assert text_of(readers, seven) == "7"


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_reader_has_a_bounded_address_space(readers):
    with open(f"/proc/{pid_of(readers)}/limits") as limits:
        [line] = [line for line in limits if line.startswith("Max address space")]
    assert int(line.split()[3]) <= 8 * 2**30


def test_what_a_reader_refuses_is_a_sentence_and_no_restart(readers, tmp_path):
    before = readers.restarts
    path = tmp_path / "bad.png"
    path.write_bytes(b"no picture at all")
    with pytest.raises(DigitError, match="text file"):
        readers.call("read", picture=str(path))
    assert readers.restarts == before


def test_a_fault_of_the_program_is_a_sentence_and_no_restart(readers, seven):
    before = readers.restarts
    with pytest.raises(DigitError, match="fault in this program"):
        readers.call("read", picture=seven, no_such_parameter=1)
    assert text_of(readers, seven) == "7"
    assert readers.restarts == before


def test_weights_that_cannot_be_loaded_are_a_failure_for_good(tmp_path):
    with closing(Readers(ReaderSettings(model=str(tmp_path)))) as readers:
        assert not readers.wait()
        assert "config.json" in readers.failure
        with pytest.raises(ReaderFailed, match=r"config\.json"):
            readers.call("check")


def test_two_readers_share_the_calls_and_one_goes_on_alone(seven):
    with closing(Readers(SETTINGS, 2)) as readers:
        while not all(process and process.is_ready for process in readers._processes):
            time.sleep(0.1)
        os.kill(pid_of(readers), signal.SIGKILL)
        while (first := readers._processes[0]) and first.is_ready:
            time.sleep(0.01)
        assert text_of(readers, seven) == "7"
        first = readers._processes[0]
        assert first is None or not first.is_ready  # Nobody waited for it.


def test_readers_end_with_the_program_that_started_them():
    program = (
        "import os, time\n"
        "from page.reader import Readers, ReaderSettings\n"
        "if __name__ == '__main__':\n"
        "    readers = Readers(ReaderSettings())\n"
        "    readers.wait()\n"
        "    print(readers._processes[0]._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60
    )
    pid = int(ended.stdout)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("the reader outlived its page process")
