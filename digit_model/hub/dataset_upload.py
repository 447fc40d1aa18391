"""Upload folders to a private dataset repository, which only ever grows."""

from collections.abc import Iterable
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi

from ..errors import PublishFailed
from .error_messages import PUBLISH
from .publishing import publishing_to, repository_exists


def upload_folders(repo: str, folders: Iterable[Path], *, endpoint: str | None = None) -> int:
    """Upload the folders that a private dataset repository lacks, in one commit.

    The repository is created if it does not exist. Folders are told apart by name, and those that
    are there already are not compared.

    folders: folders of files, without subfolders. A name must not be used twice.
    endpoint: URL of the Hub; None is huggingface_hub's default.
    Returns how many folders were uploaded. Raises PublishFailed, and then nothing was uploaded.
    """
    local = {folder.name: folder for folder in folders}
    if not local:
        return 0
    api = HfApi(endpoint=endpoint)
    with publishing_to(repo, "dataset", PUBLISH):
        if not repository_exists(api, repo, "dataset"):
            api.create_repo(repo, repo_type="dataset", private=True, exist_ok=True)
        if not api.dataset_info(repo).private:
            raise PublishFailed(
                f"The dataset {repo} is public, so nothing was uploaded to it. Make it private in "
                "its settings on the Hub, or name another dataset."
            )
        missing = sorted(local.keys() - _remote_folders(api, repo))
        additions = [
            CommitOperationAdd(f"{name}/{file.name}", file)
            for name in missing
            for file in sorted(local[name].iterdir())
        ]
        if additions:
            title = f"Add {len(missing)} folder{'s' if len(missing) > 1 else ''}"
            api.create_commit(repo, additions, commit_message=title, repo_type="dataset")
    return len(missing)


def _remote_folders(api: HfApi, repo: str) -> set[str]:
    tree = api.list_repo_tree(repo, repo_type="dataset")
    return {entry.path.partition("/")[0] for entry in tree}
