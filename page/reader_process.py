"""The reader process: waits for calls, answers them from threads, and ends with the page process.

Imports nothing heavy by itself, because the page process imports it to start it.
"""

import logging
import os
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from digit_model.errors import DigitError
from digit_model.quick_start import (
    import_keras_without_pandas,
    reuse_memory,
    without_collection,
)

from . import limits
from .messages import pack, unpack

if TYPE_CHECKING:
    from .reader_calls import ReaderCalls

# The network of the page takes 2 GB of addresses, five large ones from the Models tab 3 GB.
MAX_ADDRESS_SPACE_BYTES = 6 * 2**30
# Reading, and what may take long beside it: loading a model, looking for mistakes, files.
THREADS = 8

log = logging.getLogger(__name__)


def main(pipe: Connection, settings: dict) -> None:
    """Load the weights, say so through the pipe, and answer calls until the pipe is closed."""
    # Ctrl-C on Windows reaches this process too; it ends when the page process closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("digit_model").setLevel(logging.INFO)
    reuse_memory()
    limits.bound_address_space(MAX_ADDRESS_SPACE_BYTES)
    try:
        with without_collection():
            import_keras_without_pandas()
            from . import reader_calls

            calls = reader_calls.load(settings)
    except (DigitError, ModuleNotFoundError) as error:
        _send(pipe, pack({"failed": _failure(error)}))
        return
    # From here on nothing is fetched, and what comes is from visitors.
    if not limits.cut_network():
        log.info("This system does not let the reader go without network.")
    _send(pipe, pack({"ready": calls.loaded()}))
    _serve(pipe, calls)


def _send(pipe: Connection, message: bytes) -> None:
    with suppress(OSError):  # The page process is gone, which ends this one, too.
        pipe.send_bytes(message)


def _failure(error: DigitError | ModuleNotFoundError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return (
            f"the package {error.name} is missing. Run `make run`, or "
            "`pip install -r requirements.txt`."
        )
    return str(error)


def _serve(pipe: Connection, calls: "ReaderCalls") -> None:
    sending = threading.Lock()
    pool = ThreadPoolExecutor(THREADS, "call")
    try:
        while True:
            content, attachments = unpack(pipe.recv_bytes())
            work = pool.submit(calls.answer, content["call"], attachments, content["with"])
            work.add_done_callback(partial(_reply, pipe, sending, content["id"]))
    except (EOFError, OSError):
        os._exit(0)  # The page process is gone, and nobody waits for what threads still do.


def _reply(
    pipe: Connection, sending: threading.Lock, number: int, work: Future[tuple[dict, list[bytes]]]
) -> None:
    error = work.exception()
    if error is None:
        values, attachments = work.result()
        message = pack({"id": number, "answer": values}, attachments)
    else:
        message = pack({"id": number, "error": _sentence(error)})
    with sending:
        _send(pipe, message)


def _sentence(error: BaseException) -> str:
    """Return the sentence for the visitor; log the error if it is a fault of the program."""
    if isinstance(error, DigitError):
        return str(error)
    if isinstance(error, MemoryError):
        return "Reading this picture takes more memory than there is. Try a smaller one."
    log.error("A call to the reader failed.", exc_info=error)
    return "Reading this failed because of a fault in this program. Try another picture."
