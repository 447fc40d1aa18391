"""Copy stored corrections to a dataset on the Hub from a background thread."""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from digit_model import hub
from digit_model.errors import PublishFailed

# Between two copies, and before a failed copy is tried again: the Hub accepts a few hundred
# commits an hour.
INTERVAL_SECONDS = 60.0
# For the last copy while the server stops. Docker waits ten seconds by default before it kills.
CLOSING_SECONDS = 8.0

log = logging.getLogger(__name__)


class CorrectionUploader:
    """Copies folders into a private dataset repository when woken, and once more when closed.

    repo: USER/NAME. folders: returns every folder that the repository should hold. Raises
    PublishFailed if repo is not a valid name.
    """

    def __init__(self, repo: str, folders: Callable[[], Iterable[Path]]):
        if not hub.is_repository_name(repo):
            raise PublishFailed(
                f"{repo[:100]!r} is not a dataset's name. It has the form USER/NAME."
            )
        self._repo, self._folders = repo, folders
        self._pending = threading.Event()
        self._closing = threading.Event()
        self._pending.set()  # an earlier run of the server may have left some
        self._thread = threading.Thread(target=self._run, name="corrections", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Copy soon, because there is a new correction."""
        self._pending.set()

    def close(self) -> None:
        """Copy what is left, and give up after CLOSING_SECONDS."""
        self._closing.set()
        self._pending.set()
        self._thread.join(CLOSING_SECONDS)
        if self._thread.is_alive():
            log.warning("The last corrections did not reach the Hub; they are on this machine.")

    def _run(self) -> None:
        while not self._closing.is_set():
            self._pending.wait()
            self._pending.clear()
            if not self._upload():
                self._pending.set()
            self._closing.wait(INTERVAL_SECONDS)
        if self._pending.is_set():
            self._upload()

    def _upload(self) -> bool:
        try:
            hub.upload_folders(self._repo, self._folders(), endpoint=os.environ.get("HF_ENDPOINT"))
        except (PublishFailed, OSError) as error:
            log.warning("Corrections stay on this machine for now: %s", error)
            return False
        return True
