#!/usr/bin/env python3
"""Publish a checkpoint folder, with a model card, as a model repository on the Hugging Face Hub.

With --space, also publish the page: upload its files to a Space, pin the Space to the published
weights, and wait until it runs. With --static-space, also publish the page that needs no server.
Running the same command again uploads only what has changed.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "push_to_hub.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0] + "."
    )

import argparse
import os
import re
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

try:
    from browser.site import make_site
    from digit_model import checkpoint, hub
    from digit_model.card import model_card, space_card
    from digit_model.card.scores import read_real_scores, verify_test_scores
    from digit_model.checkpoint import CONFIG, WEIGHTS, Checkpoint
    from digit_model.data import mnist
    from digit_model.errors import DigitError, PublishFailed
    from digit_model.hub import Published, PublishOptions
except ModuleNotFoundError as error:
    sys.exit(
        f"push_to_hub.py: the package {error.name} is missing. "
        "Run `pip install -r requirements.txt`."
    )

ROOT = Path(__file__).parent
# What a Space needs, as glob patterns. The README is added with the model's name in it.
SPACE_FILES = (
    "app.py",
    "requirements.txt",
    # Makes `pip install git+SPACE` work.
    "pyproject.toml",
    "LICENSE",
    "docs/*",
    "notebooks/*",
    "page/**/*",
    "browser/**/*",
    "digit_model/**/*",
)

EPILOG = """\
examples:
  python push_to_hub.py --model-repo USER/digits --dry-run checkpoints/cnn
  python push_to_hub.py --model-repo USER/digits --space USER/digits checkpoints/cnn
  python push_to_hub.py --model-repo USER/digits --static-space USER/digits checkpoints/cnn

The access token comes from `hf auth login` or from HF_TOKEN. It must have write access. With
--data, the scores in the card are computed again before anything is published. FILE of --real is
JSON of the form
  {"phone photos": {"pictures": 460, "accuracy": 0.976}, ...}
and may hold "sha256", the hash of the weights that were measured. Each repository changes by one
commit, which is made completely or not at all. No commit is made if someone else has changed the
files in the meantime.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output, such as `head`, is gone. Without this, Python would complain
        # again when it flushes the output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: list[str] | None) -> int:
    options = _parser().parse_args(arguments)
    try:
        _check_name("--model-repo", options.model_repo)
        _check_spaces(options)
        trained = checkpoint.load(options.checkpoint)
        _verify_scores(trained, options.data)
        files = _model_files(options, trained)
        if options.dry_run:
            _print_dry_run(options, trained, files)
        else:
            _publish(options, trained, files)
    except DigitError as error:
        print(f"push_to_hub.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\npush_to_hub.py: interrupted. A commit is made completely or not at all; run the "
            "same command again to continue.",
            file=sys.stderr,
        )
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("checkpoint", type=Path, metavar="CHECKPOINT", help="the checkpoint folder to publish")
    add("--model-repo", required=True, metavar="USER/NAME", help="the repository for the weights")
    add("--space", metavar="USER/NAME", help="also publish the page, to this Space")
    add(
        "--static-space",
        metavar="USER/NAME",
        help="also publish the page that needs no server, to this static Space",
    )
    add("--private", action="store_true", help="make new repositories private")
    add(
        "--dry-run",
        action="store_true",
        help="verify the checkpoint and print what would be uploaded, but upload nothing",
    )
    add(
        "--data",
        type=Path,
        metavar="PATH",
        help="MNIST (.npz, folder of idx files or CSV), to verify the test scores in the card",
    )
    add("--real", type=Path, metavar="FILE", help="scores on real pictures, for the card")
    add("--tag", help="tag of the new version (default: v1, v2 and so on)")
    add(
        "--zero-gpu",
        action="store_true",
        help="create the Space on ZeroGPU, which free accounts may use; JAX stays on the CPU",
    )
    add("--overwrite", action="store_true", help="also replace files that someone else has changed")
    return parser


