"""The documents that the page links to: on the Hub for a Space, otherwise served here."""

from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..texts import text

ROOT = Path(__file__).parents[2]
# Each by its name in texts.json.
DOCUMENTS = {"readme": "README.md", "walkthrough": "notebooks/walkthrough.ipynb"}


def links(space: str, static_space: str = "") -> dict[str, str]:
    """Return the addresses of the documents that are there, by what the page calls them.

    space: the address of the Space that shows this page, or "". static_space: that of the page
    without a server, or "".
    """
    found = {}
    if static_space:
        found[text("about.static_space")] = static_space
    if space:
        found[text("about.source")] = f"{space}/tree/main"
    for name, path in DOCUMENTS.items():
        if (ROOT / path).is_file():
            address = f"{space}/blob/main/{path}" if space else _route(path)
            found[text(f"about.{name}")] = address
    return found


class Documents:
    """ASGI middleware that serves the documents, and nothing else of the folder."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._files = {f"/{_route(path)}": ROOT / path for path in DOCUMENTS.values()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._files.get(scope.get("path", "")) if scope["type"] == "http" else None
        if file is None or not file.is_file():
            await self._app(scope, receive, send)
            return
        # Text for a browser to show; it would download Markdown.
        kind = "text/plain; charset=utf-8" if file.suffix == ".md" else "application/x-ipynb+json"
        await FileResponse(file, media_type=kind)(scope, receive, send)


def _route(path: str) -> str:
    return f"documents/{Path(path).name}"
