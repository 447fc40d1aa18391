#!/usr/bin/env python3
"""Measure how fast and how steadily app.py serves, beside an empty Gradio app.

    python benchmarks/serving.py [--rounds N] [--seconds S] [--calls N]
    python benchmarks/serving.py --soak MINUTES

The empty app takes a file and a checkbox and returns a constant JSON and PNG, so it costs what
Gradio costs. Both are started in turn, in each round. Calls are HTTP: upload a drawn digit, call
/predict, and wait for its answer. Prints the medians of all rounds as a table with ratios; then
what a killed reader costs.

Memory is the anonymous memory of all processes of an app, on Linux only: what libraries take on top
is shared with whatever else runs.

--soak lets 8 clients call for so long, and prints calls, failures and memory every minute.
"""

import argparse
import io
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
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
OURS, EMPTY = "app.py", "empty"
SINGLE_CALLS = 40
CLIENTS = (4, 16)
SOAK_CLIENTS = KILL_CLIENTS = 8
START_SECONDS = 120
# From the start of the load to the kill, and from there to the end.
KILL_AFTER_SECONDS, KILL_WATCH_SECONDS = 3.0, 20.0


class CallFailed(Exception):
    """The server did not answer a call with a reading."""


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
        figures = {"first page, s": wait(app, page_is_up), "first answer, s": wait(app, answers)}
        figures["memory at start, MB"] = memory(app)
        figures["one call, ms"] = 1000 * statistics.median(single_calls(app))
        for clients in CLIENTS:
            load = call_for(app, clients, seconds)
            figures[f"{clients} clients, calls/s"] = len(load.good) / seconds
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
        wait(app, answers)
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
        wait(app, answers)
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
            process.wait(30)


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


def wait(app: App, is_done: Callable[[httpx.Client, str], bool]) -> float:
    """Return the seconds from an app's start until something is done."""
    with httpx.Client(timeout=START_SECONDS) as client:
        while time.perf_counter() < app.started + START_SECONDS:
            if is_done(client, app.url):
                return time.perf_counter() - app.started
            time.sleep(0.05)
    raise CallFailed(f"{app.url} did not start within {START_SECONDS} s.")


def page_is_up(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.TransportError:
        return False


def answers(client: httpx.Client, url: str) -> bool:
    try:
        call(client, url)
    except (httpx.TransportError, CallFailed):
        return False
    return True


def single_calls(app: App) -> list[float]:
    """Return the seconds that each of some calls takes, one after another."""
    seconds = []
    with httpx.Client(timeout=60) as client:
        for _ in range(SINGLE_CALLS):
            started = time.perf_counter()
            call(client, app.url)
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
        with httpx.Client(timeout=60) as client:
            while not stop.is_set():
                try:
                    call(client, app.url)
                except (httpx.TransportError, CallFailed):
                    load.failed.append(time.perf_counter())
                    time.sleep(0.1)
                else:
                    load.good.append(time.perf_counter())

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def call(client: httpx.Client, url: str) -> None:
    """Have a drawn digit read. Raises CallFailed."""
    api = f"{url}/gradio_api"
    uploaded = client.post(f"{api}/upload", files={"files": ("seven.png", DRAWING)})
    if not uploaded.is_success:
        raise CallFailed(uploaded.text)
    picture = {"path": uploaded.json()[0], "meta": {"_type": "gradio.FileData"}}
    asked = client.post(f"{api}/call/predict", json={"data": [picture, False]})
    if not asked.is_success:
        raise CallFailed(asked.text)
    answer = client.get(f"{api}/call/predict/{asked.json()['event_id']}").text
    if "event: complete" not in answer:
        raise CallFailed(answer)


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


DRAWING = drawing()


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
