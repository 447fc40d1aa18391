"""Publish files in one commit: a checkpoint as a model repository, the page as a Space."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, SpaceHardware
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from ..errors import PublishFailed
from .downloading import content_ids
from .error_messages import (
    PUBLISH,
    PUBLISH_SPACE,
    Action,
    invalid_name_message,
    translate_errors,
)
from .http_clients import limit_silence
from .names import describe_repository, is_repository_name

# How long a connection may stay silent while publishing.
MAX_SILENCE_SECONDS = 30.0

# Files last changed by commits with these titles are replaced without --overwrite: our own commits,
# and the one by which the Hub creates a repository.
_OUR_TITLE = "Publish "
_INITIAL_TITLE = "initial commit"
# Folders of a Space that hold only our files: remote files that we no longer have are deleted.
_OWNED_FOLDERS = ("digit_model/", "page/", "browser/")
_OWNED_STATIC_FOLDERS = ("numerics/", "page/", "picture/")

Files = Mapping[str, Path | bytes]


@dataclass(frozen=True)
class Published:
    """The location of published files.

    repo: USER/NAME.
    commit: 40-hex id of the newest commit.
    url: the page that shows it.
    changed: whether that commit was made now; False if the repository held the same files already.
    private: whether only its owner can see the repository.
    tag: the commit's tag, if it has one.
    """

    repo: str
    commit: str
    url: str
    changed: bool
    private: bool
    tag: str | None = None


@dataclass(frozen=True)
class PublishOptions:
    """The options of a publication.

    private: create a new repository that only its owner can see.
    overwrite: also replace files that someone else has changed.
    endpoint: URL of the Hub; None is huggingface_hub's default.
    """

    private: bool = False
    overwrite: bool = False
    endpoint: str | None = None


DEFAULT_OPTIONS = PublishOptions()


def publish(
    repo: str,
    files: Files,
    *,
    subject: str,
    tag: str | None = None,
    options: PublishOptions = DEFAULT_OPTIONS,
) -> Published:
    """Put files into a model repository in one commit and tag it.

    The repository is created if it does not exist. Without a change no commit is made. The access
    token comes from HF_TOKEN or from ``hf auth login``.

    repo: USER/NAME.
    files: content, or the file that holds it, by name in the repository.
    subject: title of the commit, after "Publish ".
    tag: the commit's tag. By default the tag that it has, or the next of v1, v2 and so on.
    Raises PublishFailed. The repository is then unchanged, or new and empty, or it holds the whole
    commit without the tag.
    """
    api = HfApi(endpoint=options.endpoint)
    with publishing_to(repo, "model", PUBLISH):
        if not repository_exists(api, repo, "model"):
            api.create_repo(repo, private=options.private or None, exist_ok=True)
        remote = _Remote.open(api, repo, "model")
        changes = remote.changes(files, options.overwrite)
        tags = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo).tags}
        if tag in tags and (changes or tags[tag] != remote.head):
            raise PublishFailed(_tag_conflict_message(repo, tag))
        commit = remote.commit(changes, subject)
        name = tag or _default_tag(commit, tags)
        if name not in tags:
            _create_tag(api, repo, name, commit)
    url = f"{repository_url(repo, 'model', options.endpoint)}/tree/{commit}"
    return Published(repo, commit, url, commit != remote.head, remote.private, name)


def publish_space(
    repo: str,
    files: Files,
    variables: Mapping[str, str],
    *,
    subject: str,
    zero_gpu: bool = False,
    options: PublishOptions = DEFAULT_OPTIONS,
) -> Published:
    """Put the page's files into a Gradio Space in one commit and set its public variables.

    repo, files, subject: as for ``publish``.
    variables: value by name.
    zero_gpu: create a new Space on ZeroGPU instead of the Hub's default hardware.
    Raises PublishFailed. The Space is then unchanged, or new and empty, or it holds the whole
    commit while variables are missing.
    """
    api = HfApi(endpoint=options.endpoint)
    with publishing_to(repo, "space", PUBLISH_SPACE):
        remote = _open_space(
            *(api, repo, "gradio", options.private),
            space_hardware=SpaceHardware.ZERO_A10G if zero_gpu else None,
            space_variables=[{"key": key, "value": value} for key, value in variables.items()],
        )
        commit = remote.commit(remote.changes(files, options.overwrite, _OWNED_FOLDERS), subject)
        _set_variables(api, repo, variables)
    url = repository_url(repo, "space", options.endpoint)
    return Published(repo, commit, url, commit != remote.head, remote.private)


def publish_static_space(
    repo: str, files: Files, *, subject: str, options: PublishOptions = DEFAULT_OPTIONS
) -> Published:
    """Put a page that needs no server into a static Space in one commit.

    repo, files, subject: as for ``publish``.
    Raises PublishFailed. The Space is then unchanged, or new and empty.
    """
    api = HfApi(endpoint=options.endpoint)
    with publishing_to(repo, "space", PUBLISH):
        remote = _open_space(api, repo, "static", options.private)
        changes = remote.changes(files, options.overwrite, _OWNED_STATIC_FOLDERS)
        commit = remote.commit(changes, subject)
    url = repository_url(repo, "space", options.endpoint)
    return Published(repo, commit, url, commit != remote.head, remote.private)


def repository_url(repo: str, kind: str, endpoint: str | None = None) -> str:
    """Return the address of a repository's page. kind: "model", "dataset" or "space"."""
    path = repo if kind == "model" else f"{kind}s/{repo}"
    return f"{HfApi(endpoint=endpoint).endpoint}/{path}"


