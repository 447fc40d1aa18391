"""Stop a training run with Ctrl-C without losing it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import jax
import keras


class StopOnCtrlC(keras.callbacks.Callback):
    """Ends training after the current step at the first Ctrl-C, and at once at the second.

    Without it, Keras swallows KeyboardInterrupt wherever it converts its logs to numbers.
    """

    def __init__(self):
        super().__init__()
        self._requested = False

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.model.stop_training |= self._requested

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle Ctrl-C inside this context; only a program's main thread can.

        Several processes cannot agree on a step to stop after, so there Ctrl-C interrupts at once.
        """
        if threading.current_thread() is not threading.main_thread() or jax.process_count() > 1:
            yield
            return
        previous = signal.signal(signal.SIGINT, self._request)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)

    def _request(self, *_) -> None:
        self._requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
