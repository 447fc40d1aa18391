"""Load the page's texts from texts.json, one file that can be translated."""

import json
from functools import cache
from pathlib import Path

PATH = Path(__file__).with_name("texts.json")


def text(key: str, /, **values: object) -> str:
    """Return a text of the page, with its {names} filled in from ``values``.

    key: a section and a name, such as "reading.hint". A text with the forms "one" and "other"
    needs a ``count``, which picks the form. Raises KeyError for a key that texts.json lacks.
    """
    section, name = key.split(".")
    found = texts()[section][name]
    if isinstance(found, dict):
        found = found["one" if values["count"] == 1 else "other"]
    return found.format(**values)


@cache
def texts() -> dict[str, dict[str, str | dict[str, str]]]:
    """Return all texts by section and name, for scripts that fill them in themselves."""
    return json.loads(PATH.read_text(encoding="utf-8"))