@contextmanager
def publishing_to(repo: str, kind: str, action: Action) -> Iterator[None]:
    """Check a repository's name, limit silence on the network and translate errors in the block.

    kind: "model", "dataset" or "space". Raises PublishFailed.
    """
    if not is_repository_name(repo):
        raise PublishFailed(invalid_name_message(repo))
    wait = f"answer for {MAX_SILENCE_SECONDS:.2g}"
    repository = describe_repository(repo, kind)
    with translate_errors(action, repository, wait), limit_silence(MAX_SILENCE_SECONDS):
        yield


def repository_exists(api: HfApi, repo: str, kind: str) -> bool:
    """Return whether a repository exists, by an answer from any Hub.

    ``HfApi.repo_exists`` needs the header X-Error-Code, which some Hubs do not send with their 404.
    """
    try:
        api.repo_info(repo, repo_type=kind)
    except GatedRepoError:
        return True
    except RepositoryNotFoundError:
        return False
    except HfHubHTTPError as error:
        if error.response.status_code == 404:
            return False
        raise
    return True


@dataclass(frozen=True)
class _Remote:
    """A repository as it was when it was opened. head: its newest commit. files: by name."""

    api: HfApi
    repo: str
    kind: str
    head: str
    private: bool
    files: Mapping[str, RepoFile]

    @classmethod
    def open(cls, api: HfApi, repo: str, kind: str) -> "_Remote":
        info = api.repo_info(repo, repo_type=kind)
        if not info.sha:
            raise ValueError("the Hub names no commit")
        tree = api.list_repo_tree(
            repo, recursive=True, expand=True, revision=info.sha, repo_type=kind
        )
        files = {item.path: item for item in tree if isinstance(item, RepoFile)}
        return cls(api, repo, kind, info.sha, bool(info.private), files)

    def changes(
        self, files: Files, overwrite: bool, owned_folders: tuple[str, ...] = ()
    ) -> list[CommitOperationAdd | CommitOperationDelete]:
        """Return what makes the remote files equal to ``files``.

        Raises PublishFailed if that would undo someone else's change.
        """
        changed = [name for name in files if not _is_same(self.files.get(name), files[name])]
        stale = [
            name for name in self.files if name.startswith(owned_folders) and name not in files
        ]
        if not overwrite:
            self._refuse_foreign_changes([*changed, *stale])
        return [
            *(CommitOperationAdd(name, files[name]) for name in changed),
            *(CommitOperationDelete(name) for name in stale),
        ]

    def commit(
        self, changes: list[CommitOperationAdd | CommitOperationDelete], subject: str
    ) -> str:
        """Commit the changes, if there are any, and return the id of the newest commit."""
        if not changes:
            return self.head
        made = self.api.create_commit(
            self.repo,
            changes,
            commit_message=_OUR_TITLE + subject,
            repo_type=self.kind,
            # Makes the Hub reject the commit if someone else has committed in between.
            parent_commit=self.head,
        )
        return made.oid

    def _refuse_foreign_changes(self, names: list[str]) -> None:
        for name in names:
            last = self.files[name].last_commit if name in self.files else None
            if last and not last.title.startswith((_OUR_TITLE, _INITIAL_TITLE)):
                raise PublishFailed(
                    f"Someone else changed {name} of {describe_repository(self.repo, self.kind)} "
                    f"({last.title[:60]!r}), so nothing was written. Look at its page, or replace "
                    "the file with --overwrite."
                )


def _open_space(api: HfApi, repo: str, sdk: str, private: bool, **settings: Any) -> _Remote:
    """Return a Space, which is created if it does not exist. settings: of ``create_repo``."""
    if not repository_exists(api, repo, "space"):
        api.create_repo(
            repo,
            repo_type="space",
            space_sdk=sdk,
            private=private or None,
            exist_ok=True,
            **settings,
        )
    return _Remote.open(api, repo, "space")


def _is_same(remote: RepoFile | None, local: Path | bytes) -> bool:
    if remote is None:
        return False
    content = local if isinstance(local, bytes) else local.read_bytes()
    return (remote.lfs.sha256 if remote.lfs else remote.blob_id) in content_ids(content)


def _set_variables(api: HfApi, repo: str, variables: Mapping[str, str]) -> None:
    present = {key: variable.value for key, variable in api.get_space_variables(repo).items()}
    for key, value in variables.items():
        if present.get(key) != value:
            api.add_space_variable(repo, key, value)


def _default_tag(commit: str, tags: Mapping[str, str]) -> str:
    """Return the tag that a commit has, or the next of v1, v2 and so on."""
    numbers = [int(name[1:]) for name in tags if re.fullmatch(r"v\d{1,6}", name)]
    existing = (name for name, target in tags.items() if target == commit)
    return next(existing, f"v{max(numbers, default=0) + 1}")


def _create_tag(api: HfApi, repo: str, name: str, commit: str) -> None:
    # With exist_ok the client would silently leave a tag on another commit.
    try:
        api.create_tag(repo, tag=name, revision=commit)
    except HfHubHTTPError as error:
        if error.response.status_code == 409:
            raise PublishFailed(_tag_conflict_message(repo, name)) from error
        raise


def _tag_conflict_message(repo: str, tag: str | None) -> str:
    return f"The tag {tag} of {repo} names another commit. Choose another tag with --tag."
