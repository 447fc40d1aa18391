"""Translate what huggingface_hub raises into one sentence for people, with what to do about it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
)

from ..errors import DigitError, ModelUnavailable, PublishFailed

# What huggingface_hub and its HTTP client raise when a network, server or disk fails. The second
# line is what they raise when the answer does not come from a Hub and cannot be parsed.
HUB_ERRORS = (
    *(OSError, RuntimeError, EntryNotFoundError, RevisionResolutionError, httpx2.HTTPError),
    *(ValueError, KeyError, TypeError, AttributeError, httpx2.InvalidURL),
)

# Messages are format strings. {repo} is the repository, {Repo} the same at the start of a sentence.
_LOG_IN = "Log in with `hf auth login`, or set HF_TOKEN"
_NOT_A_HUB = (
    "The server that answered is not a Hugging Face Hub. It may be a proxy, the login page of the "
    "network, or a wrong HF_ENDPOINT."
)
_BY_TYPE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        GatedRepoError,
        f"{{Repo}} is gated. Request access on its page. {_LOG_IN} to a token that has access.",
    ),
    (DisabledRepoError, "The Hub has disabled {repo}. Its page says why."),
    (RevisionNotFoundError, "{Repo} has no revision {revision}. Copy the commit from its page."),
    (RemoteEntryNotFoundError, "{Repo} lacks a file that every checkpoint has."),
    (
        OfflineModeIsEnabled,
        "{Repo} is not in the cache of this machine, and HF_HUB_OFFLINE forbids downloading it. "
        "Unset HF_HUB_OFFLINE.",
    ),
    (
        (TimeoutError, httpx2.TimeoutException),
        "The Hugging Face Hub did not {wait} seconds. Check the network connection, or try again "
        "later.",
    ),
    (
        httpx2.TransportError,
        "The Hugging Face Hub cannot be reached, or the connection broke. Check the network "
        "connection.",
    ),
)
_BY_STATUS = {
    402: "The Hub requires a paid plan for {repo}. Omit --private, or check the billing page of "
    "your account.",
    409: "{Repo} cannot be created, because the Hub already has a repository of that name.",
    412: "{Repo} was changed by someone else in the meantime, so nothing was written. Look at its "
    "page, then run the command again.",
    429: "The Hub accepts no more requests for now. Try again in a few minutes.",
}
_PUBLISH_BY_STATUS = _BY_STATUS | {
    400: "The Hub reports a mistake in the name or the card of {repo}: {detail}.",
    401: f"The Hub does not accept the access token. {_LOG_IN} to a token with write access.",
    403: f"This access token may not write to {{repo}}. {_LOG_IN} to a token with write access.",
    404: "There is no {repo} on the Hub, or this access token may not see it. Check the name. "
    f"{_LOG_IN}.",
}


@dataclass(frozen=True)
class Action:
    """An operation on the Hub: the error that it raises, and a message per HTTP status."""

    error_type: type[DigitError]
    messages: Mapping[int, str]


PULL = Action(
    ModelUnavailable,
    _BY_STATUS
    | {
        401: "There is no {repo} on the Hub, or the access token is not accepted. Check the name "
        "and HF_TOKEN.",
        403: "This access token may not read {repo}. Check HF_TOKEN.",
        404: f"There is no {{repo}} on the Hub, or it is private. Check the name. {_LOG_IN}.",
    },
)
PUBLISH = Action(PublishFailed, _PUBLISH_BY_STATUS)
PUBLISH_SPACE = Action(
    PublishFailed,
    _PUBLISH_BY_STATUS
    | {
        402: "The Hub requires a paid plan for {repo}. A free account may have two Spaces on "
        "ZeroGPU: run the command again with --zero-gpu. A static Space is free: publish the page "
        "that needs no server with --static-space. Or serve the page from this machine with "
        "`python app.py --share`.",
    },
)


@contextmanager
def translate_errors(
    action: Action, repository: str, wait: str, revision: str | None = None
) -> Iterator[None]:
    """Turn what huggingface_hub raises inside the block into one sentence of ``action``'s error.

    repository: how messages name it, from ``describe_repository``.
    wait: what the Hub failed to do if time ran out, up to the number of seconds, such as
        "answer for 30".
    revision: the requested revision; None is the main branch.
    """
    try:
        yield
    except HUB_ERRORS as error:
        causes = list(_causes(error))
        messages = (_message(cause, action) for cause in causes)
        message = next(filter(None, messages), _NOT_A_HUB)
        raise action.error_type(
            message.format(
                repo=repository,
                Repo=_capitalise(repository),
                revision=revision or "main",
                wait=wait,
                detail=_server_message(causes),
            )
        ) from error


def invalid_name_message(repo: str) -> str:
    """Return the message about a name that cannot be a repository's."""
    return f"{repo[:100]!r} is not a repository name. Give it in the form USER/NAME."


def _capitalise(repository: str) -> str:
    # A user's name keeps its spelling.
    return "T" + repository[1:] if repository.startswith("the ") else repository


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and its causes; huggingface_hub wraps specific errors in vague ones."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _message(error: BaseException, action: Action) -> str | None:
    """Return the message about one error, or None if the error is not specific."""
    for types, message in _BY_TYPE:
        if isinstance(error, types):
            return message
    if isinstance(error, HfHubHTTPError):
        return _status_message(error, action)
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return _disk_message(error)
    if type(error) is OSError:
        return _disk_message(error) if error.errno else "{Repo} arrived incomplete. Try again."
    return None


def _status_message(error: HfHubHTTPError, action: Action) -> str:
    status = error.response.status_code
    if isinstance(error, RepositoryNotFoundError) and action is PULL:
        status = 404  # Without a token the Hub answers 401 if there is no such repository.
    default = f"The Hugging Face Hub answered with error {status}. Try again later."
    return action.messages.get(status, default)


def _disk_message(error: OSError) -> str:
    reason = (error.strerror or "no reason given").lower()
    return (
        f"The Hub's cache on this machine cannot be written ({reason}). Free disk space, or set "
        "HF_HOME to another folder."
    )


def _server_message(causes: list[BaseException]) -> str:
    """Return what the Hub itself says about a rejected request, in one short line."""
    messages = (cause.server_message for cause in causes if isinstance(cause, HfHubHTTPError))
    return " ".join(next(filter(None, messages), "it gives no reason").split())[:200].rstrip(".")
