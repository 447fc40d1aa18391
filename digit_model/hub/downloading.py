"""Fetch files of a model repository into the Hub's cache, verified, within a time limit."""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache

from ..errors import ModelUnavailable
from .error_messages import PULL_MESSAGES, invalid_name_message, translate_errors
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
    """Fetch the files of a model repository into the Hub's cache.

    revision: a commit, a tag or a branch; None is the repository's main branch. A 40-hex commit
        whose files are cached, and intact, makes no request.
    timeout: seconds, for everything together.
    endpoint, cache: another Hub and another folder than huggingface_hub's own.
    Returns the folder that holds the files; its name is the 40-hex commit.
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

    wait = f"finish within {timeout:.2g}"
    with translate_errors(ModelUnavailable, PULL_MESSAGES, repo, wait, revision):
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
    """The 40-hex commit of a revision, once the files are known to be there and of sane size."""
    info = api.model_info(repo, revision=revision, files_metadata=True, timeout=timeout)
    if (
        info.sha is None
        or not is_commit(info.sha)
        or (is_commit(revision or "") and info.sha != revision)
    ):
        raise ValueError("The answer names no commit, or another one.")
    sizes = {sibling.rfilename: sibling.size for sibling in info.siblings or ()}
    for file in files:
        if file not in sizes:
            raise ModelUnavailable(
                f"{repo} at {info.sha[:8]} holds no {file}, so it is no checkpoint of this program."
            )
        if (sizes[file] or 0) > MAX_FILE_BYTES:
            raise ModelUnavailable(
                f"The {file} of {repo} has {sizes[file]:,} bytes; the limit is {MAX_FILE_BYTES:,}."
            )
    return info.sha


def _cached_files(
    repo: str, revision: str | None, files: Collection[str], cache: Path | None
) -> list[Path]:
    """The files of a commit if all are cached; a branch or tag may have moved since."""
    if revision is None or not is_commit(revision):
        return []
    found = [
        try_to_load_from_cache(repo, file, cache_dir=cache, revision=revision) for file in files
    ]
    paths = [Path(path) for path in found if isinstance(path, str)]
    return paths if len(paths) == len(files) else []


def _discard_damaged(paths: Iterable[Path]) -> list[str]:
    """Remove cached files whose content is not what they were named for; return their names.

    huggingface_hub itself checks no more than the size. Its cache links each file to a blob that is
    named by the git id of the content or, for large files, by the sha256; where a system has no
    links there is nothing to compare with.
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
    """The git id and the sha256 of a file's content, the two names the Hub has for it."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content).hexdigest(), hashlib.sha256(content).hexdigest()
