"""Lay out the page and bind its events to handlers."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import gradio as gr
from gradio.components import Component
from markupsafe import Markup, escape

from digit_model.errors import DigitError

from .about.panel import about_button
from .api import RAW, Api, endpoints
from .corrections.panel import correction_panel
from .corrections.store import CorrectionStore
from .files.table import read_files, results, uploader
from .inside.view import inside_button, inside_place
from .models.tab import ModelsTab, comparison, model_views, models_list
from .reader import SERVED, Readers
from .reading import answer
from .reading.gallery import picked, thumbnails
from .reading.handlers import Handlers
from .reading.recent import RecentViews
from .reading.samples import samples
from .scripts import run
from .settings import MAX_UPLOAD_MEGABYTES
from .sharing.button import link_button
from .templates import render
from .texts import text

# What takes long is done for one visitor after another.
ALONE: dict = {"concurrency_id": "batch", "concurrency_limit": 1}
PRIVATE: dict = {"api_visibility": "private", **RAW}
# The tabs that lead to one answer.
WAYS = ("pad", "image", "camera")


def build(readers: Readers, folder: Path, corrections: CorrectionStore | None = None) -> gr.Blocks:
    """Return the page, whose pictures the readers read, and its endpoints.

    folder: for visitors' files. corrections: where they are stored; None asks visitors for none.
    """
    views = RecentViews()
    models_tab = ModelsTab(readers, views)
    with gr.Blocks(title=text("page.title"), analytics_enabled=False) as page:
        gr.HTML(
            Markup("<h1>{}</h1><p>{}</p>").format(text("page.title"), text("page.subtitle")),
            elem_id="title",
        )
        # Kept on the client, because Gradio forgets the states of a session.
        view, method, model = (gr.Textbox(value, visible="hidden") for value in ("", "", SERVED))
        with gr.Row(elem_id="desk", equal_height=False):
            about_button()
            with gr.Column(elem_id="input", min_width=300, scale=4):
                inputs, files, tab, listed = _inputs()
            with gr.Column(elem_id="output", min_width=300, scale=6):
                shown = _output()
                table = results()
                model_view = model_views()
                compared = comparison()
            with gr.Column(elem_id="after", min_width=0):
                link = link_button()
                inside_button(model)
                if corrections:
                    _wire_corrections(readers, views, corrections, view, model)
                model_line = gr.HTML("", elem_id="model")
                gr.HTML(
                    render("reading/timeline.html"),
                    elem_id="timeline",
                    js_on_load=run("reading/timeline.js"),
                    apply_default_css=False,
                )
        inside_place()
        handlers = Handlers(readers, views)
        _wire_reading(handlers, inputs, shown, (view, method, model))
        _wire_live_camera(handlers, inputs["camera"][1], model)
        _wire_steps(handlers, inputs, model)
        _wire_link(readers, link, inputs["pad"][1])
        _wire_files(readers, files, model, table)
        _wire_models(models_tab, tab, listed, model_view, [model_line, model])
        compared.compare(
            models_tab.compare,
            [view, model],
            compared,
            show_progress="hidden",
            trigger_mode="always_last",
            concurrency_id="picking",
            **PRIVATE,
        )
        page.load(models_tab.model_line, None, model_line, show_progress="hidden", **PRIVATE)
        endpoints(Api(readers, folder))
    cache_configs(page)
    return page


def cache_configs(page: gr.Blocks) -> None:
    """Have each component of a finished page remember its configuration.

    Gradio 6.31 asks all of them for each session, and each call of a program is a session.
    """
    for block in page.blocks.values():
        # Gradio changes the copy that it gets.
        block.get_config = partial(dict, block.get_config())  # type: ignore[method-assign]


def _wire_corrections(
    readers: Readers,
    views: RecentViews,
    corrections: CorrectionStore,
    view: gr.Textbox,
    model: gr.Textbox,
) -> None:
    """Have what a visitor says of a wrong answer stored, and copied to the Hub."""
    panel = correction_panel(corrections)

    def correct(view: str, model: str, event: gr.EventData) -> str:
        choice = (event._data or {}).get("digit")
        try:
            values, _ = readers.call(
                "correct", views.get(view) or b"", choice=choice, model=model, first=True
            )
        except DigitError as error:
            return escape(str(error))
        corrections.wake()
        return values["html"]

    panel.correct(correct, [view, model], panel, show_progress="hidden", **PRIVATE)


def _inputs() -> tuple[dict[str, tuple[gr.Tab, Component]], gr.File, gr.Tab, gr.HTML]:
    """Return the ways in that give one answer, by their names; files; the models' tab."""
    with gr.Tabs(elem_id="ways"):
        with gr.Tab(text("tabs.pad"), id="pad") as pad_tab:
            # gr.Sketchpad needs 11 requests and, where WebGL is done in software, seconds for each
            # stroke, and opens with no tool chosen.
            pad = _scripted("pad", "picture", samples=samples())
        with gr.Tab(text("tabs.image"), id="image") as image_tab:
            image = _scripted("image", "picture", megabytes=MAX_UPLOAD_MEGABYTES)
            thumbnails().pick(picked, None, image, show_progress="hidden", queue=False, **PRIVATE)
        with gr.Tab(text("tabs.camera"), id="camera") as camera_tab:
            camera = _scripted("camera", "picture", "look")
        with gr.Tab(text("tabs.files"), id="files", elem_id="files-tab"):
            files = uploader()
        with gr.Tab(text("tabs.models"), id="models", elem_id="models-tab") as models_tab:
            listed = models_list()
    ways: dict[str, tuple[gr.Tab, Component]] = {
        "pad": (pad_tab, pad),
        "image": (image_tab, image),
        "camera": (camera_tab, camera),
    }
    return ways, files, models_tab, listed


