"""notebooks/walkthrough.ipynb runs from its first cell to its last, and is committed stripped."""

import os
import subprocess
import sys

import nbclient
import nbformat
import pytest

from tests.helpers import ROOT

PATH = ROOT / "notebooks" / "walkthrough.ipynb"


@pytest.fixture
def notebook():
    return nbformat.read(PATH, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def output_types(cell):
    return {name for output in cell.outputs for name in output.get("data", {})}


@pytest.mark.timeout(600)
def test_every_cell_runs_and_shows_its_pictures(notebook, drawn_mnist, monkeypatch):
    """In the notebook's own folder, where the package is not on Python's path."""
    monkeypatch.setenv("DIGIT_READER_MNIST", str(drawn_mnist))
    monkeypatch.setenv("DIGIT_READER_EPOCHS", "1")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    nbclient.NotebookClient(
        notebook, timeout=500, resources={"metadata": {"path": str(PATH.parent)}}
    ).execute()
    cells = code_cells(notebook)
    pictures = [cell for cell in cells if "image/png" in output_types(cell)]
    text = "".join(
        output.text for cell in cells for output in cell.outputs if output.output_type == "stream"
    )
    assert len(pictures) >= 5
    assert "440 images to train on, 40 to validate on" in text
    assert "of 100 test images are read correctly" in text
    assert "what speaks for 1:" in text


# Hides an editable install of this project, as a hosted notebook service has none.
NOT_INSTALLED = f"""
import sys
sys.path = [entry for entry in sys.path if entry != {str(ROOT)!r}]
sys.meta_path = [
    finder for finder in sys.meta_path if getattr(finder, "__name__", "") != "_EditableFinder"
]
"""


def test_the_first_cell_fetches_the_project_where_there_is_none(notebook, tmp_path):
    """As on a hosted notebook service: from a Git repository, here one in a folder."""
    source, hosted = tmp_path / "source", tmp_path / "hosted"
    (source / "digit_model").mkdir(parents=True)
    (source / "digit_model" / "__init__.py").write_text("")
    (source / "requirements.txt").write_text("")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(source)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *command], check=True)
    hosted.mkdir()
    environment = {name: at for name, at in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            f"{NOT_INSTALLED}\n{code_cells(notebook)[0].source}\n"
            "import digit_model\nprint(digit_model.__file__)",
        ],
        cwd=hosted,
        env=environment | {"DIGIT_READER_SOURCE": source.as_uri()},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().endswith("digit-reader/digit_model/__init__.py")


def test_outputs_are_stripped(notebook):
    for cell in code_cells(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
