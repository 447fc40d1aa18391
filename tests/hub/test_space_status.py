"""The status of a Space's build, asked of a Hub on loopback with the real client."""

import pytest

from digit_model.errors import PublishFailed
from digit_model.hub import space_status, watch_space
from tests.loopback_hub import LoopbackHub

SPACE = "user/page"
PREVIOUS = "0" * 40


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    for name, seconds in {
        "POLL_SECONDS": 0.02,
        "MAX_STALE_SECONDS": 0.3,
        "MAX_OUTAGE_SECONDS": 0.3,
        "MAX_BUILD_SECONDS": 1.0,
    }.items():
        monkeypatch.setattr(space_status, name, seconds)


@pytest.fixture
def stages(remote):
    """Return a function that watches a Space with the given records and returns its stages."""

    def run(*records):
        remote.add(f"spaces/{SPACE}", {})
        space = remote.repos[f"spaces/{SPACE}"]
        space.runtime = [*records]
        return list(watch_space(SPACE, space.head, endpoint=remote.url))

    return run


def test_watching_ends_when_the_space_runs(stages):
    expected = ["BUILDING", "BUILDING", "APP_STARTING", "RUNNING"]
    assert stages(*({"stage": stage} for stage in expected)) == expected


def test_a_stage_of_the_previous_commit_is_not_the_end(stages):
    previous = {"stage": "RUNNING", "sha": PREVIOUS}
    assert stages(
        previous, {"stage": "RUNNING_BUILDING", "sha": PREVIOUS}, {"stage": "RUNNING"}
    ) == [*("RUNNING", "RUNNING_BUILDING", "RUNNING")]


def test_an_error_of_the_previous_commit_is_ignored(stages):
    records = {"stage": "BUILD_ERROR", "sha": PREVIOUS}, {"stage": "BUILDING"}, {"stage": "RUNNING"}
    assert stages(*records)[-1] == "RUNNING"


def test_a_record_without_a_commit_is_believed(stages):
    assert set(stages({"stage": "RUNNING", "sha": None})) == {"RUNNING"}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"stage": "BUILD_ERROR", "errorMessage": "no\n jax"}, r"build failed \(no jax\).*=build"),
        ({"stage": "RUNTIME_ERROR"}, r"does not start\. .*=container"),
        ({"stage": "CONFIG_ERROR"}, "settings"),
        ({"stage": "NO_APP_FILE"}, r"no app\.py"),
        ({"stage": "PAUSED", "sha": PREVIOUS}, r"paused\. .*/settings"),
        ({"stage": "STOPPED"}, "stopped"),
        ({"stage": "BUILDING"}, "it is not running after 0 minutes"),
    ],
)
def test_a_failed_space_is_reported_with_a_link(record, message, stages):
    with pytest.raises(PublishFailed, match=f"The Space {SPACE} was uploaded, but .*{message}"):
        stages({"stage": "BUILDING"}, record)


def test_the_status_is_asked_again_after_an_error(remote, stages, monkeypatch):
    ask, answers = space_status._query_status, iter([True, False])

    def ask_and_fail_once(api, repo):
        with remote.misbehave("status", "runtime" if next(answers, False) else "never"):
            return ask(api, repo)

    monkeypatch.setattr(space_status, "_query_status", ask_and_fail_once)
    assert stages({"stage": "RUNNING"}) == ["RUNNING"]
    assert sum("runtime" in request for request in remote.requests) == 2


def test_a_hub_that_stops_answering_is_reported():
    with LoopbackHub() as gone:
        url = gone.url
    with pytest.raises(PublishFailed, match="the Hub does not report its status"):
        list(watch_space(SPACE, PREVIOUS, endpoint=url))
