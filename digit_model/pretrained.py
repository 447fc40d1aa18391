"""Load the checkpoint to serve, from the Hub or a folder, and tell where it came from.

The functions that need the Hub import it themselves: it takes 0.4 seconds, and bundled checkpoints
need none.
"""

import functools
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from . import checkpoint
from .checkpoint import CONFIG, WEIGHTS, Checkpoint
from .errors import BadCheckpoint, ModelUnavailable
from .recogniser import Recogniser
from .row_reader import RowReader, load_row_network

_BUNDLE = Path(__file__).parent / "bundled"
# The bundled checkpoint that serves unless another one is named.
BUNDLED_FOLDER = _BUNDLE / "cnn"
BUNDLED_SOURCE = "the bundled checkpoint"
ROW_READER_FOLDER = Path(__file__).parent / "bundled_row_reader"
# The time limit for all network requests. Imports, verification and compilation come on top, and
# everything together must take less than 10 seconds.
TIMEOUT_SECONDS = 4.0
# A Hub that has not answered after this time may never do so. The bundled checkpoint is compiled
# while waiting for it.
FALLBACK_AFTER_SECONDS = 1.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A recogniser that is ready to read, and where its checkpoint came from.

    source: "USER/NAME at 1a2b3c4d on the Hugging Face Hub" or "the bundled checkpoint", say.
    fallback: why the requested checkpoint could not be loaded; None if it could.
    folder: where the checkpoint lies on this machine.
    """

    recogniser: Recogniser
    checkpoint: Checkpoint
    source: str
    fallback: str | None = None
    folder: Path | None = None


def load(
    environ: Mapping[str, str] = os.environ,
    *,
    timeout: float = TIMEOUT_SECONDS,
    bundled: Path = BUNDLED_FOLDER,
) -> Pretrained:
    """Load the checkpoint that the environment names, or else the bundled one.

    environ:
        DIGIT_MODEL_REPO: USER/NAME on the Hub. Without it, the bundled checkpoint is loaded.
        DIGIT_MODEL_REVISION: a commit of 40 hexadecimal digits; the main branch by default.
        DIGIT_MODEL_SHA256: the sha256 that the weights must have, if given.
    timeout: the limit for all network requests, in seconds.
    bundled: the folder to fall back to.
    Raises BadCheckpoint if the bundled checkpoint is damaged, and WrongBackend.
    """
    repo, revision, sha256 = (
        environ.get(f"DIGIT_MODEL_{name}", "").strip() for name in ("REPO", "REVISION", "SHA256")
    )
    if not repo:
        return _logged(load_folder(bundled, BUNDLED_SOURCE))
    with ThreadPoolExecutor(1, "pull") as pool:
        download = pool.submit(_download_pinned, repo, revision, environ, timeout)
        wait([download], FALLBACK_AFTER_SECONDS)
        spare = None if download.done() else _compiled(checkpoint.load(bundled))
        try:
            folder = download.result()
            loaded = checkpoint.load(folder, sha256=sha256 or None)
        except (ModelUnavailable, BadCheckpoint) as error:
            spare = spare or _compiled(checkpoint.load(bundled))
            return _logged(Pretrained(*spare, BUNDLED_SOURCE, str(error), bundled))
    return _logged(Pretrained(*_compiled(loaded), _hub_source(repo, folder.name), folder=folder))


def bundled_folders() -> dict[str, Path]:
    """Return the folder of every bundled checkpoint by the name of its recipe, sorted."""
    return {path.parent.name: path.parent for path in sorted(_BUNDLE.glob(f"*/{CONFIG}"))}


def bundled_source(name: str) -> str:
    """Describe a bundled checkpoint, for people."""
    return BUNDLED_SOURCE if name == BUNDLED_FOLDER.name else f"{BUNDLED_SOURCE} {name}"


def load_from(
    place: str | Path,
    environ: Mapping[str, str] = os.environ,
    *,
    timeout: float = TIMEOUT_SECONDS,
) -> Pretrained:
    """Load the checkpoint at a place that a person named, without any fallback.

    place: a checkpoint folder, the name of a bundled checkpoint, or USER/NAME or USER/NAME@REVISION
    on the Hub.
    Raises BadCheckpoint, ModelUnavailable or WrongBackend.
    """
    if Path(place).is_dir():
        return _logged(load_folder(Path(place), f"the folder {Path(place).name}"))
    bundled = bundled_folders()
    if (name := str(place)) in bundled:
        return _logged(load_folder(bundled[name], bundled_source(name)))
    from . import hub

    repo, _, revision = str(place).partition("@")
    if not hub.is_repository_name(repo):
        raise BadCheckpoint(
            f"{str(place)[:100]!r} is neither a folder, nor a bundled checkpoint "
            f"({', '.join(bundled)}), nor of the form USER/NAME or USER/NAME@REVISION."
        )
    try:
        folder = _download(repo, revision or None, environ, timeout)
    except ModelUnavailable as error:
        raise ModelUnavailable(f"There is no folder {repo}. {error}") from error
    return _logged(load_folder(folder, _hub_source(repo, folder.name)))


def load_folder(folder: Path, source: str) -> Pretrained:
    """Load and compile the checkpoint in a folder. source: how to describe where it came from.

    Raises BadCheckpoint or WrongBackend.
    """
    return Pretrained(*_compiled(checkpoint.load(folder)), source, folder=folder)


def _download_pinned(repo: str, revision: str, environ: Mapping[str, str], timeout: float) -> Path:
    from . import hub

    if revision and not hub.is_commit(revision):
        raise ModelUnavailable(
            f"DIGIT_MODEL_REVISION is {revision[:50]!r}; it must be a commit of 40 hexadecimal "
            "digits."
        )
    return _download(repo, revision or None, environ, timeout)


def _download(repo: str, revision: str | None, environ: Mapping[str, str], timeout: float) -> Path:
    """Return the folder of a checkpoint from the Hub or its cache, which is named by its commit."""
    from . import hub

    cache = environ.get("HF_HUB_CACHE")
    return hub.download(
        repo,
        revision,
        (WEIGHTS, CONFIG),
        timeout=timeout,
        endpoint=environ.get("HF_ENDPOINT"),
        cache=Path(cache) if cache else None,
    )


def _hub_source(repo: str, commit: str) -> str:
    return f"{repo} at {commit[:8]} on the Hugging Face Hub"


def _compiled(loaded: Checkpoint) -> tuple[Recogniser, Checkpoint]:
    return Recogniser(loaded.model, loaded.calibration, row_reader), loaded


@functools.cache
def row_reader() -> RowReader:
    """Return the bundled row reader, loaded and compiled by the first call."""
    return RowReader(load_row_network(ROW_READER_FOLDER))


def _logged(loaded: Pretrained) -> Pretrained:
    """Log which checkpoint serves, and why if it is not the requested one."""
    if loaded.fallback:
        log.warning("Serving %s, because: %s", loaded.source, loaded.fallback)
    else:
        log.info("Serving %s.", loaded.source)
    return loaded
