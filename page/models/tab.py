"""The tab "Models": its events as methods, and its parts. A reader process answers the events."""

import asyncio
from collections.abc import Iterator

import gradio as gr
from markupsafe import Markup

from digit_model.errors import DigitError

from ..reader import LOADING_SECONDS, Readers
from ..reading.recent import RecentViews
from ..scripts import run
from ..texts import text

# What is to be seen of a model and of its mistakes, the small print, and the model's key.
ModelOutputs = tuple[str, str, str, str]
READY_POLL_SECONDS = 0.2


class ModelsTab:
    """The events of the tab; what a visitor has picked is a key that travels with the visitor."""

    def __init__(self, readers: Readers, views: RecentViews):
        self._readers, self._views = readers, views

    async def model_line(self) -> str:
        """Return which model answers, once it is loaded."""
        while not self._readers.is_ready and not self._readers.failure:
            await asyncio.sleep(READY_POLL_SECONDS)
        return await asyncio.to_thread(self._html, "model_line")

    def list_rows(self) -> str:
        """Return the models with what is known of them."""
        return self._html("list_models", first=True)

    def check_rows(self) -> Iterator[str]:
        """Yield the same while new ones are verified and timed, after each."""
        is_more = True
        while is_more:
            values = self._call("check_model")
            is_more = values.get("is_more", False)
            yield values["html"]

    def pick(self, chosen: str, event: gr.EventData) -> ModelOutputs:
        """Show and use the model that the event names, or show the one in use if it names none.

        chosen: the one used so far, and still if that fails.
        """
        return self._show(chosen, str((event._data or {}).get("key") or chosen))

    def find_mistakes(self, model: str) -> Iterator[str]:
        """Look for a model's mistakes; yield how far that is, and then the mistakes."""
        is_more = True
        while is_more:
            values = self._call("find_mistakes", model=model)
            is_more = values.get("is_more", False)
            yield values["html"]

    def compare(self, view: str, model: str, event: gr.EventData) -> str:
        """Return what two models say of the picture on view; "" if there is none.

        model: the one that answers. The event has the other one's key.
        """
        seen = self._views.get(view)
        if seen is None:
            return ""
        beside = str((event._data or {}).get("beside", ""))
        return self._call("compare_models", seen, chosen=model, beside=beside)["html"]

    def _show(self, chosen: str, model: str) -> ModelOutputs:
        values = self._call("pick_model", chosen=chosen, model=model)
        if "key" in values:
            return values["view"], values["mistakes"], values["line"], values["key"]
        return values["html"], "", "", chosen

    def _html(self, name: str, first: bool = False) -> str:
        return self._call(name, first=first)["html"]

    def _call(self, name: str, *attachments: bytes, first: bool = True, **parameters: str) -> dict:
        """Return what the reader answers, or the reason why it does not as the HTML to show."""
        try:
            return self._readers.call(
                name, *attachments, seconds=LOADING_SECONDS, first=first, **parameters
            ).values
        except DigitError as error:
            return {"html": Markup('<p role="alert">{}</p>').format(str(error))}


def models_list() -> gr.HTML:
    """Return the list of models; ``pick`` fires on a choice, ``mistakes`` on its button."""
    return gr.HTML(
        Markup("<p>{}</p>").format(text("reading.getting_ready")),
        elem_id="models",
        js_on_load=run("models/models.js", "pick", "mistakes"),
        apply_default_css=False,
    )


def comparison() -> gr.HTML:
    """Return the place of two models' answers; ``compare`` asks for them."""
    return gr.HTML(
        "",
        elem_id="compare",
        js_on_load=run("models/comparison.js", "compare"),
        apply_default_css=False,
    )


def model_views() -> list[gr.HTML]:
    """Return the places that show the chosen model and its mistakes."""
    return [
        gr.HTML("", elem_id=name, js_on_load=None, apply_default_css=False)
        for name in ("model-view", "mistakes")
    ]
