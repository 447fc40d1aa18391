"""Copy folders into a private dataset repository, which only ever grows."""

from collections.abc import Iterable
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi

from ..errors import PublishFailed
from .error_messages import PUBLISH_MESSAGES
from .publishing import publishing_to


def upload_folders(repo: str, folders: Iterable[Path], *, endpoint: str | None = None) -> int:
    """Put those of the folders that a private dataset repository lacks into it, in one commit.

    The repository is made if there is none; what is in it already is not looked into.
    folders: with files in them, and names that are not used again for others.
    Returns how many were lacking. Raises PublishFailed; the repository is then as it was before.
    """
    here = {folder.name: folder for folder in folders}
    if not here:
        return 0
    api = HfApi(endpoint=endpoint)
    with publishing_to(repo, PUBLISH_MESSAGES):
        if not api.repo_exists(repo, repo_type="dataset"):
            api.create_repo(repo, repo_type="dataset", private=True, exist_ok=True)
        if not api.dataset_info(repo).private:
            raise PublishFailed(
                f"The dataset {repo} is public, so nothing was copied into it. Make it private in "
                "its settings on the Hub, or name another."
            )
        tree = api.list_repo_tree(repo, repo_type="dataset")
        there = {entry.path.partition("/")[0] for entry in tree}
        lacking = sorted(here.keys() - there)
        added = [
            CommitOperationAdd(f"{name}/{file.name}", file)
            for name in lacking
            for file in sorted(here[name].iterdir())
        ]
        if added:
            title = f"Add {len(lacking)} folder{'s' if len(lacking) > 1 else ''}"
            api.create_commit(repo, added, commit_message=title, repo_type="dataset")
    return len(lacking)
