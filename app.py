#!/usr/bin/env python3
"""Serve the page on which one draws, uploads or photographs digits."""

import sys

if sys.version_info < (3, 11):
    sys.exit("app.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".")

import argparse
import logging
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("digit_model").setLevel(logging.INFO)
    if reason := _why_not(options.host, options.port):
        return _fail(reason)
    if options.data and not options.data.exists():
        return _fail(f"there is no {options.data}. --data takes MNIST as train.py does.")
    _please_zero_gpu()
    try:
        from digit_model import pretrained
        from digit_model.errors import DigitError

        with ThreadPoolExecutor(1, "load") as pool:
            loading = pool.submit(
                lambda: pretrained.load_from(options.model) if options.model else pretrained.load()
            )
            # Gradio takes seconds to import, which the loading need not wait for.
            from page.corrections.store import CorrectionStore
            from page.models.mistakes import TestSet, keras_download
            from page.models.registry import ModelRegistry
            from page.serve import serve
    except ModuleNotFoundError as error:
        return _fail(
            f"the package {error.name} is missing. Run `make run`, or "
            "`pip install -r requirements.txt`."
        )
    try:
        corrections = None
        if options.corrections != "off":
            corrections = CorrectionStore(Path(options.corrections), options.corrections_repo)
        served = loading.result()
    except DigitError as error:
        return _fail(str(error))
    # A stop from outside ends as Ctrl-C does, with all corrections on the Hub.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serve(
        ModelRegistry(served, options.checkpoints),
        options.host,
        options.port,
        share=options.share,
        corrections=corrections,
        tests=TestSet(options.data or keras_download()),
    )
    return 0


def _please_zero_gpu() -> None:
    """Give ZeroGPU the function that asks for a GPU without which it does not start an app.

    It is never called: the network is small, and JAX stays on the CPU.
    """
    if os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true"):
        # Such a Space has this package, and it wants to be imported before gradio.
        import spaces

        @spaces.GPU
        def unused() -> None:
            pass


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--host", default=_default_host(), help="the address to listen on")
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("GRADIO_SERVER_PORT", "7860"),
        help="the port to listen on",
    )
    parser.add_argument(
        "--share", action="store_true", help="also open a public link through gradio.live"
    )
    parser.add_argument(
        "--model",
        metavar="PLACE",
        help="a checkpoint folder, or USER/NAME or USER/NAME@REVISION on the Hugging Face Hub; "
        "without it the bundled checkpoint, or the one that DIGIT_MODEL_REPO names",
    )
    parser.add_argument(
        "--checkpoints",
        type=Path,
        metavar="DIR",
        default="checkpoints",
        help="the folder whose checkpoint folders can be chosen in the Models tab",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="MNIST as train.py takes it, to show what models get wrong; without it what Keras has "
        "downloaded earlier, if it has",
    )
    parser.add_argument(
        "--corrections",
        metavar="DIR",
        default=os.environ.get("DIGIT_CORRECTIONS", "corrections"),
        help="the folder that keeps what visitors say about wrong answers, for train.py --extra; "
        "off does not ask them",
    )
    parser.add_argument(
        "--corrections-repo",
        metavar="USER/NAME",
        default=os.environ.get("DIGIT_CORRECTIONS_REPO"),
        help="a private dataset on the Hugging Face Hub that also gets them, with the token in "
        "HF_TOKEN; made if there is none",
    )
    return parser


def _default_host() -> str:
    """Every address on a Space, whose visitors come from outside; loopback elsewhere."""
    everywhere = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"
    return os.environ.get("GRADIO_SERVER_NAME", everywhere)


def _why_not(host: str, port: int) -> str | None:
    """Why the address cannot be listened on, and what to do; None if it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return (
            f"cannot listen on {host} port {port} ({reason}). Stop what is using it, or choose "
            f"another: python app.py --port {port % 65535 + 1}"
        )
    return None


def _fail(reason: str) -> int:
    print(f"app.py: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
