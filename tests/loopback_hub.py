"""A Hugging Face Hub on loopback: a real HTTP server for the real client, bad on demand.

It keeps model repositories in memory and speaks the routes that huggingface_hub uses for them.
``misbehave`` makes the requests that match a pattern go wrong in one of the ways of TROUBLES.
"""

import asyncio
import base64
import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

TOKEN = "hf_loopback"
TROUBLES = ("status", "silent", "drip", "cut", "short", "corrupt", "portal")
LOG_IN_PAGE = b"<html><body>Welcome to the airport's network. Please log in.</body></html>"


@dataclass
class Repo:
    """A repository: its commits, oldest first, each a pair of id and files."""

    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    private: bool = False
    gated: bool = False

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    def commit(self, changes: dict[str, bytes], message: str = "Change files") -> str:
        files = dict(self.commits[-1][1]) if self.commits else {}
        files.update(changes)
        content = repr((len(self.commits), sorted(files.items()))).encode()
        self.commits.append((hashlib.sha1(content).hexdigest(), files))
        self.messages.append(message)
        return self.head

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        if revision == "main":
            return self.commits[-1]
        return next((commit for commit in self.commits if commit[0] == revision), None)


@dataclass
class Trouble:
    """What goes wrong with the requests whose "METHOD /path" matches the pattern."""

    kind: str
    pattern: str
    status: int = 500
    code: str = ""


