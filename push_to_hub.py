#!/usr/bin/env python3
"""Publish a checkpoint folder, with a model card, as a model repository on the Hugging Face Hub.

With --space also publish the page: upload what it needs to a Space, name the weights to it, and
wait until it runs. Run again, only what has changed is sent.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "push_to_hub.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0] + "."
    )

import argparse
import os
import time
from pathlib import Path

try:
    from digit_model import checkpoint, hub
    from digit_model.card import model_card
    from digit_model.card.scores import read_real_scores, verify_test_scores
    from digit_model.checkpoint import CONFIG, WEIGHTS, Checkpoint
    from digit_model.data import mnist
    from digit_model.errors import DigitError, PublishFailed
    from digit_model.hub import Published
except ModuleNotFoundError as error:
    sys.exit(
        f"push_to_hub.py: the package {error.name} is missing. "
        "Run `pip install -r requirements.txt`."
    )

ROOT = Path(__file__).parent
# All that a Space needs, beside the README with the model's name; as patterns below ROOT.
SPACE_FILES = (
    "app.py",
    "requirements.txt",
    "LICENSE",
    "docs/*",
    "page/**/*",
    "digit_model/**/*.py",
    "digit_model/bundled/*",
)

EPILOG = """\
examples:
  python push_to_hub.py --model-repo USER/digits --dry-run checkpoints/cnn
  python push_to_hub.py --model-repo USER/digits --space USER/digits checkpoints/cnn

The access token comes from `hf auth login` or from HF_TOKEN; it must be one that may write. With
--data the scores that the card claims are counted again first. FILE of --real is JSON of the form
  {"phone photos": {"pictures": 460, "accuracy": 0.976}, ...}
