"""What huggingface_hub raises -> one sentence for people, with what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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

from ..errors import DigitError, ModelUnavailable

# What huggingface_hub and its HTTP client raise for a network, a server or a disk that fails; the
# second line is what they stumble over when the answer is not the Hub's.
HUB_ERRORS = (
    *(OSError, RuntimeError, EntryNotFoundError, RevisionResolutionError, httpx2.HTTPError),
    *(ValueError, KeyError, TypeError, AttributeError, httpx2.InvalidURL),
)


@contextmanager
def translate_errors(
    kind: type[DigitError],
    statuses: Mapping[int, str],
    repo: str,
    wait: str,
    revision: str | None = None,
) -> Iterator[None]:
    """Turn what huggingface_hub raises into one sentence of the given kind.

    statuses: what the codes of HTTP mean here, PULL_MESSAGES, PUBLISH_MESSAGES or SPACE_MESSAGES.
    wait: what the Hub failed to do if time ran out, up to the number of seconds.
    """
    try:
        yield
    except HUB_ERRORS as error:
        links = list(_causes(error))
        sentence = next(
            filter(None, (_message(link, kind, statuses) for link in links)),
            "What answers is not a Hugging Face Hub: a proxy, a log-in page of the network, or a "
            "wrong HF_ENDPOINT.",
        )
        words = {"repo": repo, "revision": revision or "main", "wait": wait}
        raise kind(sentence.format(**words, detail=_server_message(links))) from error


def invalid_name_message(repo: str) -> str:
    return f"{repo[:100]!r} is not a repository's name. It has the form USER/NAME."


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; huggingface_hub wraps the telling one in a vaguer one."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


_NO_TOKEN = "Log in with `hf auth login`, or set HF_TOKEN"
_BY_TYPE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        GatedRepoError,
        "{repo} is gated. Ask for access on its page. " + _NO_TOKEN + " to a token that has it.",
    ),
    (DisabledRepoError, "The Hub has disabled {repo}."),
    (RevisionNotFoundError, "{repo} has no revision {revision}. Copy the commit from its page."),
    (RemoteEntryNotFoundError, "{repo} lacks a file that a checkpoint has."),
    (
        OfflineModeIsEnabled,
        "{repo} is not on this machine, and HF_HUB_OFFLINE forbids to fetch it.",
    ),
    (
        (TimeoutError, httpx2.TimeoutException),
        "The Hugging Face Hub did not {wait} seconds. Check the network "
        "connection, or try again later.",
    ),
    (
        httpx2.TransportError,
        "The Hugging Face Hub cannot be reached, or the connection broke. Check the network "
        "connection.",
    ),
)
_BY_STATUS = {
    402: "The Hub wants a paid plan for {repo}. Leave out --private, or look at your account's "
    "billing page.",
    409: "{repo} cannot be made: the Hub has that name already.",
    412: "{repo} was changed by someone else in the meantime, so nothing was written. Look at its "
    "page, then run this again.",
    429: "The Hub refuses more requests for now. Try again in a few minutes.",
}
PULL_MESSAGES = _BY_STATUS | {
    401: "The Hub does not know {repo}, or its access token is not accepted. Check the name and "
    "HF_TOKEN.",
    403: "The Hub does not let this token read {repo}. Check HF_TOKEN.",
    404: "There is no {repo} on the Hub, or it is private. Check the name. " + _NO_TOKEN + ".",
}
PUBLISH_MESSAGES = _BY_STATUS | {
    400: "The Hub finds a mistake in the name or the card of {repo}: {detail}.",
    401: "The Hub does not accept the access token. " + _NO_TOKEN + " to one that may write.",
    403: "This access token may not write to {repo}. " + _NO_TOKEN + " to one that may.",
    404: "There is no {repo} on the Hub, or this access token may not see it. Check the name. "
    + _NO_TOKEN
    + ".",
}
SPACE_MESSAGES = PUBLISH_MESSAGES | {
    402: "The Hub wants a paid plan for the Space {repo}. A free account may have two Spaces on "
    "ZeroGPU: run this again with --zero-gpu. Or show the page from this machine, with "
    "`python app.py --share`.",
}


def _message(
    error: BaseException, kind: type[DigitError], statuses: Mapping[int, str]
) -> str | None:
    """What one error means, with places for words to fill in; None if unclear."""
    for types, sentence in _BY_TYPE:
        if isinstance(error, types):
            return sentence
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        if isinstance(error, RepositoryNotFoundError) and kind is ModelUnavailable:
            status = 404  # Without a token the Hub says 401 for a repository that is not there.
        return statuses.get(
            status, f"The Hugging Face Hub answers with error {status}. Try again later."
        )
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return _disk_trouble(error)
    if type(error) is OSError:
        return _disk_trouble(error) if error.errno else "{repo} arrived incomplete. Try again."
    return None


def _disk_trouble(error: OSError) -> str:
    reason = (error.strerror or "no reason given").lower()
    return (
        f"The Hub's cache on this machine cannot be written ({reason}). Free or allow disk space."
    )


def _server_message(links: list[BaseException]) -> str:
    """What the Hub itself says of a request it refuses, in one short line."""
    said = (link.server_message for link in links if isinstance(link, HfHubHTTPError))
    return " ".join(next(filter(None, said), "it does not say which").split())[:200].rstrip(".")
