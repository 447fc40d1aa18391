"""Render the page's Jinja2 templates, which lie beside the Python code that fills them."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .texts import text

HERE = Path(__file__).parent

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(text=text, Markup=Markup)


def render(template: str, /, **values: object) -> Markup:
    """Return the HTML of a template with its values, which are escaped unless they are Markup.

    template: its path below page/, such as "reading/answer.html". In it, ``text`` looks up what the
    page says.
    """
    return Markup(_ENVIRONMENT.get_template(template).render(**values))


def read_text(name: str) -> str:
    """Return a script or style sheet of the page. name: its path below page/."""
    return (HERE / name).read_text(encoding="utf-8")
