"""A Hugging Face Hub on loopback: a real HTTP server for the real client, which fails on demand.

It keeps repositories in memory and answers the routes that huggingface_hub uses. In ``repos`` a
Space is called "spaces/USER/NAME" and a dataset "datasets/USER/NAME". ``misbehave`` lets requests
that match a pattern fail in one of the ways in FAILURES.
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
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

TOKEN = "hf_loopback"
FAILURES = ("status", "late", "silent", "drip", "cut", "short", "corrupt", "portal")
LATE_SECONDS = 0.7
LOGIN_PAGE = b"<html><body>Welcome to the airport's network. Please log in.</body></html>"


@dataclass
class Repo:
    """A repository. commits: oldest first, each a pair of id and files."""

    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    private: bool = False
    gated: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    hardware: str | None = None
    # The status records of a Space, one per request; the last one is repeated.
    runtime: list[dict] = field(default_factory=lambda: [{"stage": "RUNNING"}])

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    def commit(self, changes: dict[str, bytes | None], message: str = "Change files") -> str:
        """Commit changed files and return the commit's id; None removes a file."""
        files: dict = dict(self.commits[-1][1]) if self.commits else {}
        files.update(changes)
        files = {path: content for path, content in files.items() if content is not None}
        content = repr((len(self.commits), sorted(files.items()))).encode()
        self.commits.append((hashlib.sha1(content).hexdigest(), files))
        self.messages.append(message)
        return self.head

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        if revision in ("main", "HEAD"):
            return self.commits[-1]
        revision = self.tags.get(revision, revision)
        return next((commit for commit in self.commits if commit[0] == revision), None)

    def last_change(self, path: str, files: dict[str, bytes]) -> dict:
        """Return the commit that gave a file its content in ``files``."""
        number = len(self.commits) - 1
        while number and self.commits[number - 1][1].get(path) == files[path]:
            number -= 1
        when = "2026-01-01T00:00:00.000Z"
        return {"id": self.commits[number][0], "title": self.messages[number], "date": when}


@dataclass
class Failure:
    """A failure of the requests whose "METHOD /path" matches the pattern."""

    kind: str
    pattern: str
    status: int = 500
    code: str = ""


