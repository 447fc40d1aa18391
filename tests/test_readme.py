"""The README: its examples run, its links and its tree exist, its settings are valid."""

import os
import re
import shutil
import subprocess
from importlib.metadata import version

import pytest
import yaml

import push_to_hub
from tests.helpers import ROOT, sketch

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs(app_url, tmp_path, monkeypatch, capsys):
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    sketch(7).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    exec(example.replace("http://127.0.0.1:7860", app_url), {})
    printed = capsys.readouterr().out
    assert re.search(r"^7 \[0\.\d+\]$", printed, re.MULTILINE)
    assert "the bundled checkpoint" in printed


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_shell_example_runs(app_url, tmp_path):
    [example] = re.findall(r"^    URL=.*?\n\n", README, re.DOTALL | re.MULTILINE)
    sketch(7).save(tmp_path / "photo.jpg")
    script = example.replace("https://USER-digits.hf.space", app_url)
    ran = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert "event: complete" in ran.stdout
    assert '"text": "7"' in ran.stdout


def test_the_front_matter_is_valid_for_a_space():
    """See https://huggingface.co/docs/hub/spaces-config-reference."""
    front = yaml.safe_load(README.split("---\n")[1])
    assert front["sdk"] == "gradio"
    assert front["sdk_version"] == version("gradio")
    assert front["python_version"] == "3.12"
    assert (ROOT / front["app_file"]).exists()
    assert len(front["short_description"]) <= 60
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {front["colorFrom"], front["colorTo"]} <= colours
    assert "preload_from_hub" not in front  # it would download a branch, not the pinned commit


def test_every_linked_file_is_uploaded_to_a_space():
    uploaded = {file for pattern in push_to_hub.SPACE_FILES for file in ROOT.glob(pattern)}
    links = re.findall(r"\]\(([^):]+)\)", README)
    assert links
    for name in links:
        assert ROOT / name in uploaded, name


def test_every_file_of_the_tree_exists():
    [tree] = re.findall(r"## Layout\n\n(.*?)\n\n", README, re.DOTALL)
    inside = ""
    for line in tree.splitlines():
        names = re.match(r"    (?P<indent> *)(?P<names>[^\s,]+(, [^\s,]+)*)", line)
        assert names, line
        if not names["indent"]:
            inside = names["names"] if names["names"].endswith("/") else ""
        for name in names["names"].split(", "):
            assert os.path.exists(ROOT / (inside if names["indent"] else "") / name), line


def test_the_readme_is_short():
    assert README.count("\n") < 150