def _check_name(flag: str, name: str) -> None:
    if not hub.is_repository_name(name):
        raise PublishFailed(f"{flag} is {name!r}. Give it in the form USER/NAME.")


def _check_spaces(options: argparse.Namespace) -> None:
    if options.space:
        _check_name("--space", options.space)
    if options.static_space:
        _check_name("--static-space", options.static_space)
        if options.static_space == options.space:
            raise PublishFailed(
                f"--space and --static-space are both {options.space}. Give the static Space "
                "another name."
            )


def _verify_scores(trained: Checkpoint, data: Path | None) -> None:
    if data is None:
        print("The card states the scores in config.json. Use --data to verify them first.")
        return
    scores = verify_test_scores(trained, mnist.load(data).evaluation_set)
    recorded = trained.record["scores"]["test"]["errors"]
    print(
        f"Verified: {scores.errors:,} errors in {scores.images:,} test images; config.json records "
        f"{recorded:,}."
    )


def _model_files(options: argparse.Namespace, trained: Checkpoint) -> dict[str, Path | bytes]:
    real = read_real_scores(options.real, trained.sha256) if options.real else {}
    return {
        WEIGHTS: options.checkpoint / WEIGHTS,
        CONFIG: options.checkpoint / CONFIG,
        **model_card.build_card(trained, options.model_repo, _program_url(options.space), real),
    }


def _program_url(space: str | None) -> str | None:
    """Return where others get this program: the Space, or the origin of this git checkout."""
    if space:
        return _space_url(space)
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "-C", str(ROOT), "remote", "get-url", "origin"]
    try:
        origin = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None  # git is not installed, or the checkout has no origin.
    return public_url(origin)


def public_url(origin: str) -> str | None:
    """Return the https address of a git remote without credentials; None if it has no such address.

    origin: as git spells it, such as "git@github.com:user/repository.git".
    """
    remote = re.fullmatch(
        r"(?:https?://|ssh://)(?:[^/@]*@)?(?P<host>[^/:@]+)(?::\d+)?/(?P<path>.+?)(?:\.git)?/?"
        r"|[^/@]+@(?P<scp_host>[^/:]+):(?P<scp_path>.+?)(?:\.git)?/?",
        origin,
    )
    if remote is None:
        return None
    host, path = remote["host"] or remote["scp_host"], remote["path"] or remote["scp_path"]
    return f"https://{host}/{path}"


def _space_files(options: argparse.Namespace) -> dict[str, Path | bytes]:
    """Return the files of the Space by their name there; none if no Space is wanted."""
    if not options.space:
        return {}
    files: dict[str, Path | bytes] = {}
    for pattern in SPACE_FILES:
        matches = [path for path in sorted(ROOT.glob(pattern)) if _is_source(path)]
        if not matches:
            raise PublishFailed(
                f"There is no {pattern} beside push_to_hub.py. Get a complete copy of the program."
            )
        files |= {path.relative_to(ROOT).as_posix(): path for path in matches}
    readme = hub.add_model_to_readme(_readme(), options.model_repo)
    if options.static_space:
        readme += space_card.link_to_static_space(
            options.static_space, _space_url(options.static_space)
        )
    return files | {"README.md": readme.encode()}


def _static_space_files(
    options: argparse.Namespace, trained: Checkpoint
) -> dict[str, Path | bytes]:
    """Return the files of the static Space by their name there; none if none is wanted."""
    if not options.static_space:
        return {}
    source = f"{options.model_repo} on the Hugging Face Hub, weights {trained.sha256[:8]}"
    with TemporaryDirectory() as name:
        folder = Path(name)
        space_url = _space_url(options.space) if options.space else ""
        make_site(folder, trained, source, _space_url(options.static_space), space_url)
        files: dict[str, Path | bytes] = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    model_url = hub.repository_url(options.model_repo, "model", _endpoint())
    card = space_card.build_static_space_card(_readme(), options.model_repo, model_url, space_url)
    return files | {"README.md": card.encode()}


