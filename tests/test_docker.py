"""The Dockerfile, as far as one knows without Docker: what it copies, who runs, its health."""

import fnmatch
import json
import re
import shlex
import subprocess
import sys

import pytest

from tests.helpers import ROOT, free_port

LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
STEPS = [line.split(None, 1) for line in LINES if line.strip() and not line.startswith("#")]
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def step(name: str) -> str:
    [found] = [rest for word, rest in STEPS if word == name]
    return found


def sources() -> list[str]:
    copied = [shlex.split(rest) for word, rest in STEPS if word == "COPY"]
    return [name for names in copied for name in names[:-1] if not name.startswith("--")]


@pytest.mark.parametrize("name", sources())
def test_what_is_copied_is_there_and_not_ignored(name):
    assert (ROOT / name).exists()
    assert f"!{name}" in IGNORED


def test_all_that_the_page_imports_is_copied():
    """What app.py and what it imports have of this repository: two folders and itself."""
    assert {"app.py", "page", "digit_model", "requirements.txt"} <= set(sources())


def test_tests_and_measurements_stay_out():
    assert "*" in IGNORED
    kept = [line[1:] for line in IGNORED if line.startswith("!")]
    for name in ("tests", "benchmarks", "docs", ".git", ".venv"):
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in kept)


def test_it_is_slim_and_runs_as_nobody_special():
    assert re.fullmatch(r"python:3\.1\d-slim", step("FROM"))
    words = [word for word, _ in STEPS]
    assert step("USER") not in ("root", "0")
    assert words.index("USER") < words.index("CMD")
    assert step("EXPOSE") == "7860"


def test_the_command_starts_the_page():
    program, script = json.loads(step("CMD"))
    asked = subprocess.run(
        [sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert program == "python"
    assert "7860" in asked.stdout


def health(port: int) -> int:
    program, *arguments = json.loads(step("HEALTHCHECK").partition("CMD")[2])
    assert program == "python"
    arguments = [argument.replace("7860", str(port)) for argument in arguments]
    return subprocess.run([sys.executable, *arguments], stderr=subprocess.DEVNULL).returncode


def test_its_health_check_tells_a_page_from_none(app_url):
    assert health(int(app_url.rpartition(":")[2])) == 0
    assert health(free_port()) != 0