class LoopbackHub:
    """The server, its repositories and what it was asked; ``with LoopbackHub() as hub:``."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.cards: list[str] = []
        self._troubles: list[Trouble] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_level="critical",
            timeout_graceful_shutdown=0,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="loopback-hub"
        )
        self._routes = Starlette(
            routes=self._table(), exception_handlers={_Refusal: lambda _, error: error.response}
        )

    def __enter__(self) -> "LoopbackHub":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._socket.close()

    def add(self, name: str, files: dict[str, bytes], *, private: bool = False) -> str:
        """Make a repository with one commit and return the commit's id."""
        self.repos[name] = Repo(private=private)
        return self.repos[name].commit(files)

    @contextmanager
    def misbehave(self, kind: str, pattern: str = "", **details) -> Iterator[None]:
        """Let requests fail inside the ``with`` block in one of the ways of TROUBLES."""
        assert kind in TROUBLES
        trouble = Trouble(kind, pattern, **details)
        self._troubles.append(trouble)
        try:
            yield
        finally:
            self._troubles.remove(trouble)

    async def _app(self, scope, receive, send) -> None:
        asked = f"{scope['method']} {scope['path']}"
        self.requests.append(asked)
        trouble = next((t for t in self._troubles if re.search(t.pattern, asked)), None)
        if trouble is None:
            await self._routes(scope, receive, send)
        else:
            # uvicorn then closes the connection in the middle of the answer.
            with suppress(_HangUp):
                await _spoiled(trouble, self._routes)(scope, receive, send)

    def _table(self) -> list[Route]:
        name = "/{user}/{name}"
        api = "/api/models" + name
        return [
            Route("/api/whoami-v2", self._whoami),
            Route("/api/repos/create", self._create, methods=["POST"]),
            Route("/api/validate-yaml", self._validate, methods=["POST"]),
            Route(api, self._info),
            Route(api + "/revision/{revision}", self._info),
            Route(api + "/tree/{revision}", self._tree),
            Route(api + "/preupload/{revision}", self._preupload, methods=["POST"]),
            Route(api + "/commit/{revision}", self._commit, methods=["POST"]),
            Route(name + ".git/info/lfs/objects/batch", self._batch, methods=["POST"]),
            Route(name + "/resolve/{revision}/{path:path}", self._resolve),
            Route("/objects/{oid}", self._object, methods=["GET", "PUT"]),
            Route("/verify", lambda request: JSONResponse({}), methods=["POST"]),
        ]

    def _repo(self, request: Request) -> Repo:
        repo = self.repos.get(_name(request))
        if repo is None or (repo.private and not _may_write(request)):
            raise _Refusal(404, "RepoNotFound")
        return repo

    @staticmethod
    def _revision(repo: Repo, request: Request) -> tuple[str, dict[str, bytes]]:
        commit = repo.at(request.path_params.get("revision", "main"))
        if commit is None:
            raise _Refusal(404, "RevisionNotFound")
        return commit

    async def _whoami(self, request: Request) -> Response:
        return JSONResponse({"name": "user"}) if _may_write(request) else _refuse(401)

    async def _create(self, request: Request) -> Response:
        if not _may_write(request):
            return _refuse(401)
        asked = await request.json()
        name = f"{asked.get('organization') or 'user'}/{asked['name']}"
        answer = {"url": f"{self.url}/{name}", "id": name}
        if name in self.repos:
            return JSONResponse(answer | {"error": "You already created this"}, 409)
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.add(name, {".gitattributes": b"*.h5 filter=lfs\n"}, private=private)
        return JSONResponse(answer)

    async def _validate(self, request: Request) -> Response:
        self.cards.append((await request.json())["content"])
        return JSONResponse({"errors": [], "warnings": []})

    async def _info(self, request: Request) -> Response:
        oid, files = self._revision(self._repo(request), request)
        siblings = [{"rfilename": path, **_described(path, files[path])} for path in files]
        if "blobs" not in request.query_params:
            siblings = [{"rfilename": path} for path in files]
        return JSONResponse({"id": _name(request), "sha": oid, "siblings": siblings})

    async def _tree(self, request: Request) -> Response:
        _, files = self._revision(self._repo(request), request)
        described = [{"type": "file", "path": p, "oid": _git_oid(files[p])} for p in files]
        return JSONResponse([d | _described(d["path"], files[d["path"]]) for d in described])

    async def _preupload(self, request: Request) -> Response:
        if not _may_write(request):
            return _refuse(403)
        _, files = self._repo(request).commits[-1]
        wanted = (await request.json())["files"]
        answers = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if _is_large(file["path"]) else "regular",
                "shouldIgnore": False,
                "oid": _oid(file["path"], files[file["path"]]) if file["path"] in files else None,
            }
            for file in wanted
        ]
        return JSONResponse({"files": answers})

    async def _batch(self, request: Request) -> Response:
        objects = []
        for wanted in (await request.json())["objects"]:
            actions = {
                "upload": {"href": f"{self.url}/objects/{wanted['oid']}"},
                "verify": {"href": f"{self.url}/verify"},
            }
            known = wanted["oid"] in self.objects
            objects.append(wanted if known else wanted | {"actions": actions})
        return JSONResponse(
            {"transfer": "basic", "objects": objects},
            media_type="application/vnd.git-lfs+json",
        )

    async def _object(self, request: Request) -> Response:
        oid = request.path_params["oid"]
        if request.method == "PUT":
            body = await request.body()
            if hashlib.sha256(body).hexdigest() != oid:
                return _refuse(400)
            self.objects[oid] = body
            return Response()
        return Response(self.objects[oid], media_type="application/octet-stream")

    async def _commit(self, request: Request) -> Response:
        if not _may_write(request):
            return _refuse(403)
        repo = self._repo(request)
        changes, message = {}, ""
        for line in (await request.body()).splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                message = value["summary"]
                if value.get("parentCommit", repo.head) != repo.head:
                    return _refuse(412)
            elif entry["key"] == "file":
                changes[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                changes[value["path"]] = self.objects[value["oid"]]
        oid = repo.commit(changes, message)
        url = f"{self.url}/{_name(request)}/commit/{oid}"
        return JSONResponse({"commitOid": oid, "commitUrl": url})

    async def _resolve(self, request: Request) -> Response:
        repo = self._repo(request)
        oid, files = self._revision(repo, request)
        path = request.path_params["path"]
        if repo.gated and not _may_write(request):
            return _refuse(403, "GatedRepo")
        if path not in files:
            return _refuse(404, "EntryNotFound", {"X-Repo-Commit": oid})
        headers = {"X-Repo-Commit": oid, "ETag": f'"{_oid(path, files[path])}"'}
        if not _is_large(path):
            return Response(files[path], headers=headers, media_type="text/plain")
        large = _oid(path, files[path])
        self.objects[large] = files[path]
        headers |= {"X-Linked-Etag": f'"{large}"', "X-Linked-Size": str(len(files[path]))}
        # Another origin, as the Hub's own storage is.
        return RedirectResponse(f"http://localhost:{self.port}/objects/{large}", 302, headers)


class _Refusal(Exception):
    def __init__(self, status: int, code: str):
        self.response = _refuse(status, code)


class _HangUp(Exception):
    pass


def _refuse(status: int, code: str = "", headers: dict[str, str] | None = None) -> Response:
    extra = {"X-Error-Code": code} if code else {}
    return JSONResponse({"error": f"refused: {status}"}, status, extra | (headers or {}))


def _may_write(request: Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {TOKEN}"


def _name(request: Request) -> str:
    return f"{request.path_params['user']}/{request.path_params['name']}"


def _is_large(path: str) -> bool:
    return path.endswith(".h5")


def _git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _oid(path: str, content: bytes) -> str:
    """What names a file's content: its sha256 in the large file storage, its git id elsewhere."""
    return hashlib.sha256(content).hexdigest() if _is_large(path) else _git_oid(content)


def _described(path: str, content: bytes) -> dict:
    size: dict = {"size": len(content), "blobId": _git_oid(content)}
    if _is_large(path):
        size["lfs"] = {"sha256": _oid(path, content), "size": len(content), "pointerSize": 130}
    return size


def _spoiled(trouble: Trouble, routes):
    """The application with its answers spoiled."""

    async def app(scope, receive, send) -> None:
        if trouble.kind == "silent":
            await _until_disconnected(receive)
        elif trouble.kind == "status":
            await _refuse(trouble.status, trouble.code)(scope, receive, send)
        elif trouble.kind == "portal":
            await Response(LOG_IN_PAGE, media_type="text/html")(scope, receive, send)
        elif scope["method"] == "HEAD":
            await routes(scope, receive, send)
        else:
            await routes(scope, receive, _spoiling(trouble.kind, send))

    return app


async def _until_disconnected(receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _spoiling(kind: str, send):
    """``send`` with the body dripped, cut before its announced end, shortened or corrupted."""
    start: dict = {}

    async def spoiling(message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body = message.get("body", b"")
        if kind == "short":
            body = body[: len(body) // 2]
            headers = [h for h in start["headers"] if h[0] != b"content-length"]
            start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        elif kind == "corrupt":
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        await send(start)
        if kind == "drip":
            for index in range(len(body)):
                await send({**message, "body": body[index : index + 1], "more_body": True})
                await asyncio.sleep(0.05)
        elif kind == "cut":
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
            raise _HangUp
        await send({**message, "body": b"" if kind == "drip" else body})

    return spoiling


class Trickle:
    """A server whose answer is a header that never ends, a byte every twentieth of a second."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="trickle")

    def __enter__(self) -> "Trickle":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self._stop.wait(0.05):
                connection.sendall(b"a")
