"""What docs/walkthrough.md tells learners to type runs."""

import re

import numpy as np
from PIL import Image

from tests.helpers import ROOT

PAGE = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")


def test_its_code_runs(drawn_mnist, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    assert code.count("dataset.load()") == 1
    exec(code.replace("dataset.load()", f"dataset.load({str(drawn_mnist)!r})"), {})
    assert "of the validation images are read right" in capsys.readouterr().out
    for name in ("tile", "bent", "seen", "why_1"):
        assert np.asarray(Image.open(f"{name}.png").convert("L")).std() > 0
