#!/usr/bin/env python3
"""Measure how fast and how steadily app.py serves, beside an empty Gradio app.

    python benchmarks/serving.py [--rounds N] [--seconds S] [--calls N]
    python benchmarks/serving.py --soak MINUTES

The empty app takes a file and a checkbox and returns a constant JSON and PNG, so it costs what
Gradio costs. Both are started in turn, in each round. Calls are HTTP: upload a drawn digit, call
/predict, and wait for its answer. Prints the medians of all rounds as a table with ratios; then
what a killed reader costs.

Memory is the anonymous memory of all processes of an app, on Linux only: what libraries take on top
is shared with whatever else runs. The processor time of a call, also on Linux only, hardly depends
on what else runs, as calls/s do.

--soak lets 8 clients call for so long, and prints calls, failures and memory every minute.
"""

import argparse
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
OURS, EMPTY = "app.py", "empty"
SINGLE_CALLS = 40
CLIENTS = (4, 16)
SOAK_CLIENTS = KILL_CLIENTS = 8
START_SECONDS = 120
CALL_SECONDS = 60
# An app deletes its visitors' files when it ends: 33 s for the 100,000 folders of 30 minutes' load.
STOP_SECONDS = 180
# From the start of the load to the kill, and from there to the end.
KILL_AFTER_SECONDS, KILL_WATCH_SECONDS = 3.0, 20.0


class CallFailed(Exception):
    """The server did not answer a call with a reading."""


class Client:
    """A program that calls a server, through one connection.

    It shares the cores with the server, so it uses http.client: httpx would take three times as
    long for each call.
    """

    def __init__(self, url: str):
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=CALL_SECONDS)

    def call(self) -> None:
        """Have a drawn digit read. Raises CallFailed."""
        api = "/gradio_api"
        [path] = json.loads(self.request("POST", f"{api}/upload", UPLOAD, UPLOAD_TYPE))
        picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
        question = json.dumps({"data": [picture, False]}).encode()
        asked = self.request("POST", f"{api}/call/predict", question, "application/json")
        answer = self.request("GET", f"{api}/call/predict/{json.loads(asked)['event_id']}")
        if b"event: complete" not in answer:
            raise CallFailed(answer.decode())

    def request(
        self, method: str, path: str, body: bytes | None = None, media_type: str = ""
    ) -> bytes:
        """Return the body of the response. Raises CallFailed, also if there is no server."""
        headers = {"content-type": media_type} if body else {}
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, HTTPException) as error:
            self._connection.close()  # The next request opens it again.
            raise CallFailed(str(error)) from error
        if response.status != 200:
            raise CallFailed(content.decode())
        return content


@dataclass
class App:
    """A running app: its address, its first process, and when that was started."""

    url: str
    process: subprocess.Popen
    started: float


@dataclass
class Load:
    """The times of good answers and of failures that clients saw, by time.perf_counter."""

    good: list[float]
    failed: list[float]


