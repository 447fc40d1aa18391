"""Put the page on a port."""

import asyncio
import importlib.util
from functools import partial
from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware

from .about.documents import Documents
from .corrections.store import CorrectionStore
from .inside.modules import BrowserModules
from .layout import build
from .reader import Readers
from .reading.gallery import EXAMPLES_FOLDER
from .scripts import head
from .settings import MAX_UPLOAD_MEGABYTES
from .sharing.preview import LinkPreview

MAX_WAITING = 64
# Of two calls for each reader one is read while the other is on its way.
CALLS_PER_READER = 2
# Gradio gives each call of a program a session, of 14 kB. What visitors see is not kept in them.
MAX_SESSIONS = 200
PRUNE_SECONDS = 60
QUEUE_POLL_SECONDS = 0.002

THEME = gr.themes.Base(
    primary_hue="blue",
    neutral_hue="slate",
    radius_size="lg",
    font=("ui-sans-serif", "system-ui", "sans-serif"),
    font_mono=("ui-monospace", "Consolas", "monospace"),
)


def serve(
    readers: Readers,
    folder: Path,
    host: str,
    port: int,
    *,
    share: bool = False,
    corrections: CorrectionStore | None = None,
) -> gr.Blocks:
    """Open the page, and return it at once; it is up until its ``close``.

    folder: for visitors' files, as sweep.make_folder made it. corrections: where they are stored;
    None is that visitors are not asked for any.
    """
    page = build(readers, folder, corrections)
    page.queue(max_size=MAX_WAITING, default_concurrency_limit=CALLS_PER_READER * readers.count)
    # Gradio 6.31 looks for questions every millisecond: 7 % of a core while the server is idle.
    page._queue.sleep_when_free = QUEUE_POLL_SECONDS
    page.extra_startup_events.append(partial(_start_pruning, page))
    page.launch(
        server_name=host,
        server_port=port,
        share=share,
        prevent_thread_lock=True,
        theme=THEME,
        css_paths=[Path(__file__).with_name("style.css")],
        head=head(),
        app_kwargs={
            "middleware": [
                Middleware(LinkPreview),
                Middleware(BrowserModules, readers),
                Middleware(Documents),
            ]
        },
        allowed_paths=[str(EXAMPLES_FOLDER)],
        max_file_size=f"{MAX_UPLOAD_MEGABYTES}mb",
        footer_links=["api"],
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        run_history=False,
        mcp_server=importlib.util.find_spec("mcp") is not None,
        state_session_capacity=MAX_SESSIONS,
    )
    return page


async def _start_pruning(page: gr.Blocks) -> None:
    # Gradio's own loop alone changes what is pruned, so this runs in it, as one of its tasks.
    page._queue._asyncio_tasks.add(asyncio.create_task(_prune(page)))


async def _prune(page: gr.Blocks) -> None:
    """Drop what Gradio 6.31 keeps of every call and never looks at again.

    That is the names of files, for its own deletion of files, which sweep.py does in its place,
    and an empty set for each session.
    """
    while True:
        await asyncio.sleep(PRUNE_SECONDS)
        for names in page.temp_file_sets:
            names.clear()
        sessions = page._queue.pending_event_ids_session
        for session in [session for session, events in sessions.items() if not events]:
            del sessions[session]
