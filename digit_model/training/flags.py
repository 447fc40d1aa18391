"""Command-line flags for a recipe and for the machines that train it."""

import argparse
from collections.abc import Callable
from typing import Any

from ..former_names import current_architecture
from .recipes import RECIPES, SETTINGS, Recipe

_FORMER_FLAGS = {"synthetic": ["--drawn"]}


def add_recipe_flags(group: argparse._ArgumentGroup) -> None:
    """Add --recipe and a flag for each setting of a recipe."""
    group.add_argument(
        "--recipe",
        type=current_architecture,
        choices=sorted(RECIPES),
        default=argparse.SUPPRESS,
        help="settings that suit a network, which the flags below change; defaults to the recipe "
        "named after the architecture",
    )
    for setting in SETTINGS:
        group.add_argument(
            f"--{setting.name.replace('_', '-')}",
            *_FORMER_FLAGS.get(setting.name, []),
            dest=setting.name,
            type=_parser_of(setting),
            choices=setting.metadata["choices"],
            default=argparse.SUPPRESS,
            help=f"{setting.metadata['help']} (in recipe cnn: {setting.default})",
        )


def add_machine_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags for several devices and processes."""
    group.add_argument(
        "--devices", type=int, metavar="N", help="how many of this machine's GPUs or cores to use"
    )
    group.add_argument(
        "--coordinator", metavar="HOST:PORT", help="the address at which process 0 listens"
    )
    group.add_argument(
        "--processes", type=int, metavar="N", default=1, help="how many processes train together"
    )
    group.add_argument(
        "--rank", type=int, metavar="R", default=0, help="the number of this process, from 0"
    )


def recipe_name(options: argparse.Namespace) -> str:
    """Return the name of the recipe that the flags choose."""
    return getattr(options, "recipe", getattr(options, "architecture", "cnn"))


def recipe_from(options: argparse.Namespace) -> Recipe:
    """Return the recipe that the flags choose, with the settings that they change."""
    return RECIPES[recipe_name(options)].changed(
        {
            setting.name: getattr(options, setting.name)
            for setting in SETTINGS
            if setting.name in options
        }
    )


def has_recipe_flags(options: argparse.Namespace) -> bool:
    """Return whether any flag that concerns the recipe was given."""
    return any(name in options for name in ("recipe", *(setting.name for setting in SETTINGS)))


def _parser_of(setting: Any) -> Callable[[str], str | int | float]:
    """Return the function that parses a setting's flag and refuses numbers below its minimum."""
    if setting.name == "architecture":
        return current_architecture
    kind, minimum = type(setting.default), setting.metadata["minimum"]
    if kind is str:
        return str

    def number(text: str) -> int | float:
        value = kind(text)
        if not minimum <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not a number of at least {minimum}")
        return value

    return number
