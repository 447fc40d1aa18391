"""Publishing with the real client to a Hub on loopback that misbehaves on demand."""

import os
import re
import socket

import pytest
from huggingface_hub import HfApi

from digit_model import hub
from digit_model.errors import PublishFailed
from digit_model.hub import PublishOptions, publishing
from tests.hub.helpers import CONFIG, FILES, REPO, WEIGHTS, content
from tests.loopback_hub import TOKEN

# huggingface_hub 2.4 passes files to its HTTP client in a deprecated way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def publish(remote, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)

    def run(repo="user/new", files=None, tag=None, **options):
        files = files or {**FILES, "README.md": b"---\nlicense: apache-2.0\n---\n"}
        options = PublishOptions(endpoint=remote.url, **options)
        return hub.publish(repo, files, subject="digits", tag=tag, options=options)

    return run


def test_publish_makes_one_commit_with_all_files(publish, remote):
    published = publish()
    repo = remote.repos["user/new"]
    assert len(repo.commits) == 2  # the Hub's initial commit, and ours
    assert published.changed
    assert published.commit == repo.head
    assert re.fullmatch("[0-9a-f]{40}", published.commit)
    assert published.url.startswith(remote.url)
    assert {**FILES}.items() <= repo.commits[-1][1].items()


def test_publishing_the_same_again_makes_no_commit(publish, remote):
    first = publish()
    again = publish()
    assert again.commit == first.commit
    assert not again.changed
    assert len(remote.repos["user/new"].commits) == 2


def test_a_repository_can_be_private(publish, remote):
    publish(private=True)
    assert remote.repos["user/new"].private


def test_published_files_can_be_downloaded(publish, download):
    published = publish()
    assert content(download(repo="user/new", revision=published.commit)) == FILES


def test_a_commit_made_by_someone_else_in_between_is_not_overwritten(publish, remote, monkeypatch):
    """Someone else commits after we list the repository and before we commit."""
    validate = HfApi._validate_yaml

    def commit_in_between(self, *args, **kwargs):
        remote.repos[REPO].commit({CONFIG: b"someone else's"})
        return validate(self, *args, **kwargs)

    monkeypatch.setattr(HfApi, "_validate_yaml", commit_in_between)
    with pytest.raises(PublishFailed, match="changed by someone else"):
        publish(repo=REPO)
    assert remote.repos[REPO].at("main")[1][CONFIG] == b"someone else's"


PUBLISH_STATUSES = {
    400: "a mistake in the name or the card",
    401: "does not accept the access token",
    402: "requires a paid plan",
    403: "may not write",
    503: "error 503",
}


@pytest.mark.parametrize("status", PUBLISH_STATUSES)
def test_an_error_status_while_publishing_is_reported(status, publish, remote):
    with (
        remote.misbehave("status", "", status=status),
        pytest.raises(PublishFailed, match=PUBLISH_STATUSES[status]),
    ):
        publish()
    assert "user/new" not in remote.repos


@pytest.mark.parametrize("step", ["preupload", "PUT", "/commit/"])
def test_an_interrupted_upload_leaves_the_repository_unchanged(step, publish, remote):
    before = remote.repos[REPO].head
    changed = {WEIGHTS: os.urandom(1000), CONFIG: b"{}", "README.md": b"---\n---\n"}
    with (
        remote.misbehave("status", step, status=403),
        pytest.raises(PublishFailed, match="may not write"),
    ):
        publish(repo=REPO, files=changed)
    assert remote.repos[REPO].head == before