def main() -> int:
    options = parse()
    if options.serve_empty:
        return serve_empty(options.serve_empty)
    if options.soak:
        return soak(options.soak)
    found: dict[str, list[dict[str, float]]] = {OURS: [], EMPTY: []}
    for number in range(options.rounds):
        calls = options.calls if number == options.rounds - 1 else 0
        for name in (OURS, EMPTY) if number % 2 else (EMPTY, OURS):
            found[name].append(measure(name, options.seconds, calls))
            print(f"round {number + 1}, {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    print_table(found)
    kill_a_reader()
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=15, help="for each number of clients (%(default)s)"
    )
    parser.add_argument(
        "--calls", type=int, default=5000, help="after which memory is measured (%(default)s)"
    )
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="only call for so long")
    parser.add_argument("--serve-empty", type=int, metavar="PORT", help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(name: str, seconds: float, calls: int) -> dict[str, float]:
    """Start an app and return its figures. calls: to make before memory is measured again."""
    with running(name) as app:
        figures = {"first page, s": wait(app, open_page), "first answer, s": wait(app, Client.call)}
        figures["memory at start, MB"] = memory(app)
        figures["one call, ms"] = 1000 * statistics.median(single_calls(app))
        for clients in CLIENTS:
            before = processor_seconds(app)
            load = call_for(app, clients, seconds)
            used = processor_seconds(app) - before
            figures[f"{clients} clients, calls/s"] = len(load.good) / seconds
            figures[f"{clients} clients, processor ms a call"] = 1000 * used / len(load.good)
            figures[f"{clients} clients, failed"] = len(load.failed)
        if calls:
            made = len(call_until(app, CLIENTS[0], lambda load: len(load.good) >= calls).good)
            figures[f"memory after {made:,} more calls, MB"] = memory(app)
    return {what: round(figure, 2) for what, figure in figures.items()}


def print_table(found: dict[str, list[dict[str, float]]]) -> None:
    print(
        f"| median of {len(found[OURS])} rounds | {OURS} | empty app | ratio |\n|---|---|---|---|"
    )
    for what in found[OURS][-1]:
        ours, empty = (
            [figures[what] for figures in found[name] if what in figures] for name in (OURS, EMPTY)
        )
        if not empty:  # Memory is told after the calls that there were.
            print(f"| {what} | {ours[-1]:g} | | |")
            continue
        left, right = statistics.median(ours), statistics.median(empty)
        ratio = f"{left / right:.2f}" if right else ""
        print(f"| {what} | {left:g} | {right:g} | {ratio} |")


def kill_a_reader() -> None:
    """Kill the reader process under load, and print what that cost the clients."""
    with running(OURS) as app:
        wait(app, Client.call)
        load, stop = Load([], []), threading.Event()
        clients = start_clients(app, KILL_CLIENTS, load, stop)
        time.sleep(KILL_AFTER_SECONDS)
        killed = time.perf_counter()
        os.kill(reader_of(app), signal.SIGKILL)
        time.sleep(KILL_WATCH_SECONDS)
        stop.set()
        for client in clients:
            client.join()
    after = [moment - killed for moment in load.good if moment > killed + 0.5]
    print(
        f"\nA reader killed under {KILL_CLIENTS} clients: {len(load.failed)} calls failed, and the "
        f"next good answer came after {min(after, default=float('nan')):.1f} s."
    )


def soak(minutes: float) -> int:
    """Call for so many minutes; return 1 if a call failed."""
    with running(OURS) as app:
        wait(app, Client.call)
        load, stop = Load([], []), threading.Event()
        clients = start_clients(app, SOAK_CLIENTS, load, stop)
        print("| minutes | calls | failed | memory, MB |\n|---|---|---|---|")
        for minute in range(1, round(minutes) + 1):
            time.sleep(60)
            row = f"| {minute} | {len(load.good):,} | {len(load.failed)} | {memory(app):.0f} |"
            print(row, flush=True)
        stop.set()
        for client in clients:
            client.join()
    return int(bool(load.failed))


@contextmanager
def running(name: str) -> Iterator[App]:
    """Start an app as a person would, in a folder of its own, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    script = ["app.py", "--port"] if name == OURS else [__file__, "--serve-empty"]
    with tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {
            "GRADIO_TEMP_DIR": folder,
            "DIGIT_CORRECTIONS": "off",
            "GRADIO_ANALYTICS_ENABLED": "False",
        }
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *script, port], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL
        )
        try:
            yield App(f"http://127.0.0.1:{port}", process, started)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def serve_empty(port: int) -> int:
    """Serve the app that the page is compared with."""
    import gradio as gr

    png = Path(tempfile.mkdtemp(dir=os.environ.get("GRADIO_TEMP_DIR"))) / "answer.png"
    png.write_bytes(drawing())

    def predict(picture: str | None, one: bool) -> tuple[dict, str]:
        return {"text": "7"}, str(png)

    with gr.Blocks() as page:
        inputs = [gr.File(type="filepath"), gr.Checkbox()]
        outputs = [gr.JSON(), gr.Image(type="filepath", format="png")]
        gr.Button().click(predict, inputs, outputs, api_name="predict", concurrency_limit=2)
    page.launch(server_port=port, ssr_mode=False, quiet=True)
    return 0


def wait(app: App, is_done: Callable[[Client], object]) -> float:
    """Return the seconds from an app's start until something can be done."""
    client = Client(app.url)
    while time.perf_counter() < app.started + START_SECONDS:
        try:
            is_done(client)
        except CallFailed:
            time.sleep(0.05)
        else:
            return time.perf_counter() - app.started
    raise CallFailed(f"{app.url} did not start within {START_SECONDS} s.")


def open_page(client: Client) -> None:
    client.request("GET", "/")


def single_calls(app: App) -> list[float]:
    """Return the seconds that each of some calls takes, one after another."""
    seconds = []
    client = Client(app.url)
    for _ in range(SINGLE_CALLS):
        started = time.perf_counter()
        client.call()
        seconds.append(time.perf_counter() - started)
    return seconds


def call_for(app: App, clients: int, seconds: float) -> Load:
    end = time.perf_counter() + seconds
    return call_until(app, clients, lambda _: time.perf_counter() > end)


def call_until(app: App, clients: int, is_done: Callable[[Load], bool]) -> Load:
    """Let so many clients call, each one call after another."""
    load, stop = Load([], []), threading.Event()
    threads = start_clients(app, clients, load, stop)
    while not is_done(load):
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    return load


def start_clients(
    app: App, count: int, load: Load, stop: threading.Event
) -> list[threading.Thread]:
    def run() -> None:
        client = Client(app.url)
        while not stop.is_set():
            try:
                client.call()
            except CallFailed:
                load.failed.append(time.perf_counter())
                time.sleep(0.1)
            else:
                load.good.append(time.perf_counter())

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def drawing() -> bytes:
    """Return a 7 on the page's canvas, as PNG."""
    canvas = np.full((280, 280), 255, np.uint8)
    canvas[60:82, 75:205] = 0
    for y in range(82, 240):
        x = round(195 - 0.5 * (y - 82))
        canvas[y, x - 14 : x + 14] = 0
    buffer = io.BytesIO()
    Image.fromarray(canvas).save(buffer, "png")
    return buffer.getvalue()


# The body of the form that uploads it.
UPLOAD_TYPE = "multipart/form-data; boundary=a-boundary"
UPLOAD = b"\r\n".join(
    [
        b"--a-boundary",
        b'content-disposition: form-data; name="files"; filename="seven.png"',
        b"content-type: image/png",
        b"",
        drawing(),
        b"--a-boundary--",
        b"",
    ]
)


def processes(app: App) -> list[int]:
    """Return the process ids of an app and of all that it started; of Linux only."""
    ids = [app.process.pid]
    for pid in ids:
        for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
            ids += map(int, tasks.read_text().split())
    return ids


def reader_of(app: App) -> int:
    """Return the process id of the reader: of what app.py started, the one with most memory."""
    return max(processes(app)[1:], key=anonymous_bytes)


def processor_seconds(app: App) -> float:
    """Return the processor time of an app so far; not a number where the system does not tell."""
    if not Path("/proc/self/stat").exists():
        return float("nan")
    # After the name in parentheses, the 12th and 13th field: in user mode and in the kernel.
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2] for pid in processes(app)]
    ticks = sum(int(field) for stat in stats for field in stat.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(app: App) -> float:
    """Return the megabytes of an app; not a number where the system does not tell."""
    if not Path("/proc/self/smaps_rollup").exists():
        return float("nan")
    return sum(map(anonymous_bytes, processes(app))) / 1e6


def anonymous_bytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # It has ended meanwhile.
        return 0
    [line] = [line for line in rollup.splitlines() if line.startswith("Pss_Anon:")]
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    sys.exit(main())
