"""The server: its two endpoints through the real client, and its command line."""

import signal
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
from tests.helpers import ROOT, sketch


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
    assert reading.keys() == {"text", "digits", "ignored", "seconds"}
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


def test_clients_at_the_same_time_get_their_own_answers(app_url, tmp_path):
    paths = {digit: tmp_path / f"{digit}.png" for digit in (1, 7)}
    for digit, path in paths.items():
        sketch(digit).save(path)

    def ask(digit: int) -> list[str]:
        # Of 7,872 calls of threads that shared a client of gradio_client 2.7, one was cancelled,
        # with an empty app too: the server's end of a stream can cross the next call.
        caller = Client(app_url, verbose=False, download_files=str(tmp_path))
        answers = [caller.predict(handle_file(paths[digit]), api_name="/predict") for _ in range(3)]
        assert all(Path(heatmap).stat().st_size for _, heatmap in answers)
        return [reading["text"] for reading, _ in answers]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, [1, 7, 1, 7])) == [["1"] * 3, ["7"] * 3] * 2


def test_a_batch_keeps_its_order_and_says_which_file_cannot_be_read(client, number, tmp_path):
    bad, seven = tmp_path / "bad.png", tmp_path / "seven.png"
    bad.write_bytes(b"no picture at all")
    sketch(7).save(seven)
    files = [handle_file(path) for path in (number, bad, seven)]
    first, second, third = client.predict(files, api_name="/predict_batch")
    assert (first["file"], first["text"]) == ("number.png", "147")
    assert second.keys() == {"file", "error"}
    assert second["file"] == "bad.png"
    assert "text file" in second["error"]
    assert str(tmp_path) not in second["error"]
    assert (third["file"], third["text"]) == ("seven.png", "7")
    one = client.predict(files[:1], one=True, api_name="/predict_batch")
    assert len(one[0]["digits"]) == 1


@pytest.mark.parametrize(("count", "sentence"), [(0, "no pictures"), (101, "101 pictures")])
def test_a_batch_of_none_or_too_many_gives_a_sentence(client, number, count, sentence):
    with pytest.raises(AppError, match=sentence):
        client.predict([handle_file(number)] * count, api_name="/predict_batch")


def test_health(client):
    health = client.predict(api_name="/health")
    assert health.keys() == {"status", "sha256", "up_seconds", "restarts"}
    assert health["restarts"] == 0
    assert health["status"] == "ok"
    assert health["sha256"] == client.predict(api_name="/model_info")["sha256"]
    assert health["up_seconds"] > 0


def test_only_the_documented_endpoints_are_public(client):
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert not endpoints["unnamed_endpoints"]
    named = endpoints["named_endpoints"]
    given = {name: [one["parameter_name"] for one in named[name]["parameters"]] for name in named}
    assert given == {
        "/predict": ["picture", "one"],
        "/predict_batch": ["pictures", "one"],
        "/explain": ["picture", "other", "method", "one"],
        "/model_info": [],
        "/health": [],
    }
    for call in named.values():
        assert call["description"]
        assert call["returns"]
        for described in (*call["parameters"], *call["returns"]):
            assert described["label"]
            assert "value_" not in described["label"]
            assert described["python_type"]["type"]


def test_the_examples_of_the_api_page_use_a_picture(client):
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for name in ("/predict", "/predict_batch", "/explain"):
        example = str(named[name]["parameters"][0]["example_input"])
        assert "photo.jpg" in example
        assert ".pdf" not in example


def test_explain_compares_the_answer_with_another_digit(client, number):
    explained, why = client.predict(handle_file(number), other=9, api_name="/explain")
    assert explained["text"] == "147"
    assert (explained["other"], explained["method"]) == (9, "Grad-CAM")
    _, answers = client.predict(handle_file(number), api_name="/explain")
    _, finer = client.predict(
        handle_file(number), other=9, method=explained["methods"][1], api_name="/explain"
    )
    assert len({Path(image).read_bytes() for image in (why, answers, finer)}) == 3
    with pytest.raises(AppError, match="12 is not a digit"):
        client.predict(handle_file(number), other=12, api_name="/explain")
    with pytest.raises(AppError, match="has no method x"):
        client.predict(handle_file(number), method="x", api_name="/explain")


def test_help_explains_every_option(capsys):
    with pytest.raises(SystemExit) as left:
        app.main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    for option in ("--host", "--port", "--share", "--model", "--checkpoints", "--data"):
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


@pytest.fixture
def own_signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def interrupted_import(arguments):
    """Do as numpy does where Ctrl-C interrupts its own imports."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt as error:
        raise ImportError("numpy could not be imported") from error


@pytest.mark.usefixtures("own_signals")
def test_ctrl_c_in_an_import_ends_quietly(monkeypatch):
    monkeypatch.setattr(app, "_main", interrupted_import)
    assert app.main([]) == app.STOPPED_BY_SIGINT


@pytest.mark.usefixtures("own_signals")
def test_an_import_that_fails_by_itself_is_reported(monkeypatch):
    def fail(arguments):
        raise ImportError("libstdc++.so.6 is missing")

    monkeypatch.setattr(app, "_main", fail)
    with pytest.raises(ImportError, match="libstdc"):
        app.main([])
