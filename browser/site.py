"""Put the static page, its texts and an exported network into one folder, and serve it.

python -m browser.site OUT [--model NAME or CHECKPOINT] [--serve PORT]
"""

import argparse
import gzip
import hashlib
import json
import posixpath
import re
import shutil
import sys
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from digit_model import pretrained
from digit_model.checkpoint import Checkpoint
from digit_model.errors import DigitError
from digit_model.export import export
from page import settings

HERE = Path(__file__).parent
PAGE = HERE.parent / "page"
# The sections of the other page's texts that this one says, too.
SHARED_TEXTS = ("page", "reading")
# Parts of the other page that this one does not have.
_LACKING = re.compile(
    r"#(?:about|batch|compare|correct|examples|files|look|mistakes|model-view|models|steps|timeline)\b"
)
_TEXT = {".css", ".html", ".js", ".json", ".svg", ".webmanifest"}
_SOURCES = ("*.html", "*.css", "*.js", "*.svg", "*.webmanifest")


def make_site(
    folder: Path, checkpoint: Checkpoint, source: str, space_url: str = "", server_url: str = ""
) -> None:
    """Write everything that a static server needs. Files that are in the way are replaced.

    source: where the checkpoint came from, in words. space_url: the Hub's page that will show the
    site in a frame, if it becomes a Space; links to drawings then lead there. server_url: the page
    with a server, if there is one to link to.
    """
    for path in sorted(path for pattern in _SOURCES for path in HERE.rglob(pattern)):
        target = folder / path.relative_to(HERE)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".js":
            # Comments are a sixth of what a browser would load.
            code = re.sub(r"(?m)^ *//.*\n", "", path.read_text(encoding="utf-8"))
            target.write_text(code, encoding="utf-8")
        else:
            shutil.copyfile(path, target)
    (folder / "page.css").write_text(_shared_style(), encoding="utf-8")
    (folder / "texts.json").write_text(json.dumps(_texts(), ensure_ascii=False), encoding="utf-8")
    # The measures of the pad are shared, so that a link shows the same drawing on both pages.
    (folder / "page" / "settings.js").write_text(
        settings.as_module(SPACE_URL=space_url, SERVER_URL=server_url), encoding="utf-8"
    )
    export(checkpoint, folder, source)
    _load_at_once(folder)
    write_file_list(folder)


def _load_at_once(folder: Path) -> None:
    """Name all modules where the browser starts, or it would ask for one level after another.

    The page has links to its modules, and the worker, which knows no links, imports all of its own.
    """
    index, worker = folder / "index.html", folder / "worker.js"
    links = "".join(
        f'<link rel="modulepreload" href="{path}">\n'
        for path in modules(folder, "page/start.js", "page/page.js")
    )
    imports = "".join(f'import "./{path}";\n' for path in modules(folder, "worker.js")[1:])
    index.write_text(
        re.sub(r'(?=<script type="module")', links, index.read_text(encoding="utf-8"), count=1),
        encoding="utf-8",
    )
    worker.write_text(imports + worker.read_text(encoding="utf-8"), encoding="utf-8")


def modules(folder: Path, *names: str) -> list[str]:
    """Return the paths of modules and of all that they import, each once, level by level."""
    found = list(names)
    for path in found:
        content = (folder / path).read_text(encoding="utf-8")
        for target in re.findall(r'^(?:import|export)\b[^;]*?"(\.[^"]*)";', content, re.MULTILINE):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if other not in found:
                found.append(other)
    return found


def _shared_style() -> str:
    """Return the other page's style without the rules for the parts that this page lacks."""
    style = (PAGE / "style.css").read_text(encoding="utf-8")
    # A comment before a rule may hold commas, too.
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    return re.sub(r"([^{}]*)(\{[^{}]*\})", _without_lacking_parts, style)


def _without_lacking_parts(rule: re.Match) -> str:
    # Commas inside of parentheses, as in :is(a, b), part no selectors.
    selectors = re.split(r",(?![^()]*\))", rule[1])
    usable = [selector for selector in selectors if not _LACKING.search(selector)]
    return ",".join(usable) + rule[2] if usable else ""


def _texts() -> dict:
    shared = json.loads((PAGE / "texts.json").read_text(encoding="utf-8"))
    own = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
    return own | {name: shared[name] for name in SHARED_TEXTS}


def write_file_list(folder: Path) -> None:
    """Name the files and their version for service_worker.js, which keeps them offline."""
    # The browser fetches the worker's own two files itself, to see whether there is a new version.
    own = {"files.js", "service_worker.js"}
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in own)
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    files = ["./", *(path.relative_to(folder).as_posix() for path in paths)]
    site = json.dumps({"version": digest.hexdigest()[:12], "files": files})
    (folder / "files.js").write_text(f"self.SITE = {site};\n", encoding="utf-8")


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".webmanifest": "application/manifest+json",
    }

    def handle(self) -> None:
        """Answer requests until the browser closes the connection, perhaps in an answer."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Compress text, as hosts of static pages do."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        if accepted and path.suffix in _TEXT and path.is_file():
            self._send_compressed(path)
        else:
            super().do_GET()

    def _send_compressed(self, path: Path) -> None:
        content = gzip.compress(path.read_bytes())
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing of requests."""


def serve(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of the folder on loopback that still has to be run. port: 0 for any free."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))


def main() -> int:
    options = _options()
    try:
        chosen = pretrained.load_from(options.model) if options.model else pretrained.load()
        make_site(options.out, chosen.checkpoint, chosen.source)
    except (DigitError, OSError) as error:
        print(f"browser.site: {error}", file=sys.stderr)
        return 1
    print(f"Wrote the static page to {options.out}.")
    if options.serve is not None:
        server = serve(options.out, options.serve)
        print(f"It is served on http://127.0.0.1:{server.server_port}; stop it with Ctrl+C.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m browser.site", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write to")
    parser.add_argument("--model", help="a checkpoint folder or USER/NAME[@REVISION] on the Hub")
    parser.add_argument("--serve", type=int, metavar="PORT", help="serve the folder, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
