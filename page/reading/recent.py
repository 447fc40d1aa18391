"""The visitors' current readings as bytes, held by the page process for an hour."""

import secrets
import threading
import time
from collections import OrderedDict

MAX_AGE_SECONDS = 3600
# Some 2,000 drawings or 500 photos.
MAX_BYTES = 64 * 2**20


class RecentViews:
    """Views of readings under keys that nobody can guess; safe to use from threads.

    Gradio's own state would not do: it forgets a visitor once some hundred others have called.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE_SECONDS):
        self._max_bytes, self._max_age = max_bytes, max_age
        self._views: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(self, view: bytes, key: str | None = None) -> str:
        """Hold a view and return its key. key: of an earlier view whose place it takes."""
        with self._lock:
            key = key if key and key in self._views else secrets.token_urlsafe(16)
            self._drop(key)
            self._views[key] = (time.monotonic(), view)
            self._bytes += len(view)
            self._drop_oldest()
        return key

    def get(self, key: str | None) -> bytes | None:
        """Return the view of a key; None if it is forgotten."""
        with self._lock:
            self._drop_oldest()
            _, view = self._views.get(key or "", (0.0, None))
        return view

    def _drop_oldest(self) -> None:
        end = time.monotonic() - self._max_age
        while self._views:
            key, (kept, _) = next(iter(self._views.items()))
            if kept >= end and self._bytes <= self._max_bytes:
                break
            self._drop(key)

    def _drop(self, key: str | None) -> None:
        _, view = self._views.pop(key or "", (0.0, b""))
        self._bytes -= len(view)
