"""What stands where on the page, and which event does what."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import gradio as gr
from gradio.components import Component
from gradio.data_classes import ImageData
from markupsafe import Markup

from .api import Api, endpoints
from .corrections.panel import correct, correction_panel
from .corrections.store import CorrectionStore
from .files.table import read_with, results, uploader
from .models.mistakes import TestSet
from .models.registry import SERVED, ModelRegistry
from .models.tab import ModelsTab, model_line, model_views, models_list
from .reading import answer
from .reading.answer import ReadingView
from .reading.gallery import picked, thumbnails
from .reading.handlers import PAD_EMPTY, Handlers
from .sharing.button import link_button, unpack
from .texts import text

HERE = Path(__file__).parent
PAD = """
<div class="sheet"><canvas width="280" height="280" role="img"
aria-label="Drawing pad: draw digits here with a mouse, a pen or a finger"></canvas>
<span class="pad-hint" aria-hidden="true">Draw here</span></div>
<div class="tools"><button type="button" data-tool="undo">Undo</button><button type="button"
data-tool="redo">Redo</button><button type="button" data-tool="clear">Clear</button></div>
"""
# Files of visitors are deleted an hour after they came.
FILES_KEPT = (3600, 3600)
# What takes long is done for one visitor after another.
ALONE: dict = {"concurrency_id": "batch", "concurrency_limit": 1}
CAMERA = """
<div class="stage"><video playsinline muted aria-label="What the camera sees"></video>
<div class="aim" aria-hidden="true"></div><p class="note" role="status"></p></div>
<div class="tools">
<button type="button" data-camera="start" aria-pressed="false">Camera</button>
<button type="button" data-camera="take" disabled>Capture</button>
<button type="button" data-camera="live" aria-pressed="false" disabled>Live</button></div>
"""


def build(
    models: ModelRegistry, corrections: CorrectionStore | None = None, tests: TestSet | None = None
) -> gr.Blocks:
    """The page for the models at hand, and the endpoints, which the served one answers.

    corrections: where it is kept what visitors say about wrong answers; without it they are not
    asked. tests: the images by which models are marked.
    """
    models_tab = ModelsTab(models, tests or TestSet())
    with gr.Blocks(
        title=text("page.title"), delete_cache=FILES_KEPT, analytics_enabled=False
    ) as page:
        gr.HTML(
            Markup("<h1>{}</h1><p>{}</p>").format(text("page.title"), text("page.subtitle")),
            elem_id="title",
        )
        seen = gr.State(None, time_to_live=FILES_KEPT[1])
        method = gr.State(None)
        # In the page, for the server forgets states: it would say one model and answer by another.
        key = gr.Textbox(SERVED, visible="hidden")
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(elem_id="input", min_width=300, scale=4):
                inputs, files, tab, listed = _inputs(models_tab)
            with gr.Column(elem_id="output", min_width=300, scale=6):
                shown = _output()
                table = results()
                view = model_views(models_tab)
            with gr.Column(elem_id="after", min_width=0):
                link = link_button()
                if corrections:
                    _ask(models, corrections, seen, key)
                small = gr.HTML(model_line(models.served), elem_id="model")
        _wire(Handlers(models), inputs, [*shown, seen], (seen, method, key))
        link.open(unpack, link, inputs["pad"][1], show_progress="hidden", api_visibility="private")
        _wire_files(models, files, key, table)
        _wire_models(models_tab, tab, listed, view, [small, key])
        endpoints(Api(models.served))
    return page


def _ask(
    models: ModelRegistry, corrections: CorrectionStore, seen: gr.State, key: gr.Textbox
) -> None:
    """The panel on which one says that an answer is wrong."""
    panel = correction_panel(corrections)

    def kept(seen: ReadingView | None, key: str, event: gr.EventData) -> str:
        return correct(corrections, models, key, seen, (event._data or {}).get("digit"))

    panel.correct(kept, [seen, key], panel, show_progress="hidden", api_visibility="private")


def _inputs(
    models_tab: ModelsTab,
) -> tuple[dict[str, tuple[gr.Tab, Component]], gr.File, gr.Tab, gr.HTML]:
    """The tabs: the ways in that give one answer, by their handlers' names; files; the models."""
    with gr.Tabs(elem_id="ways"):
        with gr.Tab("Sketchpad", id="pad") as pad_tab:
            # gr.Sketchpad needs 11 requests and, where WebGL is done in software, seconds for each
            # stroke, and opens with no tool chosen.
            pad = _scripted(PAD, "reading/pad.js", "Drawing", "pad")
        with gr.Tab("Image", id="image") as image_tab:
            image = gr.Image(
                sources=["upload", "clipboard"],
                placeholder="Drop or paste a picture, or press to choose one\n"
                "PNG, JPEG, WebP, BMP, GIF or TIFF\nup to 25 MB and 20 megapixels",
                elem_id="image",
                type="filepath",
                image_mode=None,
                label="Picture of digits",
                show_label=False,
                buttons=[],
            )
            thumbnails().pick(
                picked, None, image, show_progress="hidden", api_visibility="private", queue=False
            )
        with gr.Tab("Webcam", id="camera") as camera_tab:
            camera = _scripted(CAMERA, "reading/camera.js", "Webcam", "camera")
        with gr.Tab("Files", id="files", elem_id="files-tab"):
            files = uploader()
        with gr.Tab("Models", id="models", elem_id="models-tab") as tab:
            listed = models_list(models_tab)
    _hand_over_as_uploaded(image)
    ways: dict[str, tuple[gr.Tab, Component]] = {
        "pad": (pad_tab, pad),
        "image": (image_tab, image),
        "camera": (camera_tab, camera),
    }
    return ways, files, tab, listed


