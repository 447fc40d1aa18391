"""What the README says is so."""

import os
import re

from tests.conftest import ROOT, sketch

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


def test_every_file_of_the_house_is_there():
    [tree] = re.findall(r"## The house\n\n(.*?)\n\n", README, re.DOTALL)
    inside = ""
    for line in tree.splitlines():
        names = re.match(r"    (?P<indent> *)(?P<names>[^\s,]+(, [^\s,]+)*)", line)
        assert names, line
        if not names["indent"]:
            inside = names["names"] if names["names"] == "digit_model/" else ""
        for name in names["names"].split(", "):
            assert os.path.exists(ROOT / (inside if names["indent"] else "") / name), line


def test_it_is_short():
    assert README.count("\n") < 150
