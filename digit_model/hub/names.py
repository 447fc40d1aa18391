"""The form of the names that the Hub gives: commits, repositories, tags."""

import re

_PART = r"[A-Za-z0-9](?:[\w.-]{0,94}\w)?"
_NAME = re.compile(rf"{_PART}/{_PART}(?<!\.git)", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


def is_commit(revision: str) -> bool:
    """Whether a revision is a full commit id, 40 hexadecimal digits."""
    return _COMMIT.fullmatch(revision) is not None


def is_repository_name(name: str) -> bool:
    """Whether a name has the form USER/NAME that the Hub gives to repositories."""
    return _NAME.fullmatch(name) is not None and ".." not in name and "--" not in name
