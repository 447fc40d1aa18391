"""Publish files: a checkpoint as a model repository, the page as a Space, each in one commit."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    SpaceHardware,
)
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import ModelInfo, RepoFile, SpaceInfo

from ..errors import PublishFailed
from .downloading import content_ids
from .error_messages import PUBLISH_MESSAGES, SPACE_MESSAGES, invalid_name_message, translate_errors
from .http_clients import limit_silence
from .names import is_repository_name

# How long a single connection may stay silent, in seconds.
MAX_SILENCE_SECONDS = 30.0

# The titles of the commits that may be built upon unasked: ours, and the Hub's own first one.
_OUR_TITLE = "Publish "
_INITIAL_TITLE = "initial commit"
# The folders of a Space that are ours alone: what is no longer among our files goes.
_OWNED_FOLDERS = ("digit_model/", "page/")

Files = Mapping[str, Path | bytes]


@dataclass(frozen=True)
class Published:
    """Where published files lie: the repository, the 40-hex commit and the page that shows it.

    new: whether the commit was made now; false if the repository held the same files already.
    private: whether only its owner sees the repository.
    tag: the commit's name, where it has one.
    """

    repo: str
    commit: str
    url: str
    new: bool
    private: bool
    tag: str | None = None


def publish(
    repo: str,
    files: Files,
    *,
    subject: str,
    tag: str | None = None,
    private: bool = False,
    overwrite: bool = False,
    endpoint: str | None = None,
) -> Published:
    """Put files into a model repository in one commit, and tag it.

    The repository is made if there is none. Without a change no commit is made.
    files: their content or the file that holds it, by name in the repository.
    what: the commit is titled "Publish " and this.
    tag: a name for the commit; by default the next of v1, v2 and so on, unless it has one.
    private: a new repository is visible to its owner only.
    overwrite: also over files that someone else changed since.
    The token comes from HF_TOKEN or from ``hf auth login``.
    Raises PublishFailed; the repository is then as it was before, or empty if it was made now, or
    holds the whole commit and lacks the tag.
    """
    api = HfApi(endpoint=endpoint)
    with publishing_to(repo, PUBLISH_MESSAGES):
        if not api.repo_exists(repo):
            api.create_repo(repo, private=private or None, exist_ok=True)
        info = api.model_info(repo)
        head = _head(info)
        tags = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo).tags}
        changes = _changes(_remote_files(api, repo, "model", head), files, (), repo, overwrite)
        if tag in tags and (changes or tags[tag] != head):
            raise PublishFailed(_tag_conflict(repo, tag))
        commit = _commit(api, repo, "model", changes, subject, head)
        name = tag or _name_of(commit, tags)
        if name not in tags:
            _tag(api, repo, name, commit)
    url = f"{api.endpoint}/{repo}/tree/{commit}"
    return Published(repo, commit, url, commit != head, bool(info.private), name)


def publish_space(
    repo: str,
    files: Files,
    variables: Mapping[str, str],
    *,
    subject: str,
    private: bool = False,
    zero_gpu: bool = False,
    overwrite: bool = False,
    endpoint: str | None = None,
) -> Published:
    """Put the page's files into a Gradio Space in one commit, and set its public variables.

    zero_gpu: a new Space asks for ZeroGPU instead of the hardware that the Hub gives by default.
    The rest is as with ``publish``. Raises PublishFailed; the Space is then as it was before, or
    empty, or complete but for its variables.
    """
    api = HfApi(endpoint=endpoint)
    with publishing_to(repo, SPACE_MESSAGES):
        if not api.repo_exists(repo, repo_type="space"):
            api.create_repo(
                repo,
                repo_type="space",
                space_sdk="gradio",
                space_hardware=SpaceHardware.ZERO_A10G if zero_gpu else None,
                space_variables=[{"key": key, "value": value} for key, value in variables.items()],
                private=private or None,
                exist_ok=True,
            )
        info = api.space_info(repo)
        head = _head(info)
        found = _remote_files(api, repo, "space", head)
        changes = _changes(found, files, _OWNED_FOLDERS, repo, overwrite)
        commit = _commit(api, repo, "space", changes, subject, head)
        present = {key: kept.value for key, kept in api.get_space_variables(repo).items()}
        for key, value in variables.items():
            if present.get(key) != value:
                api.add_space_variable(repo, key, value)
    url = f"{api.endpoint}/spaces/{repo}"
    return Published(repo, commit, url, commit != head, bool(info.private))


@contextmanager
def publishing_to(repo: str, statuses: Mapping[int, str]) -> Iterator[None]:
    """Talk to the Hub about a repository, with a limit on silence and sentences for failures."""
    if not is_repository_name(repo):
        raise PublishFailed(invalid_name_message(repo))
    wait = f"answer for {MAX_SILENCE_SECONDS:.2g}"
    with translate_errors(PublishFailed, statuses, repo, wait), limit_silence(MAX_SILENCE_SECONDS):
        yield


def _head(info: ModelInfo | SpaceInfo) -> str:
    if info.sha is None:
        raise ValueError("The answer names no commit.")
    return info.sha


def _remote_files(api: HfApi, repo: str, kind: str, commit: str) -> dict[str, RepoFile]:
    """What the repository holds at a commit, by name, each with who changed it last."""
    tree = api.list_repo_tree(repo, recursive=True, expand=True, revision=commit, repo_type=kind)
    return {item.path: item for item in tree if isinstance(item, RepoFile)}


def _changes(
    remote: Mapping[str, RepoFile],
    files: Files,
    owned_folders: tuple[str, ...],
    repo: str,
    overwrite: bool,
) -> list[CommitOperationAdd | CommitOperationDelete]:
    """What makes the remote files ours; PublishFailed if that would undo someone else's work."""
    changed = [name for name in files if not _is_same(remote.get(name), files[name])]
    stale = [name for name in remote if name.startswith(owned_folders) and name not in files]
    for name in [*changed, *stale]:
        last = remote[name].last_commit if name in remote else None
        if last and not overwrite and not last.title.startswith((_OUR_TITLE, _INITIAL_TITLE)):
            raise PublishFailed(
                f"Someone else changed {name} of {repo} ({last.title[:60]!r}), so nothing was "
                "written. Look at its page; --overwrite replaces it."
            )
    return [
        *(CommitOperationAdd(name, files[name]) for name in changed),
        *(CommitOperationDelete(name) for name in stale),
    ]


