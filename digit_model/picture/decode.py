"""Any picture file, bytes, PIL image or array -> Picture, upright, on white.

This is the only door for bad input: what passes it is an array that the rest can rely on, and what
does not is refused with a message that says what was received and what to do.
"""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms

from ..arrays import Picture
from ..errors import PictureTooLarge, UndecodableImage

# Pillow opens 43 formats, EPS through Ghostscript among them; these are what phones, scanners and
# drawing programs write. Phones' MPO is found by way of JPEG.
ACCEPTED_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_PIXELS = 20_000_000
MIN_SIDE_PIXELS = 4
# Twenty megapixels of four 16-bit channels, uncompressed, are 160 MB.
MAX_FILE_BYTES = 256_000_000

# Gradio decodes data: URLs itself, under no limit but Pillow's own, which is 89 megapixels.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

# What Pillow 12 and zlib were seen to raise, or raise in their source, on damaged files. Assertion
# errors are Pillow's own: this package asserts nothing.
PILLOW_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    ImageCms.PyCMSError,
)

# EXIF 2.32, table 6: what undoes each orientation. ImageOps.exif_transpose also rewrites the EXIF,
# which fails where only another of its entries is broken.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
DEEP_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
FULL_SCALES = (255, 2**16 - 1, 2**32 - 1)
# Resampling overshoots: a float picture of 0..1 often peaks at 1.1 and is not one of 0..255.
OVERSHOOT = 1.25
# Fewer grey levels than this between the darkest and the brightest pixel show no stroke.
MIN_CONTRAST = 16

ADVICE = "Save it as PNG or JPEG and try again."
PILLOW_MODULES = re.compile(r"PIL\.")

# Visitors bring these: an iPhone's photos are HEIC, and a page saved in place of its picture is
# HTML under the picture's name. ISO/IEC 14496-12 files say "ftyp" after four bytes of length, then
# their brands.
KINDS = (
    ("an AVIF picture", rb".{4}ftyp.{0,48}avi[fs]"),
    ("a HEIC picture", rb".{4}ftyp(hei|hev|mif|msf)"),
    ("a video", rb".{4}ftyp"),
    ("a PDF document", rb".{0,512}%PDF-"),
    ("a web page", rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)"),
    ("an SVG drawing", rb"(\xef\xbb\xbf)?\s*<.*svg\b"),
    ("a text file", rb"[\t\n\r\x20-\x7e\x80-\xff]+\Z"),
)


def decode(source: str | PathLike | bytes | Image.Image | np.ndarray) -> Picture:
    """Read a picture, turn it upright by its EXIF and put it on white paper.

    source: one of
        - the path or the bytes of a PNG, JPEG, MPO, WebP, BMP, GIF or TIFF file; of an animation
          or a document of several pages the first picture is taken;
        - a PIL image of any mode, which stays the caller's and is not changed;
        - an array (height, width), or (height, width, channels) with 1 channel of grey, 2 of grey
          and alpha, 3 of RGB or 4 of RGBA; bool, integers or floats.
    More than 8 bits a channel are scaled, never clipped, by the smallest usual full scale that
    holds the brightest value: 255, 65535 or 2**32 - 1, and 1 before these for floats. Floats below
    0 count as 0. White strokes on a transparent ground are put on black, where they can be seen.

    Returns (height, width, 3) uint8 RGB, each side at least MIN_SIDE_PIXELS.
    Raises PictureTooLarge, before the pixels are decoded, for more than MAX_PIXELS of them, and
    UndecodableImage for everything else that cannot be read. No message names a folder.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _from_image(source)
    if isinstance(source, str | PathLike):
        return _from_bytes(_read(Path(source)))
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_bytes(bytes(source))
    raise UndecodableImage(
        f"A picture is a path, bytes, a PIL image or a numpy array, not {type(source).__name__}."
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise UndecodableImage(
            f"The file {path.name!r} cannot be read: {reason}. Check its name, or choose another."
        ) from error


def _from_bytes(data: bytes) -> Picture:
    if not data:
        raise UndecodableImage("The file is empty: it holds 0 bytes. Save the picture again.")
    if len(data) > MAX_FILE_BYTES:
        raise PictureTooLarge(
            f"The file is larger than {MAX_FILE_BYTES:,} bytes, the most that is read. {ADVICE}"
        )
    with _refusing_damage():
        try:
            with Image.open(io.BytesIO(data), formats=ACCEPTED_FORMATS) as image:
                return _from_image(image)
        except Image.UnidentifiedImageError as error:
            raise UndecodableImage(_what_this_is(data)) from error


def _from_image(image: Image.Image) -> Picture:
    _check_size(image.width, image.height)
    with _refusing_damage():
        image.load()
        turn = _upright_turn(image)
        picture = _on_paper(_in_eight_bits(image))
        return np.array(picture if turn is None else picture.transpose(turn))


def _from_array(array: np.ndarray) -> Picture:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 2, 3, 4):
        raise UndecodableImage(
            f"A picture has the shape (height, width) or (height, width, 1 to 4 channels); "
            f"this array has {array.shape}."
        )
    _check_size(array.shape[1], array.shape[0])
    values = _scaled(array[..., 0] if array.shape[2:] == (1,) else array)
    return np.array(_on_paper(Image.fromarray(np.ascontiguousarray(values))))


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large(width * height)
    if min(width, height) < MIN_SIDE_PIXELS:
        raise UndecodableImage(
            f"The picture is {width} × {height} pixels; it must have at least {MIN_SIDE_PIXELS} on "
            "each side. Choose a larger one."
        )


def _too_large(pixels: int) -> PictureTooLarge:
    return PictureTooLarge(
        f"The picture has {pixels:,} pixels; at most {MAX_PIXELS:,} are read. Make it smaller, or "
        "crop it to the digits."
    )


@contextmanager
def _refusing_damage() -> Iterator[None]:
    _filter_pillows_warnings()
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow refuses before there is an image to ask; its message has the number of pixels.
        raise _too_large(int(re.findall(r"\d+", str(error))[0])) from error
    except PILLOW_ERRORS as error:
        raise UndecodableImage(
            f"The picture is damaged, incomplete or of an unusual kind. {ADVICE}"
        ) from error


def _filter_pillows_warnings() -> None:
    """Silence what Pillow says of broken metadata; make pictures too large for it errors.

    The filters stay, since warnings.catch_warnings would change those of other threads. They are
    looked for each time, since others (pytest for one) put back the filters of before.
    """
    if not any(rule[3] == PILLOW_MODULES for rule in warnings.filters):
        warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module=PILLOW_MODULES.pattern)


def _upright_turn(image: Image.Image) -> Image.Transpose | None:
    """What turns a loaded image upright; None if nothing does or its EXIF cannot be read."""
    try:
        return UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except PILLOW_ERRORS:
        return None


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """The image itself, or the L or LA image that stands for a deep one."""
    if image.mode not in DEEP_MODES:
        return image
    deep = np.asarray(image)
    grey = _scaled(deep)
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return Image.fromarray(grey)
    return Image.fromarray(np.dstack([grey, np.where(deep == clear, 0, 255).astype(np.uint8)]))


def _scaled(values: np.ndarray) -> np.ndarray:
    """Numbers of any kind to uint8 of the same shape."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values * np.uint8(255)
    if values.dtype.kind not in "uif":
        raise UndecodableImage(
            f"A picture holds bool, integers or floats; this array holds {values.dtype}."
        )
    scale = _full_scale(values)
    # Below 2**32 float32 is exact enough for 8 bits, and half the memory of float64.
    return np.rint(values.clip(0).astype(np.float32) * np.float32(255 / scale)).astype(np.uint8)


