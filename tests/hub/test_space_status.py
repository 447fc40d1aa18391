"""A Space's build as the Hub tells of it, with the real client."""

import pytest

from digit_model.errors import PublishFailed
from digit_model.hub import space_status as building
from digit_model.hub import watch_space
from tests.loopback_hub import LoopbackHub

SPACE = "user/page"
EARLIER = "0" * 40


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    for name, seconds in {
        "POLL_SECONDS": 0.02,
        "MAX_STALE_SECONDS": 0.3,
        "MAX_OUTAGE_SECONDS": 0.3,
        "MAX_BUILD_SECONDS": 1.0,
    }.items():
        monkeypatch.setattr(building, name, seconds)


@pytest.fixture
def stages(remote):
    """Watch a Space that tells one state after the other; returns the stages seen."""

    def run(*states):
        remote.add(f"spaces/{SPACE}", {})
        space = remote.repos[f"spaces/{SPACE}"]
        space.runtime = [*states]
        return list(watch_space(SPACE, space.head, endpoint=remote.url))

    return run


def test_it_ends_when_the_space_runs(stages):
    told = ["BUILDING", "BUILDING", "APP_STARTING", "RUNNING"]
    assert stages(*({"stage": stage} for stage in told)) == told


def test_running_is_of_this_commit_not_of_the_one_before(stages):
    earlier = {"stage": "RUNNING", "sha": EARLIER}
    assert stages(earlier, {"stage": "RUNNING_BUILDING", "sha": EARLIER}, {"stage": "RUNNING"}) == [
        *("RUNNING", "RUNNING_BUILDING", "RUNNING")
    ]


def test_an_error_of_the_commit_before_is_not_this_ones(stages):
    states = {"stage": "BUILD_ERROR", "sha": EARLIER}, {"stage": "BUILDING"}, {"stage": "RUNNING"}
    assert stages(*states)[-1] == "RUNNING"


def test_a_hub_that_does_not_tell_the_commit(stages):
    assert set(stages({"stage": "RUNNING", "sha": None})) == {"RUNNING"}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"stage": "BUILD_ERROR", "errorMessage": "no\n jax"}, r"build failed \(no jax\).*=build"),
        ({"stage": "RUNTIME_ERROR"}, r"does not start; .*=container"),
        ({"stage": "CONFIG_ERROR"}, "settings"),
        ({"stage": "NO_APP_FILE"}, r"no app\.py"),
        ({"stage": "PAUSED", "sha": EARLIER}, "paused; .*/settings"),
        ({"stage": "STOPPED"}, "stopped"),
        ({"stage": "BUILDING"}, "not running after 0 minutes"),
    ],
)
def test_another_end_is_a_sentence(state, sentence, stages):
    with pytest.raises(PublishFailed, match=f"The Space {SPACE} was uploaded, but .*{sentence}"):
        stages({"stage": "BUILDING"}, state)


def test_a_hub_that_does_not_answer_once_is_asked_again(remote, stages, monkeypatch):
    ask, answers = building._query_status, iter([True, False])

    def ask_and_fail_once(api, repo):
        with remote.misbehave("status", "runtime" if next(answers, False) else "never"):
            return ask(api, repo)

    monkeypatch.setattr(building, "_query_status", ask_and_fail_once)
    assert stages({"stage": "RUNNING"}) == ["RUNNING"]
    assert sum("runtime" in asked for asked in remote.requests) == 2


def test_a_hub_that_falls_silent():
    with LoopbackHub() as gone:
        url = gone.url
    with pytest.raises(PublishFailed, match="the Hub does not say how it is"):
        list(watch_space(SPACE, EARLIER, endpoint=url))
