"""The title, text and picture that a chat or a social network shows of a link to the page.

Gradio's own HTML says "Gradio" with a picture of Gradio, and has no setting for it.
"""

import re
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..templates import render

PICTURE = Path(__file__).with_name("preview.png")
# Also an element whose attributes stand on lines of their own.
PREVIEW_TAG = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>\s*')


class LinkPreview:
    """ASGI middleware that replaces the preview in the page's HTML, and serves its picture."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in ("/", "/preview.png"):
            await self._app(scope, receive, send)
        elif scope["path"] == "/":
            await self._app(scope, receive, _Rewriter(address(scope), send))
        else:
            await FileResponse(PICTURE)(scope, receive, send)


class _Rewriter:
    """A Send that holds an HTML response back until it is complete, and passes it on changed."""

    def __init__(self, address: str, send: Send):
        self._address, self._send = address, send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif message["type"] == "http.response.body" and self._start:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)
        else:
            await self._send(message)

    async def _finish(self, start: Message) -> None:
        body = with_preview(self._body.decode(), self._address).encode()
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def with_preview(html: str, address: str) -> str:
    """Return the page's HTML with our preview. address: of the page, ending in a slash."""
    preview = render("sharing/preview.html", address=address)
    return PREVIEW_TAG.sub("", html).replace("<head>", f"<head>\n{preview}", 1)


def address(scope: Scope) -> str:
    """Return the page's address as a visitor sees it, also behind a proxy that ends TLS."""
    headers = Headers(scope=scope)
    scheme = headers.get("x-forwarded-proto", scope["scheme"]).partition(",")[0].strip()
    host = headers.get("x-forwarded-host", headers.get("host", "")).partition(",")[0].strip()
    return f"{scheme}://{host}{scope.get('root_path', '')}/"


def _is_html(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")
