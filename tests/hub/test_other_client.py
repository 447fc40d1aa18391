"""The loopback Hub works with an independent client, npm's @huggingface/hub.

npm install --prefix /tmp/hub-client @huggingface/hub
HUB_CLIENT=/tmp/hub-client python -m pytest tests/hub/test_other_client.py
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from digit_model import hub
from digit_model.hub import PublishOptions
from tests.hub.helpers import CONFIG, FILES, REPO, WEIGHTS, content
from tests.loopback_hub import TOKEN

CLIENT = Path(os.environ.get("HUB_CLIENT", "."))
SCRIPT = Path(__file__).with_name("other_client.mjs")

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (CLIENT / "node_modules/@huggingface/hub").is_dir(),
        reason="HUB_CLIENT is not a folder with npm's @huggingface/hub",
    ),
    # huggingface_hub 2.4 passes files to its HTTP client in a deprecated way.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_both_clients_read_what_the_other_published(remote, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    files = {**FILES, "README.md": b"---\nlicense: apache-2.0\n---\n"}
    options = PublishOptions(overwrite=True, endpoint=remote.url)
    published = hub.publish(REPO, files, subject="digits", options=options)
    command = ["node", SCRIPT, remote.url, TOKEN, REPO, published.commit]
    ran = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["read"] == {name: sha256(data) for name, data in files.items()}
    other = remote.repos["user/other-client"]
    assert seen["commit"] == seen["sha"] == other.head
    pulled = content(
        hub.download(
            "user/other-client",
            seen["commit"],
            (CONFIG, WEIGHTS),
            timeout=20,
            endpoint=remote.url,
            cache=tmp_path,
        )
    )
    assert pulled == {name: f"from another client: {name}".encode() for name in (CONFIG, WEIGHTS)}
    assert {name: sha256(data) for name, data in pulled.items()}.items() <= seen["own"].items()
