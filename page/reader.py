"""The page process's way to the reader processes, which hold the networks and decode pictures.

A reader process (reader_process.py) is started before Gradio is imported, and loads its weights
meanwhile. The page asks it by name:

    readers.ask("show", model, png, method="LayerCAM") -> Answer(values, attachments)
    readers.call("check") -> Answer(values, attachments)
    await readers.call_async("predict", picture=path) -> Answer(values, attachments)

Values are of JSON's types and attachments are bytes (messages.py). reader_calls.py lists the names,
what each takes and what it answers. A call raises DigitError with a sentence that can be shown to
the visitor: the reader's own, or that the reader stopped, took too long or is not ready yet.

A reader that dies, or answers a call too late and is killed for it, fails the calls it had in hand;
another takes its place and the next calls wait for it. Other models than the one served, what is
known about them, and corrections are the first reader's alone: such calls say ``first=True``.
"""

import asyncio
import itertools
import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import connection, resource_tracker
from typing import Any, NamedTuple

from digit_model.errors import DigitError

from . import reader_process
from .messages import pack, unpack

# The key of the model that serves until a visitor picks another.
SERVED = "served"
# A call that takes longer than this is taken for a hang.
DEADLINE_SECONDS = 20.0
# Loading a large network, which XLA compiles for every size of batch.
LOADING_SECONDS = 120.0
# How long a call waits for a reader that is starting.
START_SECONDS = 60.0
# Between two starts of a reader that dies before it is ready: doubled each time up to the maximum.
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0

log = logging.getLogger(__name__)


class ReaderFailed(DigitError):
    """The reader process gave no answer, or answered with a sentence that says why not."""


@dataclass(frozen=True)
class ReaderSettings:
    """The settings of a reader process.

    model: as app.py's --model takes it; None is what the environment names, or the bundled one.
    checkpoints: the folder of the Models tab. test_set: MNIST, to find mistakes in; None is Keras's
    download, where there is one. corrections: the folder where they are stored; None for none.
    source, fallback: of the checkpoint in the folder ``model``, once an earlier reader loaded it.
    """

    model: str | None = None
    checkpoints: str | None = None
    test_set: str | None = None
    corrections: str | None = None
    source: str | None = None
    fallback: str | None = None


class Answer(NamedTuple):
    """A reader's answer to a call."""

    values: dict
    attachments: list[bytes]


class Readers:
    """Reader processes, each started again whenever it ends; safe to use from threads."""

    def __init__(self, settings: ReaderSettings, count: int = 1):
        self.count = count
        self._settings = settings
        self._processes: list[_Process | None] = [None] * count
        self._changed = threading.Condition()
        self._is_closing = threading.Event()
        self.restarts = 0
        self.failure: str | None = None
        # Started here and not in its thread, so that it is there to be stopped from now on.
        self._processes[0] = _Process(settings, self._told)
        for slot in range(count):
            threading.Thread(target=self._keep_running, args=(slot,), daemon=True).start()

    @property
    def is_ready(self) -> bool:
        """Whether a reader has loaded its weights and takes calls."""
        return any(process and process.takes_calls for process in self._processes)

    def wait(self, seconds: float = START_SECONDS) -> bool:
        """Wait until a reader is ready; return whether one is. Returns early on a failure."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_ready or self.failure, seconds)
        return self.is_ready

    def wait_for_failure(self) -> str:
        """Wait for as long as there can be answers; return why there will be none any more."""
        with self._changed:
            while self.failure is None:
                self._changed.wait(1)  # On Windows Ctrl-C does not end a wait without a limit.
            return self.failure

    def call(
        self,
        name: str,
        /,
        *attachments: bytes,
        seconds: float = DEADLINE_SECONDS,
        first: bool = False,
        **parameters: Any,
    ) -> Answer:
        """Have a call answered by the reader with the fewest calls in hand.

        seconds: the deadline, at which the reader is killed. first: only the first reader will do.
        Raises DigitError.
        """
        process = self._take(first)
        with process.asked({"call": name, "with": parameters}, attachments, seconds) as future:
            return future.result(seconds)

    async def call_async(self, name: str, /, **parameters: Any) -> Answer:
        """Have a call answered as ``call`` does, but with no thread that waits for the answer."""
        process = self._idlest(first=False)
        if process is None:
            process = await asyncio.to_thread(self._take, first=False)
        content = {"call": name, "with": parameters}
        with process.asked(content, (), DEADLINE_SECONDS) as future:
            return await asyncio.wait_for(asyncio.wrap_future(future), DEADLINE_SECONDS)

    def ask(
        self, name: str, model: str | None, /, *attachments: bytes, **parameters: Any
    ) -> Answer:
        """Have a call answered with one of the models, which is loaded before if need be.

        model: its key; None is the served one. Raises DigitError.
        """
        model = model or SERVED
        is_picked = model != SERVED
        if is_picked:
            self.call("load_model", model=model, seconds=LOADING_SECONDS, first=True)
        return self.call(name, *attachments, model=model, first=is_picked, **parameters)

    def close(self) -> None:
        """Stop the reader processes; calls in hand fail."""
        self._is_closing.set()
        for process in self._processes:
            if process:
                process.kill()

    def _take(self, first: bool) -> "_Process":
        """Return the process for a call; wait until there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._idlest(first) or self.failure, START_SECONDS)
        if process := self._idlest(first):
            return process
        raise ReaderFailed(
            self.failure or "The reader is still getting ready. Try again in a few seconds."
        )

    def _idlest(self, first: bool) -> "_Process | None":
        """Return the ready process with the fewest calls in hand; None if none is ready."""
        processes = self._processes[:1] if first else self._processes
        ready = (process for process in processes if process and process.takes_calls)
        return min(ready, key=_Process.calls_in_hand, default=None)

    def _keep_running(self, slot: int) -> None:
        """Run one reader after another. All but the first wait for the first one's weights."""
        pause = MIN_PAUSE_SECONDS
        if slot:
            self.wait(seconds=threading.TIMEOUT_MAX)
        while not self._is_over():
            process = self._processes[slot] or self._start(slot)
            process.listen()
            self._processes[slot] = None
            if self._is_over():
                break
            self.restarts += 1
            log.warning("A reader process ended (%s); starting another.", process.exit_reason)
            if process.was_ready:
                pause = MIN_PAUSE_SECONDS
            else:
                self._is_closing.wait(pause)
                pause = min(2 * pause, MAX_PAUSE_SECONDS)

    def _start(self, slot: int) -> "_Process":
        process = self._processes[slot] = _Process(self._settings, self._told)
        if self._is_closing.is_set():
            process.kill()
        return process

    def _is_over(self) -> bool:
        return self._is_closing.is_set() or self.failure is not None

    def _told(self, state: dict) -> None:
        """Note what a reader says of itself: that it is ready, or why it never will be."""
        with self._changed:
            if "failed" in state:
                self.failure = state["failed"]
            else:
                # Later readers load the same weights, whatever the Hub says by then.
                self._settings = ReaderSettings(**{**asdict(self._settings), **state["ready"]})
            self._changed.notify_all()