def _readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def _space_url(space: str) -> str:
    return hub.repository_url(space, "space", _endpoint())


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _print_dry_run(
    options: argparse.Namespace, trained: Checkpoint, files: dict[str, Path | bytes]
) -> None:
    readme = files["README.md"]
    print(readme.decode() if isinstance(readme, bytes) else "")
    _print_files(options.model_repo, files)
    if options.space:
        _print_files(f"the Space {options.space}", _space_files(options))
    if options.static_space:
        destination = f"the static Space {options.static_space}"
        _print_files(destination, _static_space_files(options, trained))
    print("\nDry run: the checkpoint is valid, and nothing was uploaded.")


def _print_files(destination: str, files: dict[str, Path | bytes]) -> None:
    print(f"\nTo {destination}:")
    for name, content in sorted(files.items()):
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        print(f"{size:10,}  {name}")


def _publish(
    options: argparse.Namespace, trained: Checkpoint, files: dict[str, Path | bytes]
) -> None:
    # Collected first, so that nothing is published if a file is missing.
    space_files = _space_files(options)
    static_files = _static_space_files(options, trained)
    subject = f"{trained.architecture} with weights {trained.sha256[:12]}"
    model = hub.publish(
        options.model_repo, files, subject=subject, tag=options.tag, options=_hub_options(options)
    )
    _print_published("Model", model)
    variables = {
        "DIGIT_MODEL_REPO": model.repo,
        "DIGIT_MODEL_REVISION": model.commit,
        "DIGIT_MODEL_SHA256": trained.sha256,
    }
    _print_variables(model, variables)
    subject = f"the page for {model.repo} {model.tag}"
    if options.static_space:
        static = hub.publish_static_space(
            options.static_space, static_files, subject=subject, options=_hub_options(options)
        )
        _print_published("Static Space", static)
        variables["DIGIT_STATIC_SPACE"] = static.repo
    if options.space:
        _publish_space(options, space_files, variables, subject)


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
        options=_hub_options(options),
    )
    _print_published("Space", space)
    _print_progress(space)
    print(f"\nThe page runs: {space.url}\n  for programs  Client({space.repo!r})")


def _hub_options(options: argparse.Namespace) -> PublishOptions:
    return PublishOptions(options.private, options.overwrite, _endpoint())


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT")


def _print_published(kind: str, published: Published) -> None:
    print(f"{kind} published:" if published.changed else f"{kind}: nothing has changed since:")
    print(f"  repository  {published.repo}")
    print(f"  commit      {published.commit}")
    if published.tag:
        print(f"  tag         {published.tag}")
    print(f"  page        {published.url}", flush=True)


def _print_variables(model: Published, variables: dict[str, str]) -> None:
    print("\nEnvironment variables for a Space, or for the shell that starts app.py:")
    print("".join(f"  {name}={value}\n" for name, value in variables.items()))
    if model.private:
        print(
            f"{model.repo} is private. Set HF_TOKEN to a token that may read it; in a Space, add "
            "it as a secret in the settings. Without a token the bundled weights serve.\n"
        )


def _print_progress(space: Published) -> None:
    """Print the Space's stage until it runs: one updated line in a terminal, else one per stage."""
    started, terminal, last = time.monotonic(), sys.stdout.isatty(), ""
    for stage in hub.watch_space(space.repo, space.commit, endpoint=_endpoint()):
        words = stage.lower().replace("_", " ")
        line = f"{words}, {time.monotonic() - started:.0f} s (Ctrl-C stops watching, not the Space)"
        if terminal:
            print(f"\r\033[K{line}", end="", flush=True)
        elif stage != last:
            print(line, flush=True)
        last = stage
    print()


if __name__ == "__main__":
    sys.exit(main())
