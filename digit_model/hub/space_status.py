"""How a Space's build goes on."""

import time
from collections.abc import Iterator

from huggingface_hub import HfApi

from ..errors import PublishFailed
from .error_messages import FAILURES
from .http_clients import patient

# Seconds: a first build installs JAX, Keras and Gradio; between two questions; for the answer to
# one; and how long the Hub may fail to answer, in a row.
BUILD_TIME = 1200.0
PAUSE = 3.0
PATIENCE = 6.0
SILENCE = 60.0
# For so long a stage may still be that of the commit before.
LAG = 15.0

_GOOD_ENDS = ("RUNNING", "SLEEPING")
_BAD_ENDS = {
    "BUILD_ERROR": "its build failed{why}; {url}?logs=build shows the log",
    "RUNTIME_ERROR": "it does not start{why}; {url}?logs=container shows the log",
    "CONFIG_ERROR": "the Hub does not accept its settings{why}; {url} says more",
    "NO_APP_FILE": "the Hub finds no app.py in it; {url} says more",
    "PAUSED": "it is paused; {url}/settings resumes it",
    "STOPPED": "it is stopped; {url}/settings restarts it",
    "DELETING": "it is being deleted; {url} says more",
}


def watch(repo: str, commit: str, *, endpoint: str | None = None) -> Iterator[str]:
    """Yield a Space's stage, such as "BUILDING", every few seconds until it runs at the commit.

    A Space that sleeps has run, and wakes when someone opens it.
    Raises PublishFailed if it comes to another end, or to none within BUILD_TIME.
    """
    api = HfApi(endpoint=endpoint)
    uploaded, url = f"The Space {repo} was uploaded, but", f"{api.endpoint}/spaces/{repo}"
    started = answered = time.monotonic()
    while (now := time.monotonic()) < started + BUILD_TIME:
        state = _ask(api, repo)
        if state is not None:
            answered = now
            stage, at = str(state.get("stage")), state.get("sha")
            yield stage
            lagging = now < started + LAG
            if stage in _GOOD_ENDS and (at == commit or (at is None and not lagging)):
                return
            if stage in _BAD_ENDS and (at == commit or not lagging):
                raise PublishFailed(
                    f"{uploaded} {_BAD_ENDS[stage].format(why=_why(state), url=url)}."
                )
        elif now > answered + SILENCE:
            raise PublishFailed(f"{uploaded} the Hub does not say how it is; {url} may.")
        time.sleep(PAUSE)
    raise PublishFailed(
        f"{uploaded} is not running after {BUILD_TIME / 60:.0f} minutes; {url}?logs=build shows "
        "the log."
    )


def _ask(api: HfApi, repo: str) -> dict | None:
    """What the Hub says of the Space, or None if it does not answer this time."""
    try:
        with patient(PATIENCE):
            return api.get_space_runtime(repo).raw
    except FAILURES:
        return None


def _why(state: dict) -> str:
    said = " ".join(str(state.get("errorMessage") or "").split())
    return f" ({said[:200]})" if said else ""
