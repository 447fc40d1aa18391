"""What the site of the static page holds beside the sources."""

import re

from browser.site import modules


def test_modules_are_listed_once_and_level_by_level(tmp_path):
    (tmp_path / "deep").mkdir()
    sources = {
        "a.js": 'import { b } from "./b.js";\nimport "./deep/c.js";\nawait import("./late.js");\n',
        "b.js": 'import {\n  c,\n  d,\n} from "./deep/c.js";\n',
        "deep/c.js": 'export { d } from "../d.js";\n',
        "d.js": "export const d = 1;\n",
    }
    for name, source in sources.items():
        (tmp_path / name).write_text(source)
    assert modules(tmp_path, "a.js") == ["a.js", "b.js", "deep/c.js", "d.js"]


def test_the_page_asks_for_all_its_modules_at_once(site):
    index = (site / "index.html").read_text(encoding="utf-8")
    linked = re.findall('rel="modulepreload" href="(.*?)"', index)
    assert sorted(linked) == sorted(modules(site, "page/start.js", "page/page.js"))
    assert index.index("modulepreload") < index.index("<script")


def test_the_worker_asks_for_all_its_modules_at_once(site):
    worker = (site / "worker.js").read_text(encoding="utf-8")
    imported = re.findall(r'^import "\./(.*?)";$', worker, re.MULTILINE)
    assert {"recogniser.js", "picture/thumb.js", "picture/strip.js"} <= set(imported)
    assert all((site / path).is_file() for path in imported)
    for path in imported:
        assert set(modules(site, path)) <= set(imported)


def test_code_is_served_without_its_comments(site):
    for path in site.rglob("*.js"):
        assert not re.search(r"^ *//", path.read_text(encoding="utf-8"), re.MULTILINE), path
