"""Download the files of a model repository into the Hub's cache, verified, within a time limit."""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from huggingface_hub import HfApi, ModelInfo, hf_hub_download, try_to_load_from_cache

from ..errors import ModelUnavailable
from .error_messages import PULL, invalid_name_message, translate_errors
from .http_clients import run_with_deadline
from .names import is_commit, is_repository_name

MAX_FILE_BYTES = 200_000_000


def download(
    repo: str,
    revision: str | None,
    files: Collection[str],
    *,
    timeout: float,
    endpoint: str | None = None,
    cache: Path | None = None,
) -> Path:
    """Download files of a model repository into the Hub's cache and verify their content.

    A 40-hex commit whose files are cached and undamaged causes no request.

    repo: USER/NAME.
    revision: a commit, a tag or a branch; None is the main branch.
    files: names of files in the repository.
    timeout: seconds for the whole download.
    endpoint, cache: URL of the Hub and its cache folder; None is huggingface_hub's default.
    Returns the folder that holds the files. Its name is the 40-hex commit.
    Raises ModelUnavailable.
    """
    if not is_repository_name(repo):
        raise ModelUnavailable(invalid_name_message(repo))

    def fetch() -> list[Path]:
        commit = _resolve_commit(HfApi(endpoint=endpoint), repo, revision, files, timeout)
        return [
            Path(hf_hub_download(repo, file, revision=commit, endpoint=endpoint, cache_dir=cache))
            for file in files
        ]

    with translate_errors(PULL, repo, f"finish within {timeout:.2g}", revision):
        paths = _cached_files(repo, revision, files, cache)
        if paths and not _discard_damaged(paths):
            return paths[0].parent
        paths = run_with_deadline(timeout, fetch)
        if damaged := _discard_damaged(paths):
            raise ModelUnavailable(
                f"The {' and '.join(damaged)} of {repo} arrived damaged. Try again later."
            )
        return paths[0].parent


def _resolve_commit(
    api: HfApi, repo: str, revision: str | None, files: Collection[str], timeout: float
) -> str:
    """Return the 40-hex commit of a revision after checking that it holds the files."""
    info = api.model_info(repo, revision=revision, files_metadata=True, timeout=timeout)
    if not info.sha:  # Some Hubs answer so, instead of 404.
        raise ModelUnavailable(
            f"{repo} has no revision {revision or 'main'}. Copy the commit from its page."
        )
    if not is_commit(info.sha) or (is_commit(revision or "") and info.sha != revision):
        raise ValueError(f"the Hub resolved {revision!r} to {info.sha!r}")
    _check_files(info, files)
    return info.sha


def _check_files(info: ModelInfo, files: Collection[str]) -> None:
    """Raise ModelUnavailable if a file is missing or larger than MAX_FILE_BYTES."""
    sizes = {sibling.rfilename: sibling.size for sibling in info.siblings or ()}
    for file in files:
        if file not in sizes:
            raise ModelUnavailable(
                f"{info.id} at {(info.sha or '')[:8]} has no file {file}, so it is not a "
                "checkpoint of this program. Name another repository or revision."
            )
        if (sizes[file] or 0) > MAX_FILE_BYTES:
            raise ModelUnavailable(
                f"The file {file} of {info.id} has {sizes[file]:,} bytes; the limit is "
                f"{MAX_FILE_BYTES:,}. Name another repository or revision."
            )


def _cached_files(
    repo: str, revision: str | None, files: Collection[str], cache: Path | None
) -> list[Path]:
    """Return the cached files of a commit if all are there, otherwise an empty list."""
    if revision is None or not is_commit(revision):
        return []  # A branch or a tag may have moved since.
    entries = [
        try_to_load_from_cache(repo, file, cache_dir=cache, revision=revision) for file in files
    ]
    paths = [Path(path) for path in entries if isinstance(path, str)]
    return paths if len(paths) == len(files) else []


def _discard_damaged(paths: Iterable[Path]) -> list[str]:
    """Remove cached files whose content does not match their hash and return their names.

    huggingface_hub checks only the size. Its cache links each file to a blob named after the
    content's git id or, for large files, its sha256. Where the file system has no links, there is
    no hash to compare with.
    """
    damaged = []
    for path in paths:
        blob = path.parent / path.readlink() if path.is_symlink() else path
        if blob.name in (path.name, *content_ids(path.read_bytes())):
            continue
        blob.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        damaged.append(path.name)
    return damaged


def content_ids(content: bytes) -> tuple[str, str]:
    """Return the two ids by which the Hub names a file's content: its git id and its sha256."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content).hexdigest(), hashlib.sha256(content).hexdigest()
