"""The page's texts: every key that the code names is there, and every text is used."""

import re

import pytest

from page import texts
from page.texts import text
from tests.helpers import ROOT

KEYS = {f"{section}.{name}" for section, names in texts.texts().items() for name in names}


def named_keys() -> set[str]:
    """Return the keys in calls of text("...") in the page's Python code and templates."""
    sources = [*ROOT.glob("page/**/*.py"), *ROOT.glob("page/**/*.html")]
    return {
        key
        for path in sources
        for key in re.findall(
            r"""\btext\(\s*["'](\w+\.\w+)["']\s*[,)]""", path.read_text(encoding="utf-8")
        )
    }


def test_every_key_in_the_code_has_a_text():
    assert named_keys() <= KEYS


def test_count_picks_the_form(monkeypatch):
    forms = {"one": "{count} mark", "other": "{count} marks"}
    monkeypatch.setattr(texts, "texts", lambda: {"reading": {"marks": forms}})
    assert text("reading.marks", count=1) == "1 mark"
    assert text("reading.marks", count=2) == "2 marks"


def test_an_unknown_key_is_an_error():
    with pytest.raises(KeyError):
        text("page.no_such_text")