def _full_scale(values: np.ndarray) -> float:
    """The value that is white."""
    darkest, brightest = float(values.min()), float(values.max())
    is_float = values.dtype.kind == "f"
    if not (np.isfinite(darkest) and np.isfinite(brightest)):
        raise UndecodableImage(
            "The picture holds values that are no numbers (NaN or infinite). Give 0 to 1 or "
            "0 to 255."
        )
    if darkest < 0 and not is_float:
        raise UndecodableImage(
            f"The picture holds values below 0, down to {darkest:.0f}. Give 0 to 255 or 0 to 65535."
        )
    slack = OVERSHOOT if is_float else 1
    for scale in (1, *FULL_SCALES) if is_float else FULL_SCALES:
        if brightest <= scale * slack:
            return max(scale, brightest)
    raise UndecodableImage(
        f"The picture holds values up to {brightest:.0f}; at most {FULL_SCALES[-1]} is read."
    )


def _on_paper(image: Image.Image) -> Image.Image:
    """An 8-bit image of any mode to RGB without transparency."""
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    drawing = _with_alpha(image)
    paper = _laid_on("white", drawing)
    # Whiteboards and tablets export white strokes on nothing. On white they would vanish, and the
    # person who drew them would hear that the picture is blank.
    if _contrast(drawing.getchannel("A")) > 0 and _contrast(paper) < MIN_CONTRAST:
        return _laid_on("black", drawing)
    return paper


def _with_alpha(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        return image
    if image.mode == "La":
        return image.convert("LA").convert("RGBA")
    if image.mode == "P":
        # Pillow writes the transparency into the palette on the way, which may be the caller's.
        return image.copy().convert("RGBA")
    return image.convert("RGBA")


def _laid_on(colour: str, drawing: Image.Image) -> Image.Image:
    paper = Image.new("RGB", drawing.size, colour)
    paper.paste(drawing, mask=drawing)
    return paper


def _contrast(image: Image.Image) -> int:
    """The widest range of any channel."""
    return int(np.ptp(np.asarray(image), axis=(0, 1)).max())


def _what_this_is(data: bytes) -> str:
    """The message about bytes that are none of ACCEPTED_FORMATS."""
    for kind, pattern in KINDS:
        if re.match(pattern, data[:1024], re.DOTALL | re.IGNORECASE):
            return f"This file is {kind}, which is not read here. {ADVICE}"
    return f"This file is no picture that can be read, or it is damaged. {ADVICE}"
