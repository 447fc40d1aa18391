"""How a Space's build goes on."""

import time
from collections.abc import Iterator

from huggingface_hub import HfApi

from ..errors import PublishFailed
from .error_messages import HUB_ERRORS
from .http_clients import limit_silence

# Seconds: a first build installs JAX, Keras and Gradio; between two questions; for the answer to
# one; and how long the Hub may fail to answer, in a row.
MAX_BUILD_SECONDS = 1200.0
POLL_SECONDS = 3.0
MAX_ANSWER_SECONDS = 6.0
MAX_OUTAGE_SECONDS = 60.0
# For so long a stage may still be that of the commit before.
MAX_STALE_SECONDS = 15.0

_RUNNING_STAGES = ("RUNNING", "SLEEPING")
_FAILURE_MESSAGES = {
    "BUILD_ERROR": "its build failed{why}; {url}?logs=build shows the log",
    "RUNTIME_ERROR": "it does not start{why}; {url}?logs=container shows the log",
    "CONFIG_ERROR": "the Hub does not accept its settings{why}; {url} says more",
    "NO_APP_FILE": "the Hub finds no app.py in it; {url} says more",
    "PAUSED": "it is paused; {url}/settings resumes it",
    "STOPPED": "it is stopped; {url}/settings restarts it",
    "DELETING": "it is being deleted; {url} says more",
}


def watch_space(repo: str, commit: str, *, endpoint: str | None = None) -> Iterator[str]:
    """Yield a Space's stage, such as "BUILDING", every few seconds until it runs at the commit.

    A Space that sleeps has run, and wakes when someone opens it.
    Raises PublishFailed if it comes to another end, or to none within MAX_BUILD_SECONDS.
    """
    api = HfApi(endpoint=endpoint)
    uploaded, url = f"The Space {repo} was uploaded, but", f"{api.endpoint}/spaces/{repo}"
    started = answered = time.monotonic()
    while (now := time.monotonic()) < started + MAX_BUILD_SECONDS:
        state = _query_status(api, repo)
        if state is not None:
            answered = now
            stage, at = str(state.get("stage")), state.get("sha")
            yield stage
            lagging = now < started + MAX_STALE_SECONDS
            if stage in _RUNNING_STAGES and (at == commit or (at is None and not lagging)):
                return
            if stage in _FAILURE_MESSAGES and (at == commit or not lagging):
                raise PublishFailed(
                    f"{uploaded} {_FAILURE_MESSAGES[stage].format(why=_reason(state), url=url)}."
                )
        elif now > answered + MAX_OUTAGE_SECONDS:
            raise PublishFailed(f"{uploaded} the Hub does not say how it is; {url} may.")
        time.sleep(POLL_SECONDS)
    raise PublishFailed(
        f"{uploaded} is not running after {MAX_BUILD_SECONDS / 60:.0f} minutes; "
        f"{url}?logs=build shows the log."
    )


def _query_status(api: HfApi, repo: str) -> dict | None:
    """What the Hub says of the Space, or None if it does not answer this time."""
    try:
        with limit_silence(MAX_ANSWER_SECONDS):
            return api.get_space_runtime(repo).raw
    except HUB_ERRORS:
        return None


def _reason(state: dict) -> str:
    said = " ".join(str(state.get("errorMessage") or "").split())
    return f" ({said[:200]})" if said else ""