def _scripted(name: str, *events: str, **values: object) -> gr.HTML:
    """Return a way in of our own, with its template and script; its value is a data: URL.

    events: the events that its script triggers. values: what its template is filled with.
    """
    return gr.HTML(
        "",
        html_template=str(render(f"reading/{name}.html", **values)),
        js_on_load=run(f"reading/{name}.js", *events),
        label=text(f"tabs.{name}"),
        elem_id=name,
        apply_default_css=False,
    )


def _output() -> list[gr.HTML]:
    gr.HTML(
        render("reading/trouble.html"),
        elem_id="trouble",
        js_on_load="",
        apply_default_css=False,
    )
    shown = gr.HTML(
        answer.empty(text("reading.pad_empty"), text("reading.pad_empty_hint")),
        elem_id="answer",
        js_on_load=run("reading/answer.js", "choose", *WAYS),
        apply_default_css=False,
    )
    pictures = gr.HTML(
        answer.no_pictures(), elem_id="pictures", js_on_load="", apply_default_css=False
    )
    return [shown, pictures]


def _wire_live_camera(handlers: Handlers, camera: Component, model: gr.Textbox) -> None:
    """Have the camera's script told what each live frame says."""
    seen = gr.Textbox("", visible="hidden")
    tell = "text => { document.dispatchEvent(new CustomEvent('looked', { detail: text })); }"
    looked = camera.look(  # type: ignore[attr-defined]
        handlers.look,
        [camera, model],
        seen,
        show_progress="hidden",
        concurrency_id="reader",
        **PRIVATE,
    )
    looked.then(None, seen, None, js=tell)


def _wire_steps(handlers: Handlers, inputs: dict, model: gr.Textbox) -> None:
    """Have the steps of the reading shown when someone asks for them."""
    steps = gr.HTML(
        "", elem_id="steps", js_on_load=run("reading/steps.js", *WAYS), apply_default_css=False
    )
    for name, (_, source) in inputs.items():
        asked = getattr(steps, name)
        asked(handlers.steps, [source, model], steps, show_progress="hidden", **PRIVATE)


def _wire_reading(
    handlers: Handlers, inputs: dict, outputs: list[gr.HTML], states: tuple[gr.Textbox, ...]
) -> None:
    """Have each question go to the answer's script, which asks the server one after another."""
    view, method, model = states
    shown = outputs[0]
    for name, (tab, source) in inputs.items():
        source.picture(None, js=_tell(f"{name} arrived"))
        tab.select(None, js=_tell(f"{name} opened"))
        read = partial(handlers.read, name)
        _wire_question(shown, name, read, [source, method, model, view], [*outputs, view])

    def choose(view: str, method: str, model: str, event: gr.EventData) -> tuple:
        return handlers.choose(view, method, model, event._data or {})

    _wire_question(shown, "choose", choose, [view, method, model], [*outputs, view, method])


def _wire_question(
    shown: gr.HTML, event: str, read: Callable, inputs: list[Component], outputs: list[Component]
) -> None:
    asked = getattr(shown, event)(
        read,
        inputs,
        outputs,
        trigger_mode="multiple",
        show_progress="hidden",
        concurrency_id="reader",
        **PRIVATE,
    )
    asked.then(None, js=_tell("answered"))
    asked.failure(None, js=_tell("unanswered"))


def _tell(event: str) -> str:
    """Return JavaScript that tells the scripts of the page of an event."""
    return f"() => {{ document.dispatchEvent(new Event('{event}')); }}"


def _wire_link(readers: Readers, link: gr.HTML, pad: Component) -> None:
    """Have the pad show what is in a link that is opened."""

    def open_link(value: str | None) -> str:
        # A link that cannot be opened is handed on to be read: the answer says what is wrong.
        try:
            return readers.call("open_link", link=value or "").values["pad"]
        except DigitError:
            return json.dumps({"link": value})

    link.open(open_link, link, pad, show_progress="hidden", **PRIVATE)


def _wire_files(readers: Readers, files: gr.File, model: gr.Textbox, table: gr.HTML) -> None:
    """Read files when they are chosen, and again when another model is picked."""
    gr.on(
        [files.change, model.change],
        partial(read_files, readers),
        [files, model],
        table,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",  # not raw, because the uploader says how its files are named
        **ALONE,
    )


def _wire_models(
    models_tab: ModelsTab,
    tab: gr.Tab,
    listed: gr.HTML,
    view: list[gr.HTML],
    states: list[Component],
) -> None:
    """List what is known at once, and then what is new; show the model that a visitor picks."""
    model = states[-1]
    quiet: dict = {"show_progress": "hidden", **PRIVATE}
    tab.select(None, js=_tell("models opened"))
    tab.select(models_tab.list_rows, None, listed, **quiet).then(
        models_tab.check_rows, None, listed, concurrency_id="checking", concurrency_limit=1, **quiet
    )
    marked = listed.mistakes(models_tab.find_mistakes, model, view[-1], **ALONE, **quiet)
    taken = listed.pick(
        models_tab.pick,
        model,
        [*view, *states],
        trigger_mode="multiple",
        cancels=marked,
        # Loading a large network takes long; those who draw do not wait for it.
        concurrency_id="picking",
        **quiet,
    )
    taken.then(None, js=_tell("picked"))
    taken.failure(None, js=_tell("unpicked"))