def _is_same(remote: RepoFile | None, local: Path | bytes) -> bool:
    if remote is None:
        return False
    content = local if isinstance(local, bytes) else local.read_bytes()
    return (remote.lfs.sha256 if remote.lfs else remote.blob_id) in content_ids(content)


def _commit(api: HfApi, repo: str, kind: str, changes: list, subject: str, parent: str) -> str:
    """Make the changes in one commit upon the parent; returns the commit that then is newest."""
    if not changes:
        return parent
    made = api.create_commit(
        repo,
        changes,
        commit_message=_OUR_TITLE + subject,
        repo_type=kind,
        # Another commit in between is then an error and is not overwritten.
        parent_commit=parent,
    )
    return made.oid


def _name_of(commit: str, tags: Mapping[str, str]) -> str:
    """The tag that a commit has, or the next of v1, v2 and so on."""
    numbers = [int(name[1:]) for name in tags if re.fullmatch(r"v\d{1,6}", name)]
    given = (name for name, target in tags.items() if target == commit)
    return next(given, f"v{max(numbers, default=0) + 1}")


def _tag(api: HfApi, repo: str, name: str, commit: str) -> None:
    # With exist_ok the client would leave a tag on another commit and say nothing.
    try:
        api.create_tag(repo, tag=name, revision=commit)
    except HfHubHTTPError as error:
        if error.response.status_code == 409:
            raise PublishFailed(_tag_conflict(repo, name)) from error
        raise


def _tag_conflict(repo: str, tag: str | None) -> str:
    return f"The tag {tag} of {repo} names another commit. Give another with --tag."