def _scripted(template: str, script: str, label: str, name: str) -> gr.HTML:
    """A part of the page of our own, whose value is a picture as a data: URL."""
    return gr.HTML(
        "",
        html_template=template,
        js_on_load=_script(script),
        label=label,
        elem_id=name,
        apply_default_css=False,
    )


def _script(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _hand_over_as_uploaded(image: gr.Image) -> None:
    """Leave the file to our own decoder, which has a sentence for each thing that can be wrong.

    Gradio would open it first, with every format that Pillow knows, and fail with a bare "Error".
    """

    def path(payload: ImageData | None) -> str | None:
        return payload.path if payload else None

    image.preprocess = path  # type: ignore[method-assign]


def _output() -> list[gr.HTML]:
    gr.HTML(
        '<p class="note" role="alert"></p>',
        elem_id="trouble",
        js_on_load="",
        apply_default_css=False,
    )
    shown = gr.HTML(
        answer.empty(*PAD_EMPTY),
        elem_id="answer",
        js_on_load=_script("reading/answer.js"),
        apply_default_css=False,
    )
    pictures = gr.HTML(
        answer.no_pictures(), elem_id="pictures", js_on_load="", apply_default_css=False
    )
    return [shown, pictures]


def _wire(handlers: Handlers, inputs: dict, outputs: list, states: tuple[Component, ...]) -> None:
    """What is asked goes to the answer, which asks the server one question after another."""
    seen, method, key = states
    shown = outputs[0]
    for name, (tab, source) in inputs.items():
        arrives = source.change if name == "image" else source.picture
        arrives(None, js=_tell(f"{name} arrived"))
        tab.select(None, js=_tell(f"{name} opened"))
        _answer(shown, name, getattr(handlers, name), [source, method, key], outputs)
    _answer(shown, "choose", handlers.choose, [seen, method, key], [*outputs, method])


def _answer(
    shown: gr.HTML, event: str, read: Callable, inputs: list[Component], outputs: list[Component]
) -> None:
    asked = getattr(shown, event)(
        read,
        inputs,
        outputs,
        trigger_mode="multiple",
        show_progress="hidden",
        api_visibility="private",
        concurrency_id="reader",
    )
    asked.then(None, js=_tell("answered"))
    asked.failure(None, js=_tell("unanswered"))


def _tell(event: str) -> str:
    """Tells the scripts of the page."""
    return f"() => {{ document.dispatchEvent(new Event('{event}')); }}"


def _wire_files(models: ModelRegistry, files: gr.File, key: gr.Textbox, table: gr.HTML) -> None:
    """Files are read when they come, and anew when another model is picked."""
    gr.on(
        [files.change, key.change],
        partial(read_with, models),
        [files, key],
        table,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
        **ALONE,
    )


def _wire_models(
    models_tab: ModelsTab,
    tab: gr.Tab,
    listed: gr.HTML,
    view: list[gr.HTML],
    states: list[Component],
) -> None:
    """What is known is listed at once, what is new after it; one model is picked, one marked."""
    key = states[-1]
    quiet: dict = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(models_tab.list_rows, None, listed, **quiet).then(
        models_tab.check_rows, None, listed, concurrency_id="checking", concurrency_limit=1, **quiet
    )
    marked = listed.mistakes(models_tab.find_mistakes, key, view[-1], **ALONE, **quiet)
    taken = listed.pick(
        models_tab.pick,
        key,
        [*view, *states],
        trigger_mode="multiple",
        cancels=marked,
        # Making a large network ready takes long; those who draw do not wait for it.
        concurrency_id="picking",
        **quiet,
    )
    taken.then(None, js=_tell("picked"))
    taken.failure(None, js=_tell("unpicked"))