class _Process:
    """One reader process and the calls it has in hand."""

    def __init__(self, settings: ReaderSettings, tell: Callable[[dict], None]):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=reader_process.main, args=(theirs, asdict(settings)), daemon=True, name="reader"
        )
        self._tell = tell
        self._sending = threading.Lock()
        self._calls: dict[int, Future[Answer]] = {}
        self._numbers = itertools.count()
        self.is_ready = self.was_ready = False
        with _without_interrupts():
            self._process.start()
        theirs.close()

    @property
    def takes_calls(self) -> bool:
        """Whether it has loaded its weights and runs; False before ``listen`` notices its end."""
        return self.is_ready and not connection.wait([self._process.sentinel], 0)

    def calls_in_hand(self) -> int:
        return len(self._calls)

    @contextmanager
    def asked(
        self, content: dict, attachments: tuple[bytes, ...], seconds: float
    ) -> Iterator[Future[Answer]]:
        """Send a call, and yield the future of its answer, to be waited for inside.

        seconds: how long it is waited for, after which the reader is killed. Raises ReaderFailed.
        """
        number, future = next(self._numbers), Future[Answer]()
        # Only a future that is not running yet can be cancelled, and then it takes no answer.
        future.set_running_or_notify_cancel()
        self._calls[number] = future
        try:
            message = pack({"id": number, **content}, attachments)
            with self._sending:
                self._pipe.send_bytes(message)
            yield future
        except TimeoutError:
            self.kill()
            raise ReaderFailed(
                f"Reading this took longer than {seconds:.0f} seconds, so it was stopped. Try "
                "another picture, or a smaller part of it."
            ) from None
        except OSError as error:
            raise ReaderFailed(STOPPED) from error
        finally:
            self._calls.pop(number, None)

    def listen(self) -> None:
        """Hand out answers until the process ends."""
        try:
            while True:
                self._take(*unpack(self._pipe.recv_bytes()))
        except (EOFError, OSError):
            self.is_ready = False
        self._process.join()
        for future in list(self._calls.values()):
            if not future.done():
                future.set_exception(ReaderFailed(STOPPED))

    def kill(self) -> None:
        self.is_ready = False
        self._process.kill()

    @property
    def exit_reason(self) -> str:
        code = self._process.exitcode or 0
        return f"signal {-code}" if code < 0 else f"status {code}"

    def _take(self, content: dict, attachments: list[bytes]) -> None:
        if "id" not in content:
            self.is_ready = self.was_ready = "ready" in content
            self._tell(content)
        # A call that was given up has no future any more.
        elif future := self._calls.get(content["id"]):
            if "error" in content:
                future.set_exception(ReaderFailed(content["error"]))
            else:
                future.set_result(Answer(content["answer"], attachments))


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Have a process that is started inside never hear of Ctrl-C, which a terminal sends to all."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Starting it resets the signals that are blocked, so it is started before.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


STOPPED = (
    "The reader stopped while it had this picture, and is being started again. Try again in a few "
    "seconds; if that does not help, try another picture."
)
