"""Decode any picture file, bytes, PIL image or array into an upright RGB array on white.

All pictures enter through this module. It either returns an array that the rest can rely on, or
raises an error that says what was received and what to do.
"""

import functools
import io
import math
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, JpegImagePlugin

from ..arrays import Picture
from ..errors import PictureTooLarge, UndecodableImage

Source = str | PathLike | bytes | Image.Image | np.ndarray

# What phones, scanners and drawing programs write. Pillow opens many other formats, some of them
# through outside programs: EPS starts Ghostscript. Pillow finds phones' MPO files through JPEG.
ISO_FORMATS = ("AVIF", "HEIF")
ACCEPTED_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", *ISO_FORMATS)
MAX_PIXELS = 64_000_000
# Baseline JPEGs are decoded at a fraction of their size. Progressive ones are held in memory as a
# whole meanwhile, so they are limited like the other formats.
MAX_JPEG_PIXELS = 200_000_000
MAX_FILE_BYTES = 256_000_000
MIN_SIDE_PIXELS = 4
# A picture with at least four times as many pixels is reduced by a whole factor to no fewer than
# this. Ink is found on a copy of a million pixels at most, so nothing more would be used.
REDUCED_PIXELS = 3_000_000

# Gradio decodes data: URLs itself, with no limit but Pillow's own, which is 89 megapixels.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

# All that Pillow 12 and zlib raise on damaged files. This package asserts nothing, so assertion
# errors are Pillow's as well.
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

# How to undo each orientation (EXIF 2.32, table 6). ImageOps.exif_transpose is not used, because it
# also rewrites the EXIF data, which fails if any other entry is broken.
TRANSPOSE_BY_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SWAPS_SIDES = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)
DEEP_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
FULL_SCALES = (255, 2**16 - 1, 2**32 - 1)
# Resampling overshoots, so a float picture with values in 0..1 often peaks at 1.1.
OVERSHOOT = 1.25
# With a smaller range of grey levels than this, no stroke can be seen.
MIN_CONTRAST = 16

ADVICE = "Save it as PNG or JPEG and try again."
PILLOW_MODULES = re.compile(r"PIL\.")

JPEG_START = b"\xff\xd8\xff"
# AVIF and HEIF are ISO/IEC 14496-12 files: four bytes of length, "ftyp", and the name of a brand.
ISO_START = re.compile(rb".{4}ftyp(avi[fs]|hei|hev|mif|msf)", re.DOTALL)
PNM_START = re.compile(rb"P[1-7]\s")
# Other files that people choose. A web page is often saved under the name of its picture.
KINDS = (
    ("a video", rb".{4}ftyp"),
    ("a PDF document", rb".{0,512}%PDF-"),
    ("a web page", rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)"),
    ("an SVG drawing", rb"(\xef\xbb\xbf)?\s*<.*svg\b"),
    ("a text file", rb"[\t\n\r\x20-\x7e\x80-\xff]+\Z"),
)


@dataclass(frozen=True, eq=False)
class Decoded:
    """A decoded picture, which may be smaller than the file's.

    picture: (height, width, 3) uint8 RGB.
    size: the upright width and height in the file.
    reduction: pixels of the file per pixel of ``picture``, on each side.
    """

    picture: Picture
    size: tuple[int, int]
    reduction: int = 1


def decode(source: Source) -> Picture:
    """Decode a picture, turn it upright by its EXIF data and put it on white.

    source: one of
        - the path or the bytes of a PNG, JPEG, MPO, WebP, BMP, GIF, TIFF, PBM, PGM, PPM, AVIF,
          HEIC or HEIF file; the first frame of an animation, the first page of a document;
        - a PIL image of any mode, which is not changed;
        - an array (height, width) or (height, width, channels) of bool, integers or floats, with 1
          channel (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA).
    Values of more than 8 bits are divided by the smallest usual full scale that holds the maximum:
    255, 65535 or 2**32 - 1, and for floats also 1. Negative floats count as 0. White strokes on a
    transparent background are put on black instead of white, where they can be seen.

    Returns (height, width, 3) uint8 RGB, each side at least MIN_SIDE_PIXELS. A picture of 12
    megapixels or more is reduced to at least 3; ``decode_reduced`` says by how much.
    Raises PictureTooLarge, before decoding, for more than MAX_PIXELS (MAX_JPEG_PIXELS in a baseline
    JPEG), and UndecodableImage for anything else that cannot be read. No message names a folder.
    """
    return decode_reduced(source).picture


