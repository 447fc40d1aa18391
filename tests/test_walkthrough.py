"""What docs/walkthrough.md tells learners to type runs."""

import re

import numpy as np
from PIL import Image

from digit_model.training.strokes import draw_digits
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")


def test_its_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train, test = draw_digits(960, seed=0), draw_digits(100, seed=1)
    np.savez(
        "drawn.npz",
        x_train=train.images,
        y_train=train.labels,
        x_test=test.images,
        y_test=test.labels,
    )
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    assert code.count("dataset.load()") == 1
    exec(code.replace("dataset.load()", "dataset.load('drawn.npz')"), {})
    assert "of the validation images are read right" in capsys.readouterr().out
    for name in ("tile", "bent", "seen", "why_1"):
        assert np.asarray(Image.open(f"{name}.png").convert("L")).std() > 0
