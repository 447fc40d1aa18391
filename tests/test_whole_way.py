"""The whole way on loopback: train, publish, start the Space's files, and ask it."""

import os
import re
import subprocess
import sys

import pytest
from gradio_client import Client, handle_file

from digit_model import pretrained
from tests.helpers import ROOT, served, sketch
from tests.loopback_hub import TOKEN, LoopbackHub

MODEL, SPACE = "user/digits", "user/page"
SHORT = ["--architecture", "dense", "--epochs", "2", "--synthetic", "100", "--outliers", "20"]


@pytest.fixture(scope="module")
def remote():
    with LoopbackHub() as remote:
        yield remote


def run(script: str, *arguments: object, **surroundings: str) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / script, *map(str, arguments)],
        env=os.environ | {"HF_HUB_DISABLE_XET": "1"} | surroundings,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_trained_network_answers_in_its_space_as_it_does_here(remote, drawn_mnist, tmp_path):
    trained = tmp_path / "trained"
    run("train.py", "--data", drawn_mnist, "--out", trained, *SHORT)
    known = {"HF_ENDPOINT": remote.url, "HF_TOKEN": TOKEN}
    said = run(
        *("push_to_hub.py", "--model-repo", MODEL, "--space", SPACE),
        *("--data", drawn_mnist, trained),
        **known,
    )
    assert re.search(r"Verified: \d+ errors in 100", said)
    space = remote.repos[f"spaces/{SPACE}"]
    home = tmp_path / "space"
    for name, content in space.commits[-1][1].items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    cache = {"HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
    variables = {**space.variables, "HF_ENDPOINT": remote.url, **cache}
    with served(home, tmp_path, variables) as (url, log):
        client = Client(url, verbose=False, download_files=str(tmp_path / "answers"))
        info = client.predict(api_name="/model_info")
        commit = remote.repos[MODEL].head
        assert info["source"] == f"{MODEL} at {commit[:8]} on the Hugging Face Hub"
        assert info["fallback"] is None
        here = pretrained.load_from(trained)
        for digits in ((7,), (1, 4, 7), (3, 3)):
            path = tmp_path / "digits.png"
            sketch(*digits).save(path)
            there, _ = client.predict(handle_file(path), api_name="/predict")
            expected = here.recogniser.read(path).as_json()
            assert there | {"seconds": 0} == expected | {"seconds": 0}
        assert f"Serving {info['source']}." in log.read_text()