def decode_reduced(source: Source) -> Decoded:
    """Decode a picture like ``decode``, and also return its size in the file and the reduction."""
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


def _from_bytes(data: bytes) -> Decoded:
    if not data:
        raise UndecodableImage("The file is empty: it holds 0 bytes. Save the picture again.")
    if len(data) > MAX_FILE_BYTES:
        raise PictureTooLarge(
            f"The file is larger than {MAX_FILE_BYTES:,} bytes, the most that is read. {ADVICE}"
        )
    with _reporting_damage():
        if data.startswith(JPEG_START):
            return _from_jpeg(data)
        formats = ACCEPTED_FORMATS[: -len(ISO_FORMATS)]
        if ISO_START.match(data):
            _register_heif()
            formats = ISO_FORMATS
        try:
            with Image.open(io.BytesIO(data), formats=formats) as image:
                return _from_image(image)
        except Image.UnidentifiedImageError as error:
            raise UndecodableImage(_describe(data)) from error


@functools.cache
def _register_heif() -> None:
    """Teach Pillow HEIC and HEIF; the library takes 0.1 s to import, which few pictures need."""
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _from_jpeg(data: bytes) -> Decoded:
    """Decode a JPEG at 1/1, 1/2, 1/4 or 1/8 of its size, which takes little time and memory.

    Image.open would reject the size by Pillow's limit, so the plugin is called directly.
    """
    with JpegImagePlugin.jpeg_factory(io.BytesIO(data), "") as image:
        width, height = image.size
        limit = MAX_PIXELS if "progressive" in image.info else MAX_JPEG_PIXELS
        _check_size(width, height, limit)
        factor = _reduction(width, height)
        if factor > 1:
            image.draft(None, (max(1, width // factor), max(1, height // factor)))
        decoded_by = round(max(width, height) / max(image.size))
        reduced = _from_loaded(image, _reduction(*image.size))
        return Decoded(
            reduced.picture, _upright_size(image, width, height), decoded_by * reduced.reduction
        )


def _from_image(image: Image.Image) -> Decoded:
    _check_size(image.width, image.height)
    with _reporting_damage():
        return _from_loaded(image, _reduction(image.width, image.height))


def _from_loaded(image: Image.Image, reduction: int) -> Decoded:
    """Convert an image of any mode, reduced by a whole factor."""
    image.load()
    size = _upright_size(image, *image.size)
    turn = _transpose_of(image)
    picture = _on_paper(_in_eight_bits(image))
    if reduction > 1:
        picture = picture.reduce(reduction)
    if turn is not None:
        picture = picture.transpose(turn)
    return Decoded(np.array(picture), size, reduction)


def _upright_size(image: Image.Image, width: int, height: int) -> tuple[int, int]:
    return (height, width) if _transpose_of(image) in SWAPS_SIDES else (width, height)


def _reduction(width: int, height: int) -> int:
    return max(1, math.isqrt(width * height // REDUCED_PIXELS))


def _from_array(array: np.ndarray) -> Decoded:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 2, 3, 4):
        raise UndecodableImage(
            f"A picture has the shape (height, width) or (height, width, 1 to 4 channels); "
            f"this array has {array.shape}."
        )
    _check_size(array.shape[1], array.shape[0])
    values = _scaled(array[..., 0] if array.shape[2:] == (1,) else array)
    image = Image.fromarray(np.ascontiguousarray(values))
    return _from_loaded(image, _reduction(*image.size))


def _check_size(width: int, height: int, limit: int = MAX_PIXELS) -> None:
    if width * height > limit:
        raise _too_large(width * height, limit)
    if min(width, height) < MIN_SIDE_PIXELS:
        raise UndecodableImage(
            f"The picture is {width} × {height} pixels; it must have at least {MIN_SIDE_PIXELS} on "
            "each side. Choose a larger one."
        )


def _too_large(pixels: int, limit: int = MAX_PIXELS) -> PictureTooLarge:
    return PictureTooLarge(
        f"The picture has {pixels:,} pixels; at most {limit:,} can be read. Make it smaller, or "
        "crop it to the digits."
    )


@contextmanager
def _reporting_damage() -> Iterator[None]:
    """Turn the errors of Pillow into errors of this package."""
    _filter_pillows_warnings()
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow rejects the file before there is an image to ask; its message has the pixels.
        raise _too_large(int(re.findall(r"\d+", str(error))[0])) from error
    except PILLOW_ERRORS as error:
        raise UndecodableImage(
            f"The picture is damaged, incomplete or of an unusual kind. {ADVICE}"
        ) from error


def _filter_pillows_warnings() -> None:
    """Ignore Pillow's warnings about broken metadata, and make those about size errors.

    The filters stay in place, since warnings.catch_warnings would change those of other threads.
    They are checked each time, since other code, such as pytest, restores earlier filters.
    """
    if not any(rule[3] == PILLOW_MODULES for rule in warnings.filters):
        warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module=PILLOW_MODULES.pattern)


def _transpose_of(image: Image.Image) -> Image.Transpose | None:
    """Return what turns an image upright; None if nothing does or its EXIF cannot be read."""
    try:
        return TRANSPOSE_BY_ORIENTATION.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except PILLOW_ERRORS:
        return None


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return the image, or an L or LA image in place of one with more than 8 bits."""
    if image.mode not in DEEP_MODES:
        return image
    deep = np.asarray(image)
    grey = _scaled(deep)
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return Image.fromarray(grey)
    alpha = np.where(deep == transparent, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([grey, alpha]))


def _scaled(values: np.ndarray) -> np.ndarray:
    """Scale numbers of any kind to uint8 of the same shape."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values * np.uint8(255)
    if values.dtype.kind not in "uif":
        raise UndecodableImage(
            f"A picture holds bool, integers or floats; this array holds {values.dtype}."
        )
    scale = _full_scale(values)
    # float32 is exact enough for 8 bits below 2**32, and takes half the memory of float64.
    return np.rint(values.clip(0).astype(np.float32) * np.float32(255 / scale)).astype(np.uint8)


def _full_scale(values: np.ndarray) -> float:
    """Return the value that is white."""
    darkest, brightest = float(values.min()), float(values.max())
    is_float = values.dtype.kind == "f"
    if not (np.isfinite(darkest) and np.isfinite(brightest)):
        raise UndecodableImage(
            "The picture holds values that are not finite (NaN or infinite). Give 0 to 1 or "
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
        f"The picture holds values up to {brightest:.0f}; the maximum is {FULL_SCALES[-1]}. "
        "Scale them to 0 to 255."
    )


def _on_paper(image: Image.Image) -> Image.Image:
    """Convert an 8-bit image of any mode to RGB without transparency."""
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    drawing = _with_alpha(image)
    paper = _composite("white", drawing)
    # Whiteboards and tablets export white strokes on a transparent background. On white they would
    # vanish, and the person who drew them would be told that the picture is blank.
    if _contrast(drawing.getchannel("A")) > 0 and _contrast(paper) < MIN_CONTRAST:
        return _composite("black", drawing)
    return paper


def _with_alpha(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        return image
    if image.mode == "La":
        return image.convert("LA").convert("RGBA")
    if image.mode == "P":
        # Pillow writes the transparency into the palette, which may belong to the caller.
        return image.copy().convert("RGBA")
    return image.convert("RGBA")


def _composite(colour: str, drawing: Image.Image) -> Image.Image:
    paper = Image.new("RGB", drawing.size, colour)
    paper.paste(drawing, mask=drawing)
    return paper


def _contrast(image: Image.Image) -> int:
    """Return the widest range of any channel."""
    extrema = image.getextrema()
    ranges = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return int(max(high - low for low, high in ranges))


def _describe(data: bytes) -> str:
    """Return the message about bytes in none of the ACCEPTED_FORMATS."""
    if not PNM_START.match(data) and not ISO_START.match(data):
        for kind, pattern in KINDS:
            if re.match(pattern, data[:1024], re.DOTALL | re.IGNORECASE):
                return f"This file is {kind}, which cannot be read here. {ADVICE}"
    return f"This file is not a picture that can be read, or it is damaged. {ADVICE}"
