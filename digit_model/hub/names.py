"""The form of the names that the Hub uses: commits, repositories, tags."""

import re

_PART = r"[A-Za-z0-9](?:[\w.-]{0,94}\w)?"
_NAME = re.compile(rf"{_PART}/{_PART}(?<!\.git)", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_KIND_PREFIXES = {"model": "", "dataset": "the dataset ", "space": "the Space "}


def is_commit(revision: str) -> bool:
    """Return whether a revision is a full commit id, 40 hexadecimal digits."""
    return _COMMIT.fullmatch(revision) is not None


def is_repository_name(name: str) -> bool:
    """Return whether a name has the form USER/NAME that the Hub allows for repositories."""
    return _NAME.fullmatch(name) is not None and ".." not in name and "--" not in name


def describe_repository(repo: str, kind: str = "model") -> str:
    """Return how messages name a repository, such as "the Space USER/NAME".

    kind: "model", "dataset" or "space", as huggingface_hub calls them.
    """
    return _KIND_PREFIXES[kind] + repo