and may say "sha256": the weights that were measured. Every repository changes by one commit, made
whole or not at all; it is not made where someone else changed the files in between.
"""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        _verify_names(options.model_repo, options.space)
        found = checkpoint.load(options.checkpoint)
        _recount(found, options.data)
        files = _model_files(options, found)
        if options.dry_run:
            _rehearse(options, files)
        else:
            _publish(options, found, files)
    except DigitError as error:
        print(f"push_to_hub.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\npush_to_hub.py: stopped. A commit is made whole or not at all; run the same command "
            "again to go on.",
            file=sys.stderr,
        )
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("checkpoint", type=Path, metavar="CHECKPOINT", help="the folder to publish")
    add("--model-repo", required=True, metavar="USER/NAME", help="where the weights go")
    add("--space", metavar="USER/NAME", help="the Space where the page goes; without it none does")
    add("--private", action="store_true", help="what is made new is visible to its owner only")
    add("--dry-run", action="store_true", help="verify, print what would be sent and send nothing")
    add(
        "--data",
        type=Path,
        metavar="PATH",
        help="MNIST, to count the test scores again: an .npz, a folder of idx files or a CSV",
    )
    add("--real", type=Path, metavar="FILE", help="scores on real pictures, for the card")
    add("--tag", help="a name for the version; by default v1, v2 and so on")
    add(
        "--zero-gpu",
        action="store_true",
        help="make a new Space on ZeroGPU, as a free account may; JAX stays on the CPU",
    )
    add("--overwrite", action="store_true", help="also replace what someone else changed there")
    return parser


def _verify_names(*names: str | None) -> None:
    for name in names:
        if name is not None and not hub.is_repository_name(name):
            raise PublishFailed(f"{name!r} is not of the form USER/NAME.")


def _recount(found: Checkpoint, data: Path | None) -> None:
    if data is None:
        print("The scores are those that config.json records; --data counts them again.")
        return
    scores = verify_test_scores(found, mnist.load(data).scored)
    recorded = found.record["scores"]["test"]["errors"]
    print(
        f"Counted again: {scores.errors:,} errors in {scores.images:,}; config.json records "
        f"{recorded:,}."
    )


def _model_files(options: argparse.Namespace, found: Checkpoint) -> dict[str, Path | bytes]:
    real = read_real_scores(options.real, found.sha256) if options.real else None
    return {
        WEIGHTS: options.checkpoint / WEIGHTS,
        CONFIG: options.checkpoint / CONFIG,
        **model_card.build_card(found, options.model_repo, real),
    }


def _space_files(model_repo: str) -> dict[str, Path | bytes]:
    """What the Space needs, by its name there."""
    files: dict[str, Path | bytes] = {}
    for pattern in SPACE_FILES:
        matches = [path for path in sorted(ROOT.glob(pattern)) if _is_source(path)]
        if not matches:
            raise PublishFailed(f"There is no {pattern} beside push_to_hub.py. Get it whole again.")
        files |= {path.relative_to(ROOT).as_posix(): path for path in matches}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return files | {"README.md": hub.add_model_to_readme(readme, model_repo).encode()}


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _rehearse(options: argparse.Namespace, files: dict[str, Path | bytes]) -> None:
    readme = files["README.md"]
    print(readme.decode() if isinstance(readme, bytes) else "")
    _list(options.model_repo, files)
    if options.space:
        _list(f"the Space {options.space}", _space_files(options.model_repo))
    print("\nDry run: the checkpoint is sound and nothing was sent.")


def _list(place: str, files: dict[str, Path | bytes]) -> None:
    print(f"\nTo {place}:")
    for name, content in sorted(files.items()):
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        print(f"{size:10,}  {name}")


def _publish(
    options: argparse.Namespace, found: Checkpoint, files: dict[str, Path | bytes]
) -> None:
    space_files = _space_files(options.model_repo) if options.space else {}
    subject = f"{found.architecture} with weights {found.sha256[:12]}"
    model = hub.publish(
        options.model_repo, files, subject=subject, tag=options.tag, **_rules(options)
    )
    _say("Model", model)
    variables = {
        "DIGIT_MODEL_REPO": model.repo,
        "DIGIT_MODEL_REVISION": model.commit,
        "DIGIT_MODEL_SHA256": found.sha256,
    }
    print("\nVariables for a Space, or for the shell that starts app.py:")
    print("".join(f"  {name}={value}\n" for name, value in variables.items()))
    if model.private:
        print(
            f"{model.repo} is private: who pulls it needs HF_TOKEN, a token that may read it; in a "
            "Space as a secret, in its settings. Without it the bundled weights serve.\n"
        )
    if options.space:
        _publish_space(options, space_files, variables, f"the page for {model.repo} {model.tag}")


def _publish_space(
    options: argparse.Namespace,
    files: dict[str, Path | bytes],
    variables: dict[str, str],
    subject: str,
) -> None:
    space = hub.publish_space(
        options.space,
        files,
        variables,
        subject=subject,
        zero_gpu=options.zero_gpu,
        **_rules(options),
    )
    _say("Space", space)
    _wait(space)
    print(f"\nThe page runs: {space.url}\n  for programs  Client({space.repo!r})")


def _rules(options: argparse.Namespace) -> dict:
    return {
        "private": options.private,
        "overwrite": options.overwrite,
        "endpoint": os.environ.get("HF_ENDPOINT"),
    }


def _say(kind: str, published: Published) -> None:
    print(f"{kind} published:" if published.new else f"{kind}: nothing has changed since:")
    print(f"  repository  {published.repo}")
    print(f"  commit      {published.commit}")
    if published.tag:
        print(f"  tag         {published.tag}")
    print(f"  page        {published.url}", flush=True)


def _wait(space: Published) -> None:
    """Show a line that moves in a terminal, elsewhere a line for each stage."""
    started, moving, last = time.monotonic(), sys.stdout.isatty(), ""
    for stage in hub.watch_space(space.repo, space.commit, endpoint=os.environ.get("HF_ENDPOINT")):
        words = stage.lower().replace("_", " ")
        line = f"{words}, {time.monotonic() - started:.0f} s (Ctrl-C stops watching, not the Space)"
        if moving:
            print(f"\r\033[K{line}", end="", flush=True)
        elif stage != last:
            print(line, flush=True)
        last = stage
    print()


if __name__ == "__main__":
    sys.exit(main())