@pytest.mark.parametrize("token", ["", "hf_wrong"])
def test_a_bad_token_is_reported_without_the_token(token, publish, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(PublishFailed, match="access token") as failure:
        publish()
    assert "hf_wrong" not in str(failure.value)


def test_a_malformed_repository_name_causes_no_request(publish, remote):
    with pytest.raises(PublishFailed, match="the form USER/NAME"):
        publish(repo="digits")
    assert remote.requests == []


def test_publishing_without_a_network_is_reported(publish, remote):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(PublishFailed, match="cannot be reached"):
        hub.publish(REPO, FILES, subject="digits", options=PublishOptions(endpoint=endpoint))


def test_publishing_to_a_silent_hub_is_given_up(publish, remote, monkeypatch):
    monkeypatch.setattr(publishing, "MAX_SILENCE_SECONDS", 0.5)
    with (
        remote.misbehave("silent"),
        pytest.raises(PublishFailed, match=r"did not answer for 0\.5 seconds"),
    ):
        publish()


def test_a_change_by_someone_else_is_only_replaced_with_overwrite(publish, remote):
    publish()
    repo = remote.repos["user/new"]
    theirs = repo.commit({"README.md": b"---\n---\nbetter words"}, "Update README.md")
    with pytest.raises(PublishFailed, match=r"changed README\.md of user/new.*--overwrite"):
        publish()
    assert repo.head == theirs
    published = publish(overwrite=True)
    assert published.changed
    assert repo.at("main")[1]["README.md"] != b"---\n---\nbetter words"


def test_a_file_added_by_someone_else_stays(publish, remote):
    publish()
    repo = remote.repos["user/new"]
    repo.commit({"LICENSE": b"theirs"}, "Add a license")
    publish(files={**FILES, CONFIG: b"{}"})
    assert repo.at("main")[1]["LICENSE"] == b"theirs"


def test_versions_are_tagged_with_numbers(publish, remote):
    first = publish()
    again = publish()
    second = publish(files={**FILES, CONFIG: b"{}"})
    assert (first.tag, again.tag, second.tag) == ("v1", "v1", "v2")
    assert remote.repos["user/new"].tags == {"v1": first.commit, "v2": second.commit}


def test_a_tag_can_be_chosen(publish, remote):
    publish(tag="thesis")
    publish(tag="thesis")
    assert remote.repos["user/new"].tags.keys() == {"thesis"}


def test_a_tag_of_another_commit_is_an_error_and_nothing_is_committed(publish, remote):
    publish(tag="thesis")
    head = remote.repos["user/new"].head
    with pytest.raises(PublishFailed, match=r"tag thesis .* names another commit.*--tag"):
        publish(tag="thesis", files={**FILES, CONFIG: b"{}"})
    assert remote.repos["user/new"].head == head


def test_a_tag_set_by_someone_else_in_between_is_reported(publish, remote):
    with (
        remote.misbehave("status", "POST.*/tag/", status=409),
        pytest.raises(PublishFailed, match=r"tag v1 .* names another commit"),
    ):
        publish()


def test_a_missing_tag_is_added_by_publishing_again(publish, remote):
    with remote.misbehave("status", "POST.*/tag/", status=503), pytest.raises(PublishFailed):
        publish()
    commits = len(remote.repos["user/new"].commits)
    published = publish()
    assert not published.changed
    assert remote.repos["user/new"].tags == {"v1": published.commit}
    assert len(remote.repos["user/new"].commits) == commits


def test_the_hubs_message_about_a_mistake_in_the_card_is_shown(publish, remote):
    files = {**FILES, "README.md": b"---\nlicense: 3\n---\n"}
    with pytest.raises(PublishFailed, match=r'a mistake .* "license" must be a string'):
        publish(files=files)
    assert len(remote.repos["user/new"].commits) == 1  # the Hub's initial commit


SPACE = "user/page"
PAGE = {
    "README.md": b"---\nsdk: gradio\n---\n",
    "app.py": b"print()\n",
    "page/layout.py": b"",
    "digit_model/bundled/model.weights.h5": bytes(1000),
}
VARIABLES = {"DIGIT_MODEL_REPO": REPO, "DIGIT_MODEL_REVISION": "a" * 40}


@pytest.fixture
def publish_space(publish, remote):
    def run(files=None, variables=None, zero_gpu=False, **options):
        files, variables = files or PAGE, variables or VARIABLES
        options = PublishOptions(endpoint=remote.url, **options)
        return hub.publish_space(
            SPACE, files, variables, subject="the page", zero_gpu=zero_gpu, options=options
        )

    return run


def the_space(remote):
    """Return the published Space as the Hub holds it."""
    return remote.repos[f"spaces/{SPACE}"]


def test_a_space_holds_the_files_and_the_variables(publish_space, remote):
    published = publish_space()
    space = the_space(remote)
    assert space.head == published.commit
    assert published.url == f"{remote.url}/spaces/{SPACE}"
    assert space.commits[-1][1].keys() - {".gitattributes"} == PAGE.keys()
    assert PAGE.items() <= space.commits[-1][1].items()
    assert space.variables == VARIABLES
    assert not space.private
    assert space.hardware is None


def test_an_unchanged_space_gets_no_commit_and_no_variables(publish_space, remote):
    publish_space()
    remote.requests.clear()
    assert not publish_space().changed
    assert len(the_space(remote).commits) == 2
    assert not [
        request for request in remote.requests if re.search("POST.*(variables|commit)", request)
    ]


def test_a_space_gets_changed_files_and_loses_our_deleted_ones(publish_space, remote):
    publish_space()
    the_space(remote).commit({"notes.txt": b"theirs"}, "Add notes")
    smaller = {name: content for name, content in PAGE.items() if not name.startswith("page/")}
    newer = {**VARIABLES, "DIGIT_MODEL_REVISION": "b" * 40}
    publish_space(smaller | {"page/new.py": b"1"}, newer)
    names = the_space(remote).commits[-1][1].keys()
    assert "page/layout.py" not in names
    assert {"page/new.py", "notes.txt"} <= names
    assert the_space(remote).variables == newer


def test_a_space_can_be_private_and_on_zero_gpu(publish_space, remote):
    publish_space(private=True, zero_gpu=True)
    assert the_space(remote).private
    assert the_space(remote).hardware == "zero-a10g"


def test_a_space_changed_by_someone_else_is_only_replaced_with_overwrite(publish_space, remote):
    publish_space()
    the_space(remote).commit({"app.py": b"theirs"}, "Update app.py")
    with pytest.raises(PublishFailed, match=r"changed app\.py of the Space user/page"):
        publish_space()
    assert publish_space(overwrite=True).changed


def test_a_space_that_requires_a_paid_plan_names_the_alternatives(publish_space, remote):
    with (
        remote.misbehave("status", "repos/create", status=402),
        pytest.raises(PublishFailed, match=r"paid plan for the Space user/page.*--zero-gpu"),
    ):
        publish_space()


def test_an_existing_space_needs_no_paid_plan(publish_space, remote):
    publish_space()
    with remote.misbehave("status", "repos/create", status=402):
        assert publish_space({**PAGE, "app.py": b"newer"}).changed


@pytest.mark.parametrize("step", ["preupload", "PUT", "/commit/"])
def test_an_interrupted_upload_leaves_the_space_unchanged(step, publish_space, remote):
    publish_space()
    before = the_space(remote).head
    changed = {**PAGE, "digit_model/bundled/model.weights.h5": os.urandom(1000)}
    with (
        remote.misbehave("status", step, status=403),
        pytest.raises(PublishFailed, match="may not write"),
    ):
        publish_space(changed)
    assert the_space(remote).head == before


def test_missing_variables_are_set_by_publishing_again(publish_space, remote):
    publish_space()
    newer = {**VARIABLES, "DIGIT_MODEL_REVISION": "b" * 40}
    with (
        remote.misbehave("status", "POST.*variables", status=503),
        pytest.raises(PublishFailed, match="error 503"),
    ):
        publish_space(variables=newer)
    publish_space(variables=newer)
    assert the_space(remote).variables == newer


def test_the_message_about_a_space_says_that_it_is_one(publish_space, remote):
    with (
        remote.misbehave("status", "repos/create", status=403),
        pytest.raises(PublishFailed, match="may not write to the Space user/page"),
    ):
        publish_space()


def test_a_new_repository_is_published_to_a_hub_without_error_codes(publish, publish_space, remote):
    remote.standard_errors = False
    assert publish().commit == remote.repos["user/new"].head
    assert publish_space().commit == the_space(remote).head


def test_a_repository_of_another_user_is_refused(publish):
    with pytest.raises(PublishFailed, match="may not write to other/digits"):
        publish(repo="other/digits")
