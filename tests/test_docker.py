"""The Dockerfile, checked without Docker: copied files, user, start command, health check."""

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
    """Return the arguments of the only instruction with this name."""
    [found] = [rest for word, rest in STEPS if word == name]
    return found


def sources() -> list[str]:
    """Return the files and folders that COPY instructions copy."""
    copied = [shlex.split(rest) for word, rest in STEPS if word == "COPY"]
    return [name for names in copied for name in names[:-1] if not name.startswith("--")]


@pytest.mark.parametrize("name", sources())
def test_copied_files_exist_and_are_not_ignored(name):
    assert (ROOT / name).exists()
    assert f"!{name}" in IGNORED


def test_everything_that_the_page_imports_is_copied():
    assert {"app.py", "page", "browser", "digit_model", "requirements.txt"} <= set(sources())


def test_tests_benchmarks_and_docs_are_ignored():
    assert "*" in IGNORED
    included = [line[1:] for line in IGNORED if line.startswith("!")]
    for name in ("tests", "benchmarks", "docs", ".git", ".venv"):
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in included)


def test_the_image_is_slim_and_runs_as_an_ordinary_user():
    assert re.fullmatch(r"python:3\.1\d-slim", step("FROM"))
    words = [word for word, _ in STEPS]
    assert step("USER") not in ("root", "0")
    assert words.index("USER") < words.index("CMD")
    assert step("EXPOSE") == "7860"


def test_the_start_command_serves_the_page():
    program, script = json.loads(step("CMD"))
    helped = subprocess.run(
        [sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert program == "python"
    assert "7860" in helped.stdout


def health(port: int) -> int:
    """Return the exit status of the health check for a port."""
    program, *arguments = json.loads(step("HEALTHCHECK").partition("CMD")[2])
    assert program == "python"
    arguments = [argument.replace("7860", str(port)) for argument in arguments]
    return subprocess.run([sys.executable, *arguments], stderr=subprocess.DEVNULL).returncode


def test_the_health_check_fails_without_a_page(app_url):
    assert health(int(app_url.rpartition(":")[2])) == 0
    assert health(free_port()) != 0
