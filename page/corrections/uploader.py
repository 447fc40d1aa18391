"""Copy what is kept on this machine to a dataset on the Hub, from a thread of its own."""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from digit_model import hub
from digit_model.errors import PublishFailed

# Seconds from one copy to the next: the Hub takes some hundred commits an hour. What failed is
# tried again as often.
PACE = 60.0
# The seconds that a stopping server has. Docker gives ten by default before it kills.
CLOSING = 8.0

log = logging.getLogger(__name__)


class Copying:
    """Copies folders into a private dataset repository when woken, and what is left at the end.

    repo: USER/NAME. folders: gives all that should be there. Raises PublishFailed for what is no
    repository's name.
    """

    def __init__(self, repo: str, folders: Callable[[], Iterable[Path]]):
        if not hub.is_repository_name(repo):
            raise PublishFailed(
                f"{repo[:100]!r} is not a dataset's name. It has the form USER/NAME."
            )
        self._repo, self._folders = repo, folders
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._wanted.set()  # what an earlier run of the server has left
        self._thread = threading.Thread(target=self._run, name="copying", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._wanted.set()

    def close(self) -> None:
        """Copy what is left; gives up after CLOSING seconds."""
        self._closing.set()
        self._wanted.set()
        self._thread.join(CLOSING)
        if self._thread.is_alive():
            log.warning("The last corrections did not reach the Hub; they are on this machine.")

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wanted.wait()
            self._wanted.clear()
            if not self._copied():
                self._wanted.set()
            self._closing.wait(PACE)
        if self._wanted.is_set():
            self._copied()

    def _copied(self) -> bool:
        try:
            hub.upload_folders(self._repo, self._folders(), endpoint=os.environ.get("HF_ENDPOINT"))
        except (PublishFailed, OSError) as error:
            log.warning("Corrections stay on this machine for now: %s", error)
            return False
        return True
