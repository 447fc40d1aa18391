"""The package as a wheel: it installs alone, and its command reads a picture."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.helpers import ROOT, sketch

SOURCES = ("pyproject.toml", "requirements.txt", "README.md", "LICENSE", "digit_model")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Install a copy of the sources in a folder of its own, without dependencies."""
    sources, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("installed")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, sources / name)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--target", target, sources]
    subprocess.run([*pip, *options], check=True, cwd=target)
    return target


def run(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess:
    """Run a command in a folder, with the installed package instead of this repository."""
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_installed_command_reads_a_picture(installed, tmp_path):
    sketch(7).save(tmp_path / "photo.jpg")
    command = str(installed / "bin" / "digit-model")
    ended = run(installed, tmp_path, command, "read", "photo.jpg")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("photo.jpg: 7 (")


def test_the_package_is_found_where_it_is_installed(installed, tmp_path):
    code = "import digit_model; print(digit_model.__file__)"
    ended = run(installed, tmp_path, sys.executable, "-c", code)
    assert Path(ended.stdout.strip()).is_relative_to(installed)


def test_the_package_holds_its_data_and_nothing_else(installed):
    names = {path.name for path in installed.iterdir()}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert names == {"bin", "digit_model", f"digit_model-{version}.dist-info"}
    tracked = subprocess.run(
        ["git", "ls-files", "digit_model"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    missing = [name for name in tracked.stdout.splitlines() if not (installed / name).exists()]
    assert missing == []


def test_the_requirements_are_the_dependencies_of_the_package(installed):
    [metadata] = installed.glob("*.dist-info/METADATA")
    lines = metadata.read_text(encoding="utf-8").splitlines()
    required = {line.removeprefix("Requires-Dist: ") for line in lines if "Requires-Dist" in line}
    names = {line.split(">")[0].split("<")[0] for line in required}
    wanted = (ROOT / "requirements.txt").read_text().splitlines()
    assert names == {line.split(">")[0] for line in wanted}
