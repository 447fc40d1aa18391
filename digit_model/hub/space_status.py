"""Follow the build of a Space until it runs."""

import time
from collections.abc import Iterator

from huggingface_hub import HfApi

from ..errors import PublishFailed
from .error_messages import HUB_ERRORS
from .http_clients import limit_silence
from .publishing import repository_url

# A first build installs JAX, Keras and Gradio.
MAX_BUILD_SECONDS = 1200.0
POLL_SECONDS = 3.0
MAX_ANSWER_SECONDS = 6.0
# How long the Hub may fail to answer in a row.
MAX_OUTAGE_SECONDS = 60.0
# How long after an upload the reported stage may still be that of the previous commit.
MAX_STALE_SECONDS = 15.0

# A sleeping Space has run, and wakes when someone opens it.
_RUNNING_STAGES = ("RUNNING", "SLEEPING")
_FAILURE_MESSAGES = {
    "BUILD_ERROR": "its build failed{reason}. See the log at {url}?logs=build",
    "RUNTIME_ERROR": "it does not start{reason}. See the log at {url}?logs=container",
    "CONFIG_ERROR": "the Hub rejects its settings{reason}. See {url}",
    "NO_APP_FILE": "the Hub finds no app.py in it. See {url}",
    "PAUSED": "it is paused. Resume it at {url}/settings",
    "STOPPED": "it is stopped. Restart it at {url}/settings",
    "DELETING": "it is being deleted. See {url}",
}


def watch_space(repo: str, commit: str, *, endpoint: str | None = None) -> Iterator[str]:
    """Yield a Space's stage, such as "BUILDING", every few seconds until it runs the commit.

    commit: 40-hex id of the commit that was published.
    endpoint: URL of the Hub; None is huggingface_hub's default.
    Raises PublishFailed if the Space fails, or does not run within MAX_BUILD_SECONDS.
    """
    api = HfApi(endpoint=endpoint)
    prefix, url = f"The Space {repo} was uploaded, but", repository_url(repo, "space", endpoint)
    started = last_answer = time.monotonic()
    while (now := time.monotonic()) < started + MAX_BUILD_SECONDS:
        status = _query_status(api, repo)
        if status is not None:
            last_answer = now
            yield str(status.get("stage"))
            stale = status.get("sha") != commit and now < started + MAX_STALE_SECONDS
            if not stale and _is_running(status, commit):
                return
            if not stale and (failure := _failure_message(status, url)):
                raise PublishFailed(f"{prefix} {failure}.")
        elif now > last_answer + MAX_OUTAGE_SECONDS:
            raise PublishFailed(f"{prefix} the Hub does not report its status. See {url}.")
        time.sleep(POLL_SECONDS)
    raise PublishFailed(
        f"{prefix} it is not running after {MAX_BUILD_SECONDS / 60:.0f} minutes. See the log at "
        f"{url}?logs=build."
    )


def _query_status(api: HfApi, repo: str) -> dict | None:
    """Return the Hub's record of the running Space, or None if it does not answer this time."""
    try:
        with limit_silence(MAX_ANSWER_SECONDS):
            return api.get_space_runtime(repo).raw
    except HUB_ERRORS:
        return None


def _is_running(status: dict, commit: str) -> bool:
    # Some Hubs do not say which commit runs.
    return status.get("stage") in _RUNNING_STAGES and status.get("sha") in (commit, None)


def _failure_message(status: dict, url: str) -> str | None:
    """Return what went wrong at a failed stage, or None if the stage is none of these."""
    template = _FAILURE_MESSAGES.get(str(status.get("stage")))
    error = " ".join(str(status.get("errorMessage") or "").split())
    reason = f" ({error[:200]})" if error else ""
    return template and template.format(reason=reason, url=url)
