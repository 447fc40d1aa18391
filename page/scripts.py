"""The page's scripts: what all of them share, and one for each component that has a script.

For each session, and each call of a program is one, Gradio searches a component's js_on_load for
about eight attributes that the component lacks. So js_on_load only calls a function, which the
page's head defines.
"""

import json

from .settings import FOR_SCRIPTS
from .templates import HERE, read_text
from .texts import texts

# What Gradio hands to a component's script.
_ARGUMENTS = "element, trigger, props, server, upload, watch"


def head() -> str:
    """Return the <script> for the page's head: constants from the Python code, then all scripts."""
    shared = FOR_SCRIPTS | {"TEXTS": texts()}
    # "</script>" in a text would end the script.
    constants = [
        f"const {name} = {json.dumps(value)};".replace("</", "<\\/")
        for name, value in shared.items()
    ]
    of_components = [
        f"{json.dumps(name)}({_ARGUMENTS}) {{\n{read_text(name)}}},"
        for name in sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.js"))
    ]
    functions = ["const SCRIPTS = {", *of_components, "};"]
    scripts = [read_text("connection.js"), read_text("page.js")]
    return "\n".join(["<script>", *constants, *scripts, *functions, "</script>"])


def run(name: str, *events: str) -> str:
    """Return the js_on_load that runs a component's script.

    name: its path below page/. events: the names of all events that it triggers; Gradio knows an
    event from its quoted name here.
    """
    triggers = f" // triggers {', '.join(map(json.dumps, events))}" if events else ""
    return f"SCRIPTS[{json.dumps(name)}]({_ARGUMENTS});{triggers}"
