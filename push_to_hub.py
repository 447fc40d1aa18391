#!/usr/bin/env python3
"""Publish a checkpoint folder, with a model card, as a model repository on the Hugging Face Hub."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "push_to_hub.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0] + "."
    )

import argparse
import os
from pathlib import Path

try:
    from digit_model import card, checkpoint, hub
    from digit_model.checkpoint import CONFIG, WEIGHTS, Checkpoint
    from digit_model.errors import DigitError, PublishFailed
except ModuleNotFoundError as error:
    sys.exit(
        f"push_to_hub.py: the package {error.name} is missing. "
        "Run `pip install -r requirements.txt`."
    )


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if not hub.is_repository_name(options.model_repo):
            raise PublishFailed(f"{options.model_repo!r} is not of the form USER/NAME.")
        found = checkpoint.load(options.checkpoint)
        text = card.build(found, options.model_repo)
        if options.dry_run:
            print(text)
            print(f"Dry run: the checkpoint is sound and nothing was sent to {options.model_repo}.")
        else:
            _publish(options, found, text)
    except DigitError as error:
        print(f"push_to_hub.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("push_to_hub.py: stopped; the repository is as it was.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="The access token comes from `hf auth login` or from HF_TOKEN; it must be one that "
        "may write.",
    )
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="the folder to publish")
    parser.add_argument("--model-repo", required=True, metavar="USER/NAME", help="where to")
    parser.add_argument(
        "--private", action="store_true", help="a new repository is visible to its owner only"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="verify, print the card and send nothing"
    )
    return parser


def _publish(options: argparse.Namespace, found: Checkpoint, text: str) -> None:
    files: dict[str, Path | bytes] = {
        WEIGHTS: options.checkpoint / WEIGHTS,
        CONFIG: options.checkpoint / CONFIG,
        "README.md": text.encode(),
    }
    message = f"Publish {found.architecture} with weights {found.sha256[:12]}"
    published = hub.publish(
        options.model_repo,
        files,
        message=message,
        private=options.private,
        endpoint=os.environ.get("HF_ENDPOINT"),
    )
    print("Published:" if published.new else "Nothing has changed since:")
    print(f"  repository  {published.repo}")
    print(f"  commit      {published.commit}")
    print(f"  page        {published.url}")
    print("\nVariables for a Space, or for the shell that starts app.py:")
    print(f"  DIGIT_MODEL_REPO={published.repo}")
    print(f"  DIGIT_MODEL_REVISION={published.commit}")
    print(f"  DIGIT_MODEL_SHA256={found.sha256}")


if __name__ == "__main__":
    sys.exit(main())
