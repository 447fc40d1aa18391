"""push_to_hub.py against the loopback Hub: the card, the commit, the words at the end."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard, constants
from PIL import Image

import push_to_hub
from digit_model import card, checkpoint, pretrained
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Calibration
from digit_model.checkpoint import CONFIG, WEIGHTS, Checkpoint
from tests.loopback_hub import TOKEN, LoopbackHub

REPO = "user/digits"
SCORES = {
    "images": 10_000,
    "accuracy": 0.9961,
    "errors": 39,
    "nll": 0.0123,
    "ece": 0.0011,
    "confusion": np.diag([1000] * 10).tolist(),
}
RECORD = {
    "recipe": {"architecture": "dense", "epochs": 3, "learning_rate": 0.003, "seed": 0},
    "training": {"epochs": 3, "seconds": 120.0},
    "scores": {"validation": SCORES | {"images": 5000, "errors": 20}, "test": SCORES},
}

# huggingface_hub 2.4 hands files to its HTTP client in a way that the client wants to drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint of a network that learned nothing, with a record as train.py writes it."""
    folder = tmp_path_factory.mktemp("checkpoint")
    model = ARCHITECTURES["dense"]()
    checkpoint.save(folder, Checkpoint(model, "dense", Calibration(1.5, 0.1, 100.0), RECORD))
    return folder


@pytest.fixture(scope="module")
def server():
    with LoopbackHub() as server:
        yield server


@pytest.fixture
def remote(server, monkeypatch):
    """An empty Hub that the environment names, with the right token."""
    server.repos.clear()
    server.objects.clear()
    server.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return server


def push(*arguments) -> int:
    return push_to_hub.main([str(argument) for argument in arguments])


def test_the_whole_way_gives_identical_logits(remote, folder, tmp_path, capsys):
    """Push; start from what the script says at the end; read as with the local folder."""
    assert push("--model-repo", REPO, folder) == 0
    said = dict(re.findall(r"^  (DIGIT_MODEL_\w+)=(\S+)$", capsys.readouterr().out, re.MULTILINE))
    assert said["DIGIT_MODEL_REVISION"] == remote.repos[REPO].head
    surroundings = {"HF_ENDPOINT": remote.url, "HF_HUB_CACHE": str(tmp_path)}
    served = pretrained.load(said | surroundings, timeout=20)
    assert served.fallback is None
    tiles = np.random.default_rng(0).random((5, 28, 28), np.float32)
    local = checkpoint.load(folder).model.predict_on_batch(tiles)
    np.testing.assert_array_equal(served.checkpoint.model.predict_on_batch(tiles), local)


def test_what_is_said_and_what_lies_there(remote, folder, capsys):
    assert push("--model-repo", REPO, folder) == 0
    said = capsys.readouterr().out
    repo = remote.repos[REPO]
    assert len(repo.commits) == 2  # the Hub's own first one, and ours
    assert repo.head in said
    assert f"{remote.url}/{REPO}/tree/{repo.head}" in said
    files = repo.commits[-1][1]
    assert files.keys() - {".gitattributes"} == {WEIGHTS, CONFIG, "README.md"}
    assert files[WEIGHTS] == (folder / WEIGHTS).read_bytes()
    assert files[CONFIG] == (folder / CONFIG).read_bytes()
    assert TOKEN not in said


def test_pushing_again_makes_no_commit(remote, folder, capsys):
    push("--model-repo", REPO, folder)
    head = remote.repos[REPO].head
    capsys.readouterr()
    assert push("--model-repo", REPO, folder) == 0
    assert "Nothing has changed" in capsys.readouterr().out
    assert remote.repos[REPO].head == head


def test_private(remote, folder):
    assert push("--model-repo", REPO, "--private", folder) == 0
    assert remote.repos[REPO].private


def test_a_dry_run_sends_nothing(remote, folder, capsys):
    assert push("--model-repo", REPO, "--dry-run", folder) == 0
    assert "license: apache-2.0" in capsys.readouterr().out
    assert remote.requests == []


def test_a_damaged_checkpoint_is_not_pushed(remote, folder, tmp_path, capsys):
    (tmp_path / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1])
    (tmp_path / CONFIG).write_bytes((folder / CONFIG).read_bytes())
    assert push("--model-repo", REPO, tmp_path) == 1
    assert "bytes, not" in capsys.readouterr().err
    assert remote.requests == []


@pytest.mark.parametrize("name", ["digits", "a/b/c", "user/", "user/a b"])
def test_a_malformed_name(name, remote, folder, capsys):
    assert push("--model-repo", name, folder) == 1
    assert "USER/NAME" in capsys.readouterr().err
    assert remote.requests == []


def test_a_bad_token(remote, folder, capsys, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert push("--model-repo", REPO, folder) == 1
    error = capsys.readouterr().err
    assert "does not accept the access token" in error
    assert error.count("\n") == 1
    assert "hf_wrong" not in error


def test_no_right_to_write(remote, folder, capsys):
    with remote.misbehave("status", "create", status=403):
        assert push("--model-repo", "other/digits", folder) == 1
    assert "may not write to other/digits" in capsys.readouterr().err


def test_as_a_command_without_a_network(folder):
    """The script itself in a process of its own: one sentence, exit status 1."""
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
    assert ran.stdout == ""
    assert re.fullmatch(
        r"push_to_hub\.py: The Hugging Face Hub cannot be reached.*\.\n", ran.stderr
    )


@pytest.fixture(scope="module")
def text(folder):
    return card.build(checkpoint.load(folder), REPO)


def test_the_front_matter_is_what_the_hub_reads(text):
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["license"] == "apache-2.0"
    assert front["library_name"] == "keras"
    assert front["pipeline_tag"] == "image-classification"
    assert front["datasets"] == ["ylecun/mnist"]
    assert front["metrics"] == ["accuracy"]
    [model] = front["model-index"]
    assert model["name"] == "digits"
    [result] = model["results"]
    assert result["dataset"] == {"type": "ylecun/mnist", "name": "MNIST", "split": "test"}
    measured = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert measured == {name: SCORES[name] for name in ("accuracy", "nll", "ece")}


def test_huggingface_hub_reads_the_scores_back(text):
    [accuracy] = [r for r in ModelCard(text).data.eval_results if r.metric_type == "accuracy"]
    assert accuracy.metric_value == SCORES["accuracy"]


def test_the_card_says_how_it_was_trained_and_what_it_scored(text, folder):
    assert "| learning_rate | 0.003 |" in text
    assert "3 epochs (2 minutes)" in text
    assert "| MNIST test | 10,000 | 99.61% | 39 | 0.0123 | 0.0011 |" in text
    assert json.loads((folder / CONFIG).read_text())["weights"]["sha256"] in text


def test_the_cards_snippet_runs(text, remote, folder, tmp_path, monkeypatch, capsys):
    """The lines that the card gives to people, with the Hub at hand and a picture to read."""
    push("--model-repo", REPO, folder)
    capsys.readouterr()
    drawn = np.full((56, 56, 3), 255, np.uint8)
    drawn[12:44, 26:31] = 0
    Image.fromarray(drawn).save(tmp_path / "digit.png")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    [snippet] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(snippet, {})
    assert re.fullmatch(r"\d?\n", capsys.readouterr().out)


def test_a_checkpoint_without_scores_claims_none(tmp_path):
    bare = Checkpoint(ARCHITECTURES["dense"](), "dense", Calibration(1.0, 0.0, 100.0))
    text = card.build(checkpoint.save(tmp_path, bare), REPO)
    assert "model-index" not in text
    assert "None were measured." in text
