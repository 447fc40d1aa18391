"""Serve the static page's modules to scripts of this page, and the networks exported for them.

Below /browser/ lie the modules of the folder browser/ and page/settings.js, and below
/browser/models/KEY/ the exported network of the model with that key: model.json, which names the
file with its weights by their hash.
"""

import asyncio
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from digit_model.errors import DigitError

from .. import settings
from ..reader import Answer, Readers

FOLDER = Path(__file__).parents[2] / "browser"
SERVED_SUFFIXES = (".js", ".css", ".json")
# A new version of this program brings new modules under the same names.
REVALIDATE = {"cache-control": "no-cache"}
FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


class BrowserModules:
    """ASGI middleware that answers what is below /browser/."""

    def __init__(self, app: ASGIApp, readers: Readers):
        self._app, self._readers = app, readers
        self._modules = Starlette(
            routes=[
                Route("/browser/page/settings.js", _settings),
                Route("/browser/models/{key:path}/model.json", self._model),
                Route("/browser/models/{key:path}/{sha256}.bin", self._weights),
                Mount("/browser", _Modules(directory=FOLDER)),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "http" and scope["path"].startswith("/browser/")
        await (self._modules if is_ours else self._app)(scope, receive, send)

    async def _model(self, request: Request) -> Response:
        try:
            model = (await self._export(request)).values["model"]
        except DigitError as error:
            return PlainTextResponse(str(error), 422, REVALIDATE)
        model["weights"]["file"] = f"{model['weights']['sha256']}.bin"
        return JSONResponse(model, headers=REVALIDATE)

    async def _weights(self, request: Request) -> Response:
        """Answer with the weights; 404 if the model has others by now."""
        try:
            values, [weights] = await self._export(request)
        except DigitError as error:
            return PlainTextResponse(str(error), 422, REVALIDATE)
        if values["model"]["weights"]["sha256"] != request.path_params["sha256"]:
            raise HTTPException(404)
        return Response(weights, headers=FOREVER, media_type="application/octet-stream")

    async def _export(self, request: Request) -> Answer:
        key = request.path_params["key"]
        return await asyncio.to_thread(self._readers.ask, "export_network", key)


async def _settings(request: Request) -> Response:
    return Response(settings.as_module(), headers=REVALIDATE, media_type="text/javascript")


class _Modules(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        if not path.endswith(SERVED_SUFFIXES):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers.update(REVALIDATE)
        return response
