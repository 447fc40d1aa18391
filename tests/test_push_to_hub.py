"""push_to_hub.py with a Hub on loopback: the card, the commits and the output."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from huggingface_hub import constants
from PIL import Image

import push_to_hub
from digit_model import checkpoint, pretrained
from digit_model.card import model_card
from digit_model.checkpoint import CONFIG, WEIGHTS
from digit_model.metrics import score
from tests.loopback_hub import TOKEN, LoopbackHub

REPO = "user/digits"

# huggingface_hub 2.4 passes files to its HTTP client in a deprecated way.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture(scope="module")
def server():
    with LoopbackHub() as server:
        yield server


@pytest.fixture
def remote(server, monkeypatch):
    """Return an empty Hub that the environment names, with a valid token."""
    server.repos.clear()
    server.objects.clear()
    server.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    # Heatmaps are compiled for each checkpoint, which takes seconds. test_model_card.py draws them.
    monkeypatch.setattr(model_card, "draw_heatmaps", lambda _: Image.new("RGB", (8, 8)))
    return server


def push(*arguments) -> int:
    """Run the script in this process and return its exit status."""
    return push_to_hub.main([str(argument) for argument in arguments])


def test_a_published_checkpoint_gives_identical_logits_when_served(
    remote, folder, tmp_path, capsys
):
    """Publish, load with the variables that the script prints, and compare with the folder."""
    assert push("--model-repo", REPO, folder) == 0
    variables = dict(
        re.findall(r"^  (DIGIT_MODEL_\w+)=(\S+)$", capsys.readouterr().out, re.MULTILINE)
    )
    assert variables["DIGIT_MODEL_REVISION"] == remote.repos[REPO].head
    environment = {"HF_ENDPOINT": remote.url, "HF_HUB_CACHE": str(tmp_path)}
    served = pretrained.load(variables | environment, timeout=20)
    assert served.fallback is None
    tiles = np.random.default_rng(0).random((5, 28, 28), np.float32)
    local = checkpoint.load(folder).model.predict_on_batch(tiles)
    np.testing.assert_array_equal(served.checkpoint.model.predict_on_batch(tiles), local)


def test_the_output_and_the_published_files(remote, folder, capsys):
    assert push("--model-repo", REPO, folder) == 0
    printed = capsys.readouterr().out
    repo = remote.repos[REPO]
    assert len(repo.commits) == 2  # the Hub's initial commit, and ours
    assert repo.head in printed
    assert f"{remote.url}/{REPO}/tree/{repo.head}" in printed
    files = repo.commits[-1][1]
    pictures = {"confusion.png", "heatmaps.png"}
    assert files.keys() - {".gitattributes"} == {WEIGHTS, CONFIG, "README.md", *pictures}
    assert repo.tags == {"v1": repo.head}
    assert files[WEIGHTS] == (folder / WEIGHTS).read_bytes()
    assert files[CONFIG] == (folder / CONFIG).read_bytes()
    assert TOKEN not in printed


def test_publishing_again_makes_no_commit(remote, folder, capsys):
    push("--model-repo", REPO, folder)
    head = remote.repos[REPO].head
    capsys.readouterr()
    assert push("--model-repo", REPO, folder) == 0
    assert "nothing has changed" in capsys.readouterr().out
    assert remote.repos[REPO].head == head


def test_a_repository_can_be_private(remote, folder):
    assert push("--model-repo", REPO, "--private", folder) == 0
    assert remote.repos[REPO].private


def test_a_dry_run_makes_no_request(remote, folder, capsys):
    assert push("--model-repo", REPO, "--dry-run", folder) == 0
    assert "license: apache-2.0" in capsys.readouterr().out
    assert remote.requests == []


def test_a_damaged_checkpoint_is_not_published(remote, folder, tmp_path, capsys):
    (tmp_path / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1])
    (tmp_path / CONFIG).write_bytes((folder / CONFIG).read_bytes())
    assert push("--model-repo", REPO, tmp_path) == 1
    assert "bytes, not" in capsys.readouterr().err
    assert remote.requests == []


@pytest.mark.parametrize("name", ["digits", "a/b/c", "user/", "user/a b"])
def test_a_malformed_name_is_reported_with_its_flag(name, remote, folder, capsys):
    assert push("--model-repo", name, folder) == 1
    assert f"--model-repo is {name!r}. Give it in the form USER/NAME" in capsys.readouterr().err
    assert remote.requests == []


def test_a_bad_token_is_reported_in_one_line_without_the_token(remote, folder, capsys, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert push("--model-repo", REPO, folder) == 1
    error = capsys.readouterr().err
    assert "does not accept the access token" in error
    assert error.count("\n") == 1
    assert "hf_wrong" not in error


def test_a_repository_of_another_user_is_refused(remote, folder, capsys):
    with remote.misbehave("status", "create", status=403):
        assert push("--model-repo", "other/digits", folder) == 1
    assert "may not write to other/digits" in capsys.readouterr().err


def test_the_script_without_a_network_prints_one_sentence(folder):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    script = Path(push_to_hub.__file__)
    ran = subprocess.run(
        [sys.executable, script, "--model-repo", REPO, folder],
        env=os.environ | {"HF_ENDPOINT": endpoint, "HF_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stdout.count("\n") == 1  # the note that the scores were not verified
    assert re.fullmatch(
        r"push_to_hub\.py: The Hugging Face Hub cannot be reached.*\.\n", ran.stderr
    )


def test_the_cards_example_runs(remote, folder, tmp_path, monkeypatch, capsys):
    push("--model-repo", REPO, folder)
    capsys.readouterr()
    drawn = np.full((56, 56, 3), 255, np.uint8)
    drawn[12:44, 26:31] = 0
    Image.fromarray(drawn).save(tmp_path / "digit.png")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    text = remote.repos[REPO].commits[-1][1]["README.md"].decode()
    [example] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(example, {})
    assert re.fullmatch(r"\d?\n", capsys.readouterr().out)


@pytest.fixture(scope="module")
def mnist(tmp_path_factory, folder):
    """Return a test set of noise and the scores of the checkpoint on it."""
    random = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "set.npz"
    images = random.integers(0, 256, (60, 28, 28), np.uint8)
    labels = np.arange(60, dtype=np.uint8) % 10
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    logits = checkpoint.load(folder).model.predict_on_batch(images.astype(np.float32) / 255)
    return path, score(logits, labels, temperature=1.5).as_json()


@pytest.fixture
def scored(folder, mnist, tmp_path):
    """Return a function that copies the checkpoint with these scores, changed as given."""

    def make(**changes):
        copy = shutil.copytree(folder, tmp_path / "scored", dirs_exist_ok=True)
        config = json.loads((copy / CONFIG).read_text())
        config["scores"]["test"] = mnist[1] | changes
        (copy / CONFIG).write_text(json.dumps(config))
        return copy

    return make


@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_correct_scores_are_verified(flags, remote, scored, mnist, capsys):
    assert push("--model-repo", REPO, "--data", mnist[0], *flags, scored()) == 0
    assert f"{mnist[1]['errors']} errors in 60" in capsys.readouterr().out


@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_wrong_scores_are_not_published(flags, remote, scored, mnist, capsys):
    wrong = scored(errors=0, accuracy=1.0)
    assert push("--model-repo", REPO, "--data", mnist[0], *flags, wrong) == 1
    error = capsys.readouterr().err
    assert "records 0 errors" in error
    assert f"they are {mnist[1]['errors']}" in error
    assert remote.requests == []


def test_scores_on_real_pictures_are_in_the_card(remote, folder, tmp_path):
    record = tmp_path / "real.json"
    record.write_text('{"phone photos": {"pictures": 460, "accuracy": 0.976}}')
    assert push("--model-repo", REPO, "--real", record, folder) == 0
    text = remote.repos[REPO].commits[-1][1]["README.md"].decode()
    assert "| phone photos | 460 | 97.6% |" in text


def test_an_interrupt_says_how_to_continue(remote, folder, capsys, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(push_to_hub.hub, "publish", stop)
    assert push("--model-repo", REPO, folder) == 130
    assert "run the same command again" in capsys.readouterr().err


def test_help_explains_every_option(capsys):
    with pytest.raises(SystemExit) as left:
        push("--help")
    assert left.value.code == 0
    shown = capsys.readouterr().out
    options = "model-repo space static-space private dry-run data real tag zero-gpu overwrite"
    assert all(f"--{option}" in shown for option in options.split())


SPACE = "user/page"


def test_a_reader_that_closes_the_output_early_causes_no_traceback(folder):
    """As in `push_to_hub.py ... | head -1`."""
    script = subprocess.Popen(
        [sys.executable, push_to_hub.__file__, "--model-repo", REPO, "--dry-run", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    script.stdout.close()
    assert script.communicate(timeout=60)[1] == b""


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        ("https://github.com/user/digits.git", "https://github.com/user/digits"),
        (
            "https://user:hf_secret@huggingface.co/spaces/user/page",
            "https://huggingface.co/spaces/user/page",
        ),
        ("git@github.com:user/digits.git", "https://github.com/user/digits"),
        ("ssh://git@example.org:2222/user/digits", "https://example.org/user/digits"),
        ("/srv/git/digits.git", None),
        ("../digits", None),
    ],
)
def test_a_git_remote_becomes_a_public_url_without_credentials(origin, url):
    assert push_to_hub.public_url(origin) == url


def test_the_card_links_to_the_space(remote, folder):
    assert push("--model-repo", REPO, "--space", SPACE, folder) == 0
    text = remote.repos[REPO].commits[-1][1]["README.md"].decode()
    assert f'"git+{remote.url}/spaces/{SPACE}"' in text


def test_without_a_space_the_card_links_to_the_origin_of_the_checkout(
    remote, folder, tmp_path, monkeypatch
):
    for command in ("init -q", "remote add origin git@github.com:user/digits.git"):
        subprocess.run(["git", "-C", tmp_path, *command.split()], check=True)
    monkeypatch.setattr(push_to_hub, "ROOT", tmp_path)
    assert push("--model-repo", REPO, folder) == 0
    text = remote.repos[REPO].commits[-1][1]["README.md"].decode()
    assert '"git+https://github.com/user/digits"' in text


def test_a_space_gets_the_page_and_the_package_but_no_tests(remote, folder, capsys):
    assert push("--model-repo", REPO, "--space", SPACE, folder) == 0
    space = remote.repos[f"spaces/{SPACE}"]
    files = space.commits[-1][1]
    assert {
        "app.py",
        "requirements.txt",
        "README.md",
        "page/reading/pad.js",
        "pyproject.toml",
    } <= files.keys()
    assert "digit_model/bundled/cnn/model.weights.h5" in files
    rooms = {name.split("/")[0] for name in files if "/" in name}
    assert rooms == {"digit_model", "page", "browser", "docs", "notebooks"}
    assert not [name for name in files if "test" in name or "pycache" in name]
    front = yaml.safe_load(files["README.md"].decode().split("---\n")[1])
    assert front["models"] == [REPO]
    assert (front["sdk"], front["python_version"]) == ("gradio", "3.12")
    assert space.variables == {
        "DIGIT_MODEL_REPO": REPO,
        "DIGIT_MODEL_REVISION": remote.repos[REPO].head,
        "DIGIT_MODEL_SHA256": checkpoint.load(folder).sha256,
    }
    printed = capsys.readouterr().out
    assert "running, 0 s" in printed
    assert f"The page runs: {remote.url}/spaces/{SPACE}" in printed


def test_publishing_a_space_again_makes_no_commit(remote, folder):
    push("--model-repo", REPO, "--space", SPACE, folder)
    push("--model-repo", REPO, "--space", SPACE, folder)
    assert [len(repo.commits) for repo in remote.repos.values()] == [2, 2]


def test_a_private_model_needs_a_token_in_the_space(remote, folder, capsys):
    assert push("--model-repo", REPO, "--space", SPACE, "--private", folder) == 0
    assert all(repo.private for repo in remote.repos.values())
    assert "Set HF_TOKEN" in capsys.readouterr().out


def test_a_failed_build_is_reported(remote, folder, capsys):
    push("--model-repo", REPO, "--space", SPACE, folder)
    failed = {"stage": "BUILD_ERROR", "errorMessage": "no space left"}
    remote.repos[f"spaces/{SPACE}"].runtime = [failed]
    assert push("--model-repo", REPO, "--space", SPACE, folder) == 1
    assert "its build failed (no space left)" in capsys.readouterr().err


def test_a_space_that_requires_a_paid_plan_suggests_zero_gpu(remote, folder, capsys):
    push("--model-repo", REPO, folder)
    with remote.misbehave("status", "repos/create", status=402):
        assert push("--model-repo", REPO, "--space", SPACE, folder) == 1
    assert "--zero-gpu" in capsys.readouterr().err


def test_a_dry_run_lists_the_files_of_the_space(remote, folder, capsys):
    assert push("--model-repo", REPO, "--space", SPACE, "--dry-run", folder) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^ +[\d,]+  app\.py$", printed, re.MULTILINE)
    assert "confusion.png" in printed
    assert remote.requests == []


STATIC = "user/static"


def test_a_static_space_gets_the_page_with_the_weights_and_links(remote, folder, capsys):
    spaces = ("--space", SPACE, "--static-space", STATIC)
    assert push("--model-repo", REPO, *spaces, folder) == 0
    files = remote.repos[f"spaces/{STATIC}"].commits[-1][1]
    assert {"index.html", "page/page.js", "picture/ink.js", "service_worker.js"} <= files.keys()
    model = json.loads(files["model.json"])
    assert model["checkpoint"] == checkpoint.load(folder).sha256
    assert REPO in model["source"]
    assert hashlib.sha256(files["weights.bin"]).hexdigest() == model["weights"]["sha256"]
    assert f"{remote.url}/spaces/{STATIC}" in files["page/settings.js"].decode()
    card = files["README.md"].decode()
    front = yaml.safe_load(card.split("---\n")[1])
    assert (front["sdk"], front["app_file"], front["models"]) == ("static", "index.html", [REPO])
    assert front.keys().isdisjoint({"sdk_version", "python_version"})
    assert f"{remote.url}/spaces/{SPACE}" in card
    assert f"{remote.url}/spaces/{SPACE}" in files["page/settings.js"].decode()
    assert remote.repos[f"spaces/{SPACE}"].variables["DIGIT_STATIC_SPACE"] == STATIC
    other = remote.repos[f"spaces/{SPACE}"].commits[-1][1]["README.md"].decode()
    assert f"[{STATIC}]({remote.url}/spaces/{STATIC})" in other
    assert f"{remote.url}/spaces/{STATIC}" in capsys.readouterr().out


def test_a_static_space_without_another_is_published_once(remote, folder):
    for _ in range(2):
        assert push("--model-repo", REPO, "--static-space", STATIC, folder) == 0
    assert remote.repos.keys() == {REPO, f"spaces/{STATIC}"}
    space = remote.repos[f"spaces/{STATIC}"]
    assert len(space.commits) == 2  # the Hub's initial commit, and ours
    assert "with a server" not in space.commits[-1][1]["README.md"].decode()


def test_files_that_a_new_version_lacks_are_deleted_from_a_static_space(remote, folder):
    push("--model-repo", REPO, "--static-space", STATIC, folder)
    space = remote.repos[f"spaces/{STATIC}"]
    space.commit({"page/former.js": b"", "page.txt": b""}, "Publish an older page")
    push("--model-repo", REPO, "--static-space", STATIC, folder)
    files = space.commits[-1][1]
    assert "page/former.js" not in files
    assert "page.txt" in files


def test_the_two_spaces_need_two_names(remote, folder, capsys):
    assert push("--model-repo", REPO, "--space", SPACE, "--static-space", SPACE, folder) == 1
    assert "another name" in capsys.readouterr().err
    assert remote.requests == []


def test_a_dry_run_lists_the_files_of_the_static_space(remote, folder, capsys):
    assert push("--model-repo", REPO, "--static-space", STATIC, "--dry-run", folder) == 0
    printed = capsys.readouterr().out
    assert f"the static Space {STATIC}" in printed
    assert "service_worker.js" in printed
    assert remote.requests == []
