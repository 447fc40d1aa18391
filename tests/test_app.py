"""The server: its two endpoints through the real client, and its command line."""

import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import app
from tests.conftest import ROOT, sketch


@pytest.fixture(scope="module")
def client(app_url, tmp_path_factory):
    return Client(app_url, verbose=False, download_files=str(tmp_path_factory.mktemp("answers")))


@pytest.fixture
def number(tmp_path) -> Path:
    path = tmp_path / "number.png"
    sketch(1, 4, 7).save(path)
    return path


def test_predict_reads_a_number_and_shows_why(client, number):
    reading, heatmap = client.predict(handle_file(number), api_name="/predict")
    assert reading.keys() == {"text", "digits", "seconds"}
    assert reading["text"] == "147"
    assert [mark["digit"] for mark in reading["digits"]] == [1, 4, 7]
    for mark in reading["digits"]:
        assert sum(mark["probabilities"]) == pytest.approx(1, abs=1e-4)
        assert mark["confidence"] == max(mark["probabilities"])
        left, top, right, bottom = mark["box"]
        assert 0 <= left < right <= 840
        assert 0 <= top < bottom <= 280
    with Image.open(heatmap) as image:
        assert image.format == "PNG"
        assert image.width == 640


def test_one_takes_the_picture_as_one_digit(client, number):
    reading, _ = client.predict(handle_file(number), one=True, api_name="/predict")
    assert len(reading["digits"]) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no picture at all", "text file"),
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "no picture|damaged"),
    ],
)
def test_a_bad_file_gives_a_sentence(client, tmp_path, content, sentence):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(AppError, match=sentence) as caught:
        client.predict(handle_file(path), api_name="/predict")
    assert "Traceback" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_blank_picture_gives_a_sentence(client, tmp_path):
    path = tmp_path / "blank.png"
    Image.new("L", (100, 100), 255).save(path)
    with pytest.raises(AppError, match="blank"):
        client.predict(handle_file(path), api_name="/predict")


def test_no_picture_gives_a_sentence(client):
    with pytest.raises(AppError, match="no picture"):
        client.predict(None, api_name="/predict")


def test_a_file_of_the_server_is_not_read(app_url):
    inside = {"path": str(ROOT / "app.py"), "meta": {"_type": "gradio.FileData"}}
    call = f"{app_url}/gradio_api/call/predict"
    event = httpx.post(call, json={"data": [inside, False]}).json()["event_id"]
    answer = httpx.get(f"{call}/{event}", timeout=30).text
    assert "event: error" in answer
    assert str(ROOT) not in answer


def test_model_info(client):
    info = client.predict(api_name="/model_info")
    assert info.keys() == {
        *("source", "fallback", "architecture", "parameters"),
        *("sha256", "test_accuracy", "explanation", "temperature"),
    }
    assert "bundled" in info["source"]
    assert info["fallback"] is None
    assert len(info["sha256"]) == 64
    assert info["parameters"] <= 300_000
    assert info["temperature"] > 0


def test_clients_at_the_same_time_get_their_own_answers(app_url, client, tmp_path):
    other = Client(app_url, verbose=False, download_files=str(tmp_path))
    paths = {digit: tmp_path / f"{digit}.png" for digit in (1, 7)}
    for digit, path in paths.items():
        sketch(digit).save(path)

    def ask(caller: Client, digit: int) -> tuple[str, str]:
        reading, heatmap = caller.predict(handle_file(paths[digit]), api_name="/predict")
        assert Path(heatmap).stat().st_size
        return str(digit), reading["text"]

    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(ask, [client, other] * 6, [1, 1, 7, 7] * 3))
    assert all(expected == text for expected, text in asked)


def test_only_the_two_endpoints_are_public(client):
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert endpoints["named_endpoints"].keys() == {"/predict", "/model_info"}
    assert not endpoints["unnamed_endpoints"]
    predict = endpoints["named_endpoints"]["/predict"]
    assert [given["parameter_name"] for given in predict["parameters"]] == ["picture", "one"]
    assert all("value_" not in returned["label"] for returned in predict["returns"])


def test_help_explains_every_option(capsys):
    with pytest.raises(SystemExit) as left:
        app.main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    for option in ("--host", "--port", "--share", "--model"):
        assert option in shown


def test_a_port_in_use_is_one_sentence(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"port {port}" in said
    assert f"--port {port + 1}" in said


def test_a_model_that_is_not_there_is_one_sentence(capsys, tmp_path):
    assert app.main(["--port", "0", "--model", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "config.json" in said


@pytest.mark.parametrize(("told", "asked"), [("true", ["unused"]), ("false", []), (None, [])])
def test_zero_gpu_is_given_one_function(told, asked, tmp_path, monkeypatch):
    """With a package ``spaces`` that notes what asks for a GPU, as ZeroGPU's own does."""
    package = "asked = []\n\ndef GPU(task):\n    asked.append(task.__name__)\n    return task\n"
    (tmp_path / "spaces.py").write_text(package)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "spaces", raising=False)
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    if told is not None:
        monkeypatch.setenv("SPACES_ZERO_GPU", told)
    assert app.main(["--port", "0", "--model", str(tmp_path)]) == 1  # no checkpoint there
    assert getattr(sys.modules.get("spaces"), "asked", []) == asked
    sys.modules.pop("spaces", None)