class LoopbackHub:
    """A Hub that serves inside ``with LoopbackHub() as hub:``.

    repos: repositories by name. requests: the "METHOD /path" of each request. cards: the cards that
    were validated.
    standard_errors: whether a 404 carries X-Error-Code and an unknown revision is an error, as on
    huggingface.co. Some independent Hubs do neither.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.cards: list[str] = []
        self.standard_errors = True
        self._failures: list[Failure] = []
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
        """Create a repository with one commit and return the commit's id."""
        self.repos[name] = Repo(private=private)
        return self.repos[name].commit(files, "initial commit")

    @contextmanager
    def misbehave(self, kind: str, pattern: str = "", **details) -> Iterator[None]:
        """Let requests fail inside the ``with`` block. pattern: searched in "METHOD /path"."""
        assert kind in FAILURES
        failure = Failure(kind, pattern, **details)
        self._failures.append(failure)
        try:
            yield
        finally:
            self._failures.remove(failure)

    async def _app(self, scope, receive, send) -> None:
        request_line = f"{scope['method']} {scope['path']}"
        self.requests.append(request_line)
        failure = next((t for t in self._failures if re.search(t.pattern, request_line)), None)
        if failure is None:
            await self._routes(scope, receive, send)
        else:
            # uvicorn then closes the connection in the middle of the response.
            with suppress(_HangUp):
                await _spoiled(failure, self._routes)(scope, receive, send)

    def _table(self) -> list[Route]:
        return [
            Route("/api/whoami-v2", self._whoami),
            Route("/api/repos/create", self._create, methods=["POST"]),
            Route("/api/validate-yaml", self._validate, methods=["POST"]),
            Route("/objects/{oid}", self._object, methods=["GET", "PUT"]),
            Route("/verify", lambda request: JSONResponse({}), methods=["POST"]),
            *self._repository_routes("/api/spaces", "/spaces"),
            Route("/api/spaces/{user}/{name}/variables", self._variables, methods=["GET", "POST"]),
            Route("/api/spaces/{user}/{name}/runtime", self._runtime),
            *self._repository_routes("/api/datasets", "/datasets"),
            *self._repository_routes("/api/models", ""),
        ]

    def _repository_routes(self, api: str, page: str) -> list[Route]:
        name = "/{user}/{name}"
        api += name
        return [
            Route(api, self._info),
            Route(api + "/revision/{revision}", self._info),
            Route(api + "/tree/{revision}", self._tree),
            Route(api + "/refs", self._refs),
            Route(api + "/tag/{revision}", self._tag, methods=["POST"]),
            Route(api + "/preupload/{revision}", self._preupload, methods=["POST"]),
            Route(api + "/commit/{revision}", self._commit, methods=["POST"]),
            Route(page + name + ".git/info/lfs/objects/batch", self._batch, methods=["POST"]),
            Route(page + name + "/resolve/{revision}/{path:path}", self._resolve),
        ]

    def _repo(self, request: Request) -> Repo:
        repo = self.repos.get(_name(request))
        if repo is None or (repo.private and not _may_write(request)):
            raise _Refusal(404, "RepoNotFound" if self.standard_errors else "")
        return repo

    def _revision(self, repo: Repo, request: Request) -> tuple[str, dict[str, bytes]]:
        commit = repo.at(request.path_params.get("revision", "main"))
        if commit is None and self.standard_errors:
            raise _Refusal(404, "RevisionNotFound")
        return commit or ("", {})

    async def _whoami(self, request: Request) -> Response:
        return JSONResponse({"name": "user"}) if _may_write(request) else _refuse(401)

    async def _create(self, request: Request) -> Response:
        if not _may_write(request):
            return _refuse(401)
        body = await request.json()
        owner = body.get("organization") or "user"
        if owner != "user":
            return _refuse(403)
        page = {"space": "spaces/", "dataset": "datasets/"}.get(body.get("type"), "")
        name = f"{page}{owner}/{body['name']}"
        answer = {"url": f"{self.url}/{name}", "id": name}
        if name in self.repos:
            return JSONResponse(answer | {"error": "You already created this"}, 409)
        private = body.get("visibility") == "private" or bool(body.get("private"))
        self.add(name, {".gitattributes": b"*.h5 filter=lfs\n"}, private=private)
        self.repos[name].hardware = body.get("hardware")
        for variable in body.get("variables", ()):
            self.repos[name].variables[variable["key"]] = variable["value"]
        return JSONResponse(answer)

    async def _validate(self, request: Request) -> Response:
        """Check the documented fields of a card and of a Space's settings."""
        body = await request.json()
        self.cards.append(body["content"])
        front = yaml.safe_load(body["content"].split("---\n")[1]) or {}
        errors = []
        if body["repoType"] == "space":
            if len(front.get("short_description", "")) > 60:
                errors.append({"message": '"short_description" length must be at most 60'})
            if front.get("sdk") not in ("gradio", "docker", "static", "streamlit"):
                errors.append({"message": '"sdk" must be one of gradio, docker, static'})
        if not isinstance(front.get("license", ""), str):
            errors.append({"message": '"license" must be a string'})
        return JSONResponse({"errors": errors, "warnings": []}, 400 if errors else 200)

    async def _info(self, request: Request) -> Response:
        repo = self._repo(request)
        oid, files = self._revision(repo, request)
        siblings = [{"rfilename": path, **_described(path, files[path])} for path in files]
        if "blobs" not in request.query_params:
            siblings = [{"rfilename": path} for path in files]
        name = "{user}/{name}".format(**request.path_params)
        return JSONResponse({"id": name, "sha": oid, "private": repo.private, "siblings": siblings})

    async def _tree(self, request: Request) -> Response:
        repo = self._repo(request)
        _, files = self._revision(repo, request)
        listed = []
        deep = request.query_params.get("recursive", "").lower() == "true"
        if not deep:
            folders = dict.fromkeys(path.split("/")[0] for path in files if "/" in path)
            listed += [{"type": "directory", "path": path, "oid": "0" * 40} for path in folders]
        for path, content in files.items():
            if "/" in path and not deep:
                continue
            entry = {"type": "file", "path": path, "oid": _git_oid(content), "size": len(content)}
            if _is_large(path):
                lfs = {"oid": _oid(path, content), "size": len(content), "pointerSize": 130}
                entry["lfs"] = lfs
            if request.query_params.get("expand", "").lower() == "true":
                entry["lastCommit"] = repo.last_change(path, files)
            listed.append(entry)
        return JSONResponse(listed)

    async def _refs(self, request: Request) -> Response:
        repo = self._repo(request)
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head}
        tags = [
            {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": commit}
            for tag, commit in repo.tags.items()
        ]
        return JSONResponse({"branches": [main], "converts": [], "tags": tags})

    async def _tag(self, request: Request) -> Response:
        if not _may_write(request):
            return _refuse(403)
        repo = self._repo(request)
        oid, _ = self._revision(repo, request)
        tag = (await request.json())["tag"]
        if tag in repo.tags:
            return _refuse(409)
        repo.tags[tag] = oid
        return JSONResponse({})

    async def _variables(self, request: Request) -> Response:
        if not _may_write(request):
            return _refuse(403)
        repo = self._repo(request)
        if request.method == "POST":
            body = await request.json()
            repo.variables[body["key"]] = body["value"]
        return JSONResponse({key: {"value": value} for key, value in repo.variables.items()})

    async def _runtime(self, request: Request) -> Response:
        repo = self._repo(request)
        state = repo.runtime.pop(0) if len(repo.runtime) > 1 else repo.runtime[0]
        return JSONResponse({"sha": repo.head, "hardware": {}} | state)

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
        return _part(request, self.objects[oid], {"ETag": f'"{oid}"'})

    async def _commit(self, request: Request) -> Response:
        if not _may_write(request):
            return _refuse(403)
        repo = self._repo(request)
        changes: dict[str, bytes | None] = {}
        message = ""
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
            elif entry["key"] == "deletedFile":
                changes[value["path"]] = None
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
            return _part(request, files[path], headers)
        large = _oid(path, files[path])
        self.objects[large] = files[path]
        headers |= {"X-Linked-Etag": f'"{large}"', "X-Linked-Size": str(len(files[path]))}
        # The Hub's storage has another origin, too.
        return RedirectResponse(f"http://localhost:{self.port}/objects/{large}", 302, headers)


class _Refusal(Exception):
    def __init__(self, status: int, code: str):
        self.response = _refuse(status, code)


class _HangUp(Exception):
    pass


def _refuse(status: int, code: str = "", headers: dict[str, str] | None = None) -> Response:
    extra = {"X-Error-Code": code} if code else {}
    return JSONResponse({"error": f"refused: {status}"}, status, extra | (headers or {}))


def _part(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    """Return the content, or the requested range of its bytes."""
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if wanted is None:
        return Response(content, headers=headers, media_type="application/octet-stream")
    start, end = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
    if start > end:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers |= {"Content-Range": f"bytes {start}-{end}/{len(content)}"}
    return Response(
        content[start : end + 1], 206, headers=headers, media_type="application/octet-stream"
    )


def _may_write(request: Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {TOKEN}"


def _name(request: Request) -> str:
    page = re.match("(?:/api)?/(spaces/|datasets/)", request.url.path)
    return f"{page[1] if page else ''}{request.path_params['user']}/{request.path_params['name']}"


def _is_large(path: str) -> bool:
    return path.endswith((".h5", ".png"))


def _git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _oid(path: str, content: bytes) -> str:
    """Return the id of a file's content: the sha256 of a large file, the git id of another."""
    return hashlib.sha256(content).hexdigest() if _is_large(path) else _git_oid(content)


def _described(path: str, content: bytes) -> dict:
    size: dict = {"size": len(content), "blobId": _git_oid(content)}
    if _is_large(path):
        size["lfs"] = {"sha256": _oid(path, content), "size": len(content), "pointerSize": 130}
    return size


def _spoiled(failure: Failure, routes):
    """Return the application with its responses spoiled."""

    async def app(scope, receive, send) -> None:
        if failure.kind == "silent":
            await _until_disconnected(receive)
        elif failure.kind == "late":
            await asyncio.sleep(LATE_SECONDS)
            await routes(scope, receive, send)
        elif failure.kind == "status":
            await _refuse(failure.status, failure.code)(scope, receive, send)
        elif failure.kind == "portal":
            await Response(LOGIN_PAGE, media_type="text/html")(scope, receive, send)
        elif scope["method"] == "HEAD":
            await routes(scope, receive, send)
        else:
            await routes(scope, receive, _spoiling(failure.kind, send))

    return app


async def _until_disconnected(receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _spoiling(kind: str, send):
    """Return ``send`` with the body slowed down, cut off, shortened or corrupted."""
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
    """A server that answers with a header that never ends, a byte every twentieth of a second."""

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
