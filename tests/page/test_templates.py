"""Templates escape what they are given."""

import jinja2
import pytest

from page import templates


def test_values_are_escaped(tmp_path, monkeypatch):
    (tmp_path / "greeting.html").write_text("<b>{{ name }}</b>")
    monkeypatch.setattr(templates._ENVIRONMENT, "loader", jinja2.FileSystemLoader(tmp_path))
    assert templates.render("greeting.html", name="<script>") == "<b>&lt;script&gt;</b>"


def test_a_missing_value_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "farewell.html").write_text("<b>{{ name }}</b>")
    monkeypatch.setattr(templates._ENVIRONMENT, "loader", jinja2.FileSystemLoader(tmp_path))
    with pytest.raises(jinja2.UndefinedError):
        templates.render("farewell.html")
