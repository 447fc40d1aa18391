"""Write the README of a static Space, and the link to it in a Gradio Space's README."""

from .. import hub
from .templates import TEMPLATES

_TEMPLATE = TEMPLATES.get_template("static_space_card.md.jinja")


def build_static_space_card(
    readme: str, model_repo: str, model_url: str, space_url: str = ""
) -> str:
    """Return the README of the static Space, with its settings as front matter.

    readme: of the Gradio Space, whose title and colours are taken. model_repo, model_url: of the
    weights. space_url: of the Gradio Space, if it is published, too.
    """
    return _TEMPLATE.render(
        front_matter=hub.static_space_front_matter(readme, model_repo).strip(),
        model_repo=model_repo,
        model_url=model_url,
        space_url=space_url,
    )


def link_to_static_space(name: str, url: str) -> str:
    """Return a section for the Gradio Space's README."""
    return (
        "\n## Without a server\n\n"
        f"[{name}]({url}) reads in the browser alone, also offline. Links to drawings open there,\n"
        "too.\n"
    )
