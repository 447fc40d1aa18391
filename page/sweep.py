"""Delete visitors' files within an hour of their arrival, whatever else happens.

Gradio's own ``delete_cache`` ends for good, and silently, when a file arrives while it works. This
sweep looks at the folder alone, so there is nothing that can change under it but files.
"""

import os
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

MAX_AGE_SECONDS = 3600
PAUSE_SECONDS = 60
_PREFIX = "digit-reader-"


def make_folder() -> Path:
    """Make the folder for this server's files, and have Gradio use it. Call before its import.

    It lies in the folder that GRADIO_TEMP_DIR names, or in the system's for temporary files, and
    holds nobody else's files.
    """
    parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    return folder


class Sweep:
    """A thread that deletes old files in a folder, and in those of servers that were killed."""

    def __init__(
        self, folder: Path, max_age: float = MAX_AGE_SECONDS, pause: float = PAUSE_SECONDS
    ):
        self.folder, self._max_age, self._pause = folder, max_age, pause
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and delete the folder with all that is in it."""
        self._is_closing.set()
        self._thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self) -> None:
        while not self._is_closing.wait(self._pause):
            # Two pauses early: one until the next sweep, and one that the sweep itself may take.
            limit = time.time() - max(0.0, self._max_age - 2 * self._pause)
            for folder in self.folder.parent.glob(f"{_PREFIX}*"):
                if self._is_ours(folder):
                    delete_older(folder, limit)

    def _is_ours(self, folder: Path) -> bool:
        """Return whether a folder was made by this user, and is no link to somewhere else."""
        with suppress(OSError):
            return folder.lstat().st_uid == self.folder.lstat().st_uid and (
                folder.is_dir() and not folder.is_symlink()
            )
        return False


def delete_older(folder: Path, limit: float) -> None:
    """Delete all files and empty folders in a folder that changed last before ``limit``.

    limit: a Unix time. A folder counts by its own time, so that none goes that was just made.
    """
    # Folders are listed entry by entry: under load they hold 100,000.
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # Gone already, or a folder that is not empty
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder:
                    delete_older(Path(entry.path), limit)
                if os.lstat(entry.path).st_ctime < limit:
                    os.rmdir(entry.path) if is_folder else os.unlink(entry.path)
