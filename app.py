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
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from page.reader import Readers, ReaderSettings

# What a shell says of a program that Ctrl-C has ended.
STOPPED_BY_SIGINT = 130


def main(arguments: list[str] | None = None) -> int:
    stops: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stops.append(number)
        signal.default_int_handler(number, frame)

    # A stop from outside ends as Ctrl-C does.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        return STOPPED_BY_SIGINT
    except ImportError:
        # Where numpy is interrupted in its own imports, it raises this instead.
        if not stops:
            raise
        return STOPPED_BY_SIGINT


def _main(arguments: list[str] | None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("digit_model").setLevel(logging.INFO)
    if reason := _why_not(options.host, options.port):
        return _fail(reason)
    if options.data and not options.data.exists():
        return _fail(f"there is no {options.data}. --data takes MNIST as train.py does.")
    _please_zero_gpu()
    try:
        from digit_model.quick_start import reuse_memory
        from page import sweep
        from page.reader import Readers

        reuse_memory()
        # The readers load their weights while this process imports Gradio.
        with (
            closing(Readers(_reader_settings(options), options.readers)) as readers,
            closing(sweep.Sweep(sweep.make_folder())) as files,
        ):
            return _serve(options, readers, files.folder)
    except ModuleNotFoundError as error:
        return _fail(
            f"the package {error.name} is missing. Run `make run`, or "
            "`pip install -r requirements.txt`."
        )


def _serve(options: argparse.Namespace, readers: "Readers", folder: Path) -> int:
    """Serve the page until Ctrl-C, or until it is known that no weights can be loaded."""
    from digit_model.quick_start import without_collection

    with without_collection():
        from digit_model.errors import DigitError
        from page.corrections.store import CorrectionStore
        from page.serve import serve

    try:
        corrections = None
        if options.corrections != "off":
            corrections = CorrectionStore(Path(options.corrections), options.corrections_repo)
    except DigitError as error:
        return _fail(str(error))
    if options.model:
        readers.wait()  # For a model that is named nothing stands in, so it must be there.
    if readers.failure:
        return _fail(readers.failure)
    page = failure = None
    with suppress(KeyboardInterrupt):
        page = serve(
            *(readers, folder, options.host, options.port),
            share=options.share,
            corrections=corrections,
        )
        failure = readers.wait_for_failure()
    # Closing takes seconds where corrections are still on their way to the Hub. Who presses Ctrl-C
    # again wants to leave at once; all corrections are on this machine's disk.
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    if page:
        page.close(verbose=False)
    if corrections:
        corrections.close()
    return _fail(failure) if failure else 0


def _leave(number: int, frame: object) -> None:
    os._exit(STOPPED_BY_SIGINT)


def _reader_settings(options: argparse.Namespace) -> "ReaderSettings":
    from page.reader import ReaderSettings

    return ReaderSettings(
        model=options.model,
        checkpoints=str(options.checkpoints),
        test_set=str(options.data) if options.data else None,
        corrections=None if options.corrections == "off" else options.corrections,
    )


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
        help="a checkpoint folder, the name of a bundled checkpoint such as cnn, or USER/NAME or "
        "USER/NAME@REVISION on the Hugging Face Hub; without it the bundled cnn, or the one that "
        "DIGIT_MODEL_REPO names",
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
        "--readers",
        type=_at_least_one,
        metavar="N",
        default=1,
        help="how many processes read pictures, each with a network of its own; a second one pays "
        "off where there are more than two cores",
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


def _at_least_one(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too few; 1 is the least")
    return number


def _default_host() -> str:
    """Every address on a Space, whose visitors come from outside; loopback elsewhere."""
    everywhere = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"
    return os.environ.get("GRADIO_SERVER_NAME", everywhere)


def _why_not(host: str, port: int) -> str | None:
    """Return why the server cannot listen on the address, and what to do; None if it can."""
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
