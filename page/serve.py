"""Put the page on a port."""

import importlib.util
from pathlib import Path

import gradio as gr

from .corrections.store import CorrectionStore
from .layout import build
from .models.mistakes import TestSet
from .models.registry import ModelRegistry
from .reading.gallery import EXAMPLES_FOLDER

HERE = Path(__file__).parent
# A phone's photo has up to 15 MB; decode refuses by pixels what passes here.
LARGEST_MEGABYTES = 25
WAITING = 64
READERS = 2

THEME = gr.themes.Base(
    primary_hue="blue",
    neutral_hue="slate",
    radius_size="lg",
    font=("ui-sans-serif", "system-ui", "sans-serif"),
    font_mono=("ui-monospace", "Consolas", "monospace"),
)


def serve(
    models: ModelRegistry,
    host: str,
    port: int,
    *,
    share: bool,
    corrections: CorrectionStore | None = None,
    tests: TestSet | None = None,
    block: bool = True,
) -> gr.Blocks:
    """Serve the page for the models at hand; returns once it is stopped, or at once if not block.

    corrections: where it is kept what visitors say about wrong answers; closed at the end.
    tests: the images by which models are marked.
    """
    page = build(models, corrections, tests)
    page.queue(max_size=WAITING, default_concurrency_limit=READERS)
    page.launch(
        server_name=host,
        server_port=port,
        share=share,
        prevent_thread_lock=not block,
        theme=THEME,
        css_paths=[HERE / "style.css"],
        head=_head(),
        allowed_paths=[str(EXAMPLES_FOLDER)],
        max_file_size=f"{LARGEST_MEGABYTES}mb",
        footer_links=["api"],
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        run_history=False,
        mcp_server=importlib.util.find_spec("mcp") is not None,
        # A kept reading holds a picture of at most 640 x 640 pixels, 1.2 MB.
        state_session_capacity=500,
        quiet=not block,
    )
    if corrections and block:
        corrections.close()
    return page


def _head() -> str:
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return f"<script>const LARGEST_MEGABYTES = {LARGEST_MEGABYTES};\n{script}</script>"
