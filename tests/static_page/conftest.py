"""Fixtures for the tests of the static page: Node's test runner and an exported network."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import ROOT

NODE_TESTS = Path(__file__).parent


@pytest.fixture(scope="session")
def node() -> Callable[[str, Path], None]:
    """Return a function that runs one of the files NAME.test.mjs on the fixtures in a folder."""
    program = shutil.which("node")
    if not program:
        pytest.skip("there is no Node on this machine")

    def run(name: str, folder: Path) -> None:
        ended = subprocess.run(
            [program, "--test", NODE_TESTS / f"{name}.test.mjs"],
            env=os.environ | {"FIXTURES": str(folder), "BROWSER": str(ROOT / "browser")},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]

    return run
