"""What stands where on the page, and which event does what."""

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

import gradio as gr
from gradio.components import Component
from gradio.data_classes import ImageData

from digit_model.pretrained import Pretrained

from . import answer
from .answer import Seen
from .api import Api, accuracy, endpoints
from .batch import read_files, results, uploader
from .correcting import correct, correction_panel
from .corrections import Corrections
from .gallery import picked, thumbnails
from .handlers import PAD_EMPTY, Handlers
from .share import link_button, unpack

HERE = Path(__file__).parent
PAD = """
<div class="sheet"><canvas width="280" height="280" role="img"
aria-label="Drawing pad: draw digits here with a mouse, a pen or a finger"></canvas>
<span class="pad-hint" aria-hidden="true">Draw here</span></div>
<div class="tools"><button type="button" data-tool="undo">Undo</button><button type="button"
data-tool="redo">Redo</button><button type="button" data-tool="clear">Clear</button></div>
"""
TELL_ANSWERED, TELL_CHOSEN = (
    f"() => {{ document.dispatchEvent(new Event('{event}')); }}" for event in ("answered", "chosen")
)
# Files of visitors are deleted an hour after they came.
FILES_KEPT = (3600, 3600)
CAMERA = """
<div class="stage"><video playsinline muted aria-label="What the camera sees"></video>
<div class="aim" aria-hidden="true"></div><p class="note" role="status"></p></div>
<div class="tools">
<button type="button" data-camera="start" aria-pressed="false">Camera</button>
<button type="button" data-camera="take" disabled>Capture</button>
<button type="button" data-camera="live" aria-pressed="false" disabled>Live</button></div>
"""


def build(served: Pretrained, corrections: Corrections | None = None) -> gr.Blocks:
    """The page and its endpoints for one model.

    corrections: where it is kept what visitors say about wrong answers; without it they are not
    asked.
    """
    handlers = Handlers(served)
    with gr.Blocks(title="Digit reader", delete_cache=FILES_KEPT, analytics_enabled=False) as page:
        gr.HTML(
            "<h1>Digit reader</h1><p>Draw, upload or photograph handwritten digits, and see what "
            "they are and why.</p>",
            elem_id="title",
        )
        seen = gr.State(None, time_to_live=FILES_KEPT[1])
        method = gr.State(handlers.methods[0])
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(elem_id="input", min_width=300, scale=4):
                inputs, files = _inputs()
            with gr.Column(elem_id="output", min_width=300, scale=6):
                shown = _output()
                table = results()
            with gr.Column(elem_id="after", min_width=0):
                link = link_button()
                if corrections:
                    _ask(served, corrections, seen)
                gr.HTML(_small_print(served), elem_id="model")
        _wire(handlers, inputs, [*shown, seen], seen, method)
        link.open(unpack, link, inputs["pad"][1], show_progress="hidden", api_visibility="private")
        files.change(
            partial(read_files, served.recogniser),
            files,
            table,
            show_progress="hidden",
            trigger_mode="always_last",
            api_visibility="private",
            concurrency_id="batch",
            concurrency_limit=1,
        )
        endpoints(Api(served))
    return page


def _ask(served: Pretrained, corrections: Corrections, seen: gr.State) -> None:
    """The panel on which one says that an answer is wrong."""
    panel = correction_panel(corrections)

    def kept(seen: Seen | None, event: gr.EventData) -> str:
        return correct(corrections, served, seen, (event._data or {}).get("digit"))

    panel.correct(kept, seen, panel, show_progress="hidden", api_visibility="private")


def _inputs() -> tuple[dict[str, tuple[gr.Tab, Component]], gr.File]:
    """The ways in that give one answer, by their handlers' names, and the one for many files."""
    with gr.Tabs(elem_id="ways"):
        with gr.Tab("Sketchpad", id="pad") as pad_tab:
            # gr.Sketchpad needs 11 requests and, where WebGL is done in software, seconds for each
            # stroke, and opens with no tool chosen.
            pad = _scripted(PAD, "pad.js", "Drawing", "pad")
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
            camera = _scripted(CAMERA, "camera.js", "Webcam", "camera")
        with gr.Tab("Files", id="files", elem_id="files-tab"):
            files = uploader()
    _hand_over_as_uploaded(image)
    ways: dict[str, tuple[gr.Tab, Component]] = {
        "pad": (pad_tab, pad),
        "image": (image_tab, image),
        "camera": (camera_tab, camera),
    }
    return ways, files


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
        js_on_load=_script("choose.js"),
        apply_default_css=False,
    )
    pictures = gr.HTML(
        answer.no_pictures(), elem_id="pictures", js_on_load="", apply_default_css=False
    )
    return [shown, pictures]


def _wire(
    handlers: Handlers, inputs: dict, outputs: list, seen: gr.State, method: gr.State
) -> None:
    quiet = {
        "outputs": outputs,
        "show_progress": "hidden",
        "api_visibility": "private",
        "concurrency_id": "reader",
    }
    for name, (tab, source) in inputs.items():
        read: Callable = getattr(handlers, name)
        arrives = source.change if name == "image" else source.picture
        for event in (arrives, tab.select):
            event(read, [source, method], trigger_mode="always_last", **quiet).then(
                None, js=TELL_ANSWERED
            )
    quiet["outputs"] = [*outputs, method]
    outputs[0].choose(handlers.choose, [seen, method], trigger_mode="multiple", **quiet).then(
        None, js=TELL_CHOSEN
    )


def _small_print(served: Pretrained) -> str:
    found = served.checkpoint
    share = accuracy(served)
    scored = f", {100 * share:.2f}% right on MNIST’s test set" if share else ""
    why = f' <em role="note">{escape(served.fallback)}</em>' if served.fallback else ""
    return (
        f"<p>Answered by {escape(served.source)}: {escape(found.architecture)}, "
        f"{found.model.count_params():,} parameters{scored}. "
        f'Weights <code title="{escape(found.sha256)}">{escape(found.sha256[:8])}</code>.{why}</p>'
    )
