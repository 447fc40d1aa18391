"""The Hub's checkpoint or the bundled one -> Recogniser, and where it came from."""

import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from . import checkpoint, hub
from .checkpoint import CONFIG, WEIGHTS, Checkpoint
from .errors import BadCheckpoint, ModelUnavailable
from .recogniser import Recogniser

BUNDLED_FOLDER = Path(__file__).parent / "bundled"
BUNDLED_SOURCE = "the bundled checkpoint"
# Seconds for everything on the network; imports, verifying and compiling come on top, and all of
# it is to end within 10.
TIMEOUT_SECONDS = 4.0
# A Hub that has not answered after so many seconds may never: while waiting on, the bundled
# checkpoint is made ready.
FALLBACK_AFTER_SECONDS = 1.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A recogniser that is ready, and the words for where it came from.

    source: such as "USER/NAME at 1a2b3c4d on the Hugging Face Hub" or "the bundled checkpoint".
    fallback: why the one that was asked for is not serving; None if it is.
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
    """The checkpoint that the environment names, or the bundled one where that cannot be had.

    DIGIT_MODEL_REPO: USER/NAME on the Hub; without it the bundled checkpoint serves.
    DIGIT_MODEL_REVISION: a 40-hex commit; without it the repository's main branch.
    DIGIT_MODEL_SHA256: the sha256 that the weights must have, if given.
    timeout: seconds on the network.
    Raises BadCheckpoint if the bundled checkpoint is damaged.
    """
    repo, revision, sha256 = (
        environ.get(f"DIGIT_MODEL_{name}", "").strip() for name in ("REPO", "REVISION", "SHA256")
    )
    if not repo:
        return _said(load_folder(bundled, BUNDLED_SOURCE))
    with ThreadPoolExecutor(1, "pull") as pool:
        pulling = pool.submit(_pull_pinned, repo, revision, environ, timeout)
        wait([pulling], FALLBACK_AFTER_SECONDS)
        spare = None if pulling.done() else _compiled(checkpoint.load(bundled))
        try:
            folder = pulling.result()
            found = checkpoint.load(folder, sha256=sha256 or None)
        except (ModelUnavailable, BadCheckpoint) as error:
            spare = spare or _compiled(checkpoint.load(bundled))
            return _said(Pretrained(*spare, BUNDLED_SOURCE, str(error), bundled))
    return _said(_ready(found, _on_hub(repo, folder.name), folder))


def load_from(
    place: str | Path, environ: Mapping[str, str] = os.environ, *, timeout: float = TIMEOUT_SECONDS
) -> Pretrained:
    """The checkpoint at a place that a person named: there is no fallback.

    place: a checkpoint folder, or USER/NAME or USER/NAME@REVISION on the Hub.
    Raises BadCheckpoint or ModelUnavailable.
    """
    if Path(place).is_dir():
        return _said(load_folder(Path(place), f"the folder {Path(place).name}"))
    repo, _, revision = str(place).partition("@")
    if not hub.is_repository_name(repo):
        raise BadCheckpoint(
            f"{str(place)[:100]!r} is neither a folder nor of the form USER/NAME or "
            "USER/NAME@REVISION."
        )
    try:
        folder = _pull(repo, revision or None, environ, timeout)
    except ModelUnavailable as error:
        raise ModelUnavailable(f"There is no folder {repo}. {error}") from error
    return _said(load_folder(folder, _on_hub(repo, folder.name)))


def load_folder(folder: Path, source: str) -> Pretrained:
    """The checkpoint in a folder, verified and ready. source: the words for where it came from.

    Raises BadCheckpoint.
    """
    return _ready(checkpoint.load(folder), source, folder)


def _pull_pinned(repo: str, revision: str, environ: Mapping[str, str], timeout: float) -> Path:
    if revision and not hub.is_commit(revision):
        raise ModelUnavailable(
            f"DIGIT_MODEL_REVISION is {revision[:50]!r}; it takes a commit of 40 hexadecimal "
            "digits."
        )
    return _pull(repo, revision or None, environ, timeout)


def _pull(repo: str, revision: str | None, environ: Mapping[str, str], timeout: float) -> Path:
    """The folder of a checkpoint from the Hub or its cache; its name is the commit."""
    cache = environ.get("HF_HUB_CACHE")
    return hub.download(
        repo,
        revision,
        (WEIGHTS, CONFIG),
        timeout=timeout,
        endpoint=environ.get("HF_ENDPOINT"),
        cache=Path(cache) if cache else None,
    )


def _on_hub(repo: str, commit: str) -> str:
    return f"{repo} at {commit[:8]} on the Hugging Face Hub"


def _compiled(found: Checkpoint) -> tuple[Recogniser, Checkpoint]:
    return Recogniser(found.model, found.calibration), found


def _ready(found: Checkpoint, source: str, folder: Path) -> Pretrained:
    return Pretrained(*_compiled(found), source, folder=folder)


def _said(served: Pretrained) -> Pretrained:
    """Say in the log what serves, and why."""
    if served.fallback:
        log.warning("Serving %s, because: %s", served.source, served.fallback)
    else:
        log.info("Serving %s.", served.source)
    return served
