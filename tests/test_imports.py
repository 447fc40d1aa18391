"""Imports run down only: a module imports from the tiers below its own."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "digit_model"
PAGE = ROOT / "page"
TIERS = [
    {"arrays", "errors", "former_names"},
    {"acceptance", "backend", "metrics", "picture", "training_log"},
    {"architectures", "explain", "data", "synthesis", "curves"},
    {"weights_file"},
    {"one_writer", "row_reader"},
    {"training"},
    {"checkpoint", "hub", "recogniser"},
    {"pretrained", "card"},
    {"quick_start"},
    {"bulk", "export"},
    {"__main__"},
]
TIER = {name: number for number, names in enumerate(TIERS) for name in names}
# Pairs within a tier: the first may import the second.
SIDEWAYS = {
    ("metrics", "acceptance"),
    ("explain", "architectures"),
    ("synthesis", "data"),
    ("recogniser", "explain"),
}
# Serving must start fast and run on a machine that never trains.
NOT_FOR_SERVING = {"training", "synthesis"}
SERVING = {
    *("recogniser", "row_reader", "one_writer", "pretrained", "checkpoint", "explain", "picture"),
    *("quick_start", "__main__"),
}
MODULES = sorted(PACKAGE.rglob("*.py"))
PAGE_MODULES = sorted(PAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room(path: Path) -> str:
    """Return the first path component below digit_model, which names a tier's member."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Return the absolute dotted names that a module imports, relative ones resolved."""
    found = set()
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *filter(None, [node.module])))
            found.add(origin)
            found |= {f"{origin}.{name.name}" for name in node.names}
    return found


def libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def rooms_used(path: Path) -> set[str]:
    names = (name.split(".") for name in imports(path))
    return {parts[1] for parts in names if parts[0] == "digit_model" and len(parts) > 1} & set(TIER)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_down(path):
    home = room(path)
    for used in rooms_used(path) - {home}:
        assert TIER[used] < TIER[home] or (home, used) in SIDEWAYS, f"{home} imports {used}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_stay_in_their_rooms(path):
    assert not libraries(path) & {"gradio", "page"}
    assert "huggingface_hub" not in libraries(path) or room(path) == "hub"
    if room(path) in ("picture", "acceptance", "metrics", "arrays", "errors"):
        assert not libraries(path) & {"keras", "jax"}


@pytest.mark.parametrize("path", PAGE_MODULES, ids=name_of)
def test_the_page_uses_no_training_code_and_no_hub_library(path):
    assert not rooms_used(path) & NOT_FOR_SERVING
    assert "huggingface_hub" not in libraries(path)


@pytest.mark.parametrize("path", [path for path in MODULES if room(path) in SERVING], ids=name_of)
def test_serving_uses_no_training_code(path):
    assert not rooms_used(path) & NOT_FOR_SERVING


def test_nothing_imports_a_script():
    scripts = {"app", "train", "push_to_hub"}
    for path in [*MODULES, *PAGE_MODULES]:
        assert not libraries(path) & scripts, path


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        # The page process holds no network, and its reader processes serve no page.
        ("page.serve", {"keras", "jax", "h5py", "scipy"}),
        ("page.reader", {"keras", "jax", "gradio", "numpy"}),
        ("page.reader_calls", {"gradio"}),
    ],
)
def test_a_process_imports_only_what_it_needs(module, absent):
    ended = python("-c", f"import sys, {module}; print(*sys.modules)", env=os.environ)
    assert ended.returncode == 0, ended.stderr
    assert not {name.split(".")[0] for name in ended.stdout.split()} & absent


def test_every_module_has_a_tier():
    assert {room(path) for path in MODULES} - {"__init__"} <= set(TIER)


def python(*arguments, env):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("script", ["app.py", "train.py", "push_to_hub.py"])
def test_a_missing_package_is_a_sentence(script):
    # -S leaves out the folder of installed packages; any port will do, as 7860 may be taken.
    ended = python("-S", script, env=os.environ | {"GRADIO_SERVER_PORT": "0"})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{script}: the package ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("order", ["jax, digit_model", "digit_model, jax"])
def test_importing_the_package_leaves_jax_settings_alone(order):
    code = (
        "import os; before = {k: v for k, v in os.environ.items() if k.startswith('JAX')}\n"
        f"import {order}, digit_model.recogniser\n"
        "assert before == {k: v for k, v in os.environ.items() if k.startswith('JAX')}\n"
        "assert jax.config.jax_threefry_partitionable\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    ended = python("-c", code, env=clean)
    assert ended.returncode == 0, ended.stderr


def test_another_backend_of_keras_is_reported_in_a_sentence():
    code = "import keras; from digit_model import pretrained; pretrained.load({})"
    ended = python("-c", code, env=os.environ | {"KERAS_BACKEND": "numpy"})
    last_line = ended.stderr.splitlines()[-1]
    assert last_line.startswith("digit_model.errors.WrongBackend: Keras runs on its numpy backend")
    assert "Import digit_model before keras" in last_line
