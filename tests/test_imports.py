"""Imports run down only, as the house has it: a module may import from the tiers below its own."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "digit_model"
TIERS = [
    {"arrays", "errors"},
    {"picture"},
    {"architectures", "explain", "training"},
    {"checkpoint", "hub", "recogniser", "evidence", "card", "card_pictures"},
    {"pretrained"},
    {"__main__"},
]
TIER = {name: number for number, names in enumerate(TIERS) for name in names}
# Within a tier: explain and training know the networks, a recogniser explains, a card describes.
SIDEWAYS = {
    ("explain", "architectures"),
    ("training", "architectures"),
    ("recogniser", "explain"),
    ("evidence", "checkpoint"),
    ("card_pictures", "checkpoint"),
    *(("card", described) for described in ("checkpoint", "card_pictures", "evidence", "hub")),
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def room(path: Path) -> str:
    """The part of the house a module belongs to: the folder or file right below digit_model."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The absolute dotted names that a module imports, relative ones resolved."""
    found = set()
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *filter(None, [node.module])))
            found.add(origin)
            found |= {f"{origin}.{name.name}" for name in node.names}
    return found


def rooms_used(path: Path) -> set[str]:
    names = (name.split(".") for name in imports(path))
    return {parts[1] for parts in names if parts[0] == "digit_model" and len(parts) > 1} & set(TIER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_down(path):
    home = room(path)
    for used in rooms_used(path) - {home}:
        assert TIER[used] < TIER[home] or (home, used) in SIDEWAYS, f"{home} imports {used}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_libraries_stay_in_their_rooms(path):
    libraries = {name.split(".")[0] for name in imports(path)}
    assert "gradio" not in libraries
    assert "huggingface_hub" not in libraries or room(path) == "hub"
    if room(path) == "picture":
        assert not libraries & {"keras", "jax"}


def test_nothing_imports_a_script():
    scripts = {"app", "train", "push_to_hub"}
    for path in [*MODULES, *ROOT.glob("page/*.py")]:
        assert not {name.split(".")[0] for name in imports(path)} & scripts, path


def test_every_room_is_known():
    assert {room(path) for path in MODULES} <= set(TIER)


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
def test_random_numbers_do_not_hang_on_what_is_imported_first(order):
    # This process has JAX's settings of the package in its environment already.
    env = {name: at for name, at in os.environ.items() if not name.startswith("JAX_")}
    ended = python("-c", f"import {order}; print(jax.config.jax_threefry_partitionable)", env=env)
    assert ended.stdout == "False\n", ended.stderr
