"""The server: it opens before the weights are there, keeps nothing for long, and stops cleanly."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from digit_model.data.corrections import Correction, write_correction
from tests.helpers import CORRECTIONS, ROOT, free_port, served, sketch
from tests.loopback_hub import TOKEN, LoopbackHub

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals and /proc")


@pytest.fixture(scope="module")
def seven(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "seven.png"
    sketch(7).save(path)
    return path


def app_of(url: str) -> int:
    """Return the process id of the app that this test program has started for an address."""
    port = url.rpartition(":")[2]
    for pid in children_of(os.getpid()):
        if port in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            return pid
    raise AssertionError(f"no app serves {url}")


def reader_of(app: int) -> int:
    """Return the process id of an app's reader: the largest of the processes that it started."""
    return max(
        children_of(app), key=lambda pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    )


def children_of(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in lists for child in path.read_text().split()]


def test_calls_at_the_time_of_a_crash_fail_with_a_sentence_and_the_next_are_answered(
    tmp_path, seven
):
    with served(ROOT, tmp_path) as (url, _):
        client, app = Client(url, verbose=False), app_of(url)

        def text() -> str:
            return client.predict(handle_file(seven), api_name="/predict")[0]["text"]

        assert text() == "7"
        reader = reader_of(app)
        os.kill(reader, signal.SIGSTOP)  # So that it has calls in hand.
        with ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(text) for _ in range(2)]
            time.sleep(1)
            os.kill(reader, signal.SIGKILL)
            for call in calls:
                with pytest.raises(AppError, match="reader stopped"):
                    call.result(30)
        assert text() == "7"
        assert client.predict(api_name="/health")["restarts"] == 1


def test_the_page_opens_and_answers_though_the_hub_is_silent(tmp_path, seven):
    with LoopbackHub() as hub, hub.misbehave("silent"):
        variables = {"HF_ENDPOINT": hub.url, "DIGIT_MODEL_REPO": "user/digits"}
        with served(ROOT, tmp_path, variables) as (url, log):
            assert httpx.get(url).is_success
            client = Client(url, verbose=False)
            assert client.predict(api_name="/health")["status"] in ("starting", "ok")
            assert client.predict(handle_file(seven), api_name="/predict")[0]["text"] == "7"
            assert client.predict(api_name="/health")["status"] == "ok"
            assert "did not finish" in client.predict(api_name="/model_info")["fallback"]
            assert "Serving the bundled checkpoint, because" in log.read_text()


def start(folder: Path, *options: str, **variables: str) -> subprocess.Popen:
    """Start app.py in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [sys.executable, "app.py", "--port", str(free_port()), *options],
        cwd=ROOT,
        env=os.environ | {"GRADIO_TEMP_DIR": str(folder)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until(app: subprocess.Popen, words: str) -> None:
    for line in app.stdout:
        if words in line:
            return
    raise AssertionError(f"app.py ended without saying {words!r}")


def test_a_second_ctrl_c_ends_the_program_at_once_and_quietly(tmp_path):
    """The Hub is silent, so that closing waits for corrections that are on their way there."""
    with LoopbackHub() as hub, hub.misbehave("silent"):
        tile = np.full((28, 28), 0.5, np.float32)
        correction = Correction(Image.new("RGB", (28, 28)), tile, 7, {})
        write_correction(tmp_path / CORRECTIONS, correction)
        app = start(
            *(tmp_path, "--corrections", str(tmp_path / CORRECTIONS)),
            *("--corrections-repo", "user/said"),
            HF_ENDPOINT=hub.url,
            HF_TOKEN=TOKEN,
        )

        read_until(app, "Running on")
        os.killpg(app.pid, signal.SIGINT)
        time.sleep(2)
        started = time.monotonic()
        os.killpg(app.pid, signal.SIGINT)
        said, _ = app.communicate(timeout=20)
        assert time.monotonic() - started < 3
        assert "Traceback" not in said
        assert app.returncode == 130


@pytest.mark.parametrize("seconds", [0.3, 1.5, 3])
def test_ctrl_c_during_the_start_is_quiet(tmp_path, seconds):
    app = start(tmp_path)
    time.sleep(seconds)
    os.killpg(app.pid, signal.SIGINT)
    said, _ = app.communicate(timeout=30)
    assert "Traceback" not in said
    assert app.returncode in (0, 130, -signal.SIGINT)
