"""Every source becomes an RGB array, or an error with a remedy."""

import contextlib
import gc
import io
import os
import re
import struct
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, features
from pillow_heif import register_heif_opener

from digit_model.errors import DigitError, PictureTooLarge, UndecodableImage
from digit_model.picture.decode import (
    ACCEPTED_FORMATS,
    MAX_FILE_BYTES,
    MAX_PIXELS,
    MIN_SIDE_PIXELS,
    decode,
    decode_reduced,
)
from tests.helpers import ROOT

few = settings(max_examples=8, deadline=None)
some = settings(max_examples=25, deadline=None)
many = settings(max_examples=100, deadline=None)

MODES = (
    *("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB"),
    *("HSV", "I;16", "I;16L", "I;16B", "I;16N", "I", "F"),
)
# What Pillow both writes and reads again: it writes uncompressed YCbCr TIFFs, but too short.
WRITABLE = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I;16B"),
    "JPEG": ("1", "L", "RGB", "CMYK", "YCbCr"),
    "MPO": ("L", "RGB", "CMYK", "YCbCr"),
    "WEBP": ("L", "LA", "P", "RGB", "RGBA", "RGBa", "CMYK"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "GIF": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "TIFF": (
        *("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "LAB"),
        *("I;16", "I;16B", "I", "F"),
    ),
    "PPM": ("1", "L", "RGB", "I;16"),
    "AVIF": ("L", "RGB", "RGBA"),
    "HEIF": ("L", "RGB", "RGBA"),
}
LOSSY = ("JPEG", "MPO", "WEBP", "AVIF", "HEIF")
QUALITY = {name: {"quality": 95} for name in LOSSY}
register_heif_opener()


def as_mode(grey: np.ndarray, mode: str) -> Image.Image:
    """Grey pixels as a PIL image of any mode; white is white in each."""
    image = Image.fromarray(grey)
    if mode.startswith("I;16"):
        order = ">u2" if mode.endswith("B") else "<u2"
        deep = (grey.astype(np.uint16) * 257).astype(order)
        return Image.frombytes(mode, image.size, deep.tobytes())
    if mode == "1":
        return image.convert("1", dither=Image.Dither.NONE)
    if mode == "P":
        return image.convert("P", palette=Image.Palette.ADAPTIVE)
    if mode == "PA":
        return as_mode(grey, "P").convert("PA")
    if mode == "La":
        return image.convert("LA").convert("La")
    return image.convert("RGB").convert(mode)


def saved(image: Image.Image, format: str, **options) -> bytes:
    with io.BytesIO() as file:
        image.save(file, format, **QUALITY.get(format, {}), **options)
        return file.getvalue()


def a_picture(height: int = 40, width: int = 30) -> np.ndarray:
    """Grey, light, with a dark mark near the upper left corner."""
    grey = np.full((height, width), 230, np.uint8)
    grey[5:15, 4:10] = 10
    return grey


def rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def png_of(width: int, height: int, pixels: bytes = b"", *chunks: tuple[bytes, bytes]) -> bytes:
    """Write a PNG by hand: 8-bit grey, and any chunks between its header and its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


@st.composite
def marks(draw):
    """Draw a dark rectangle on light paper; return grey (height, width) and the mark's place."""
    height, width = draw(st.integers(12, 48)), draw(st.integers(12, 48))
    top, left = draw(st.integers(1, height - 9)), draw(st.integers(1, width - 9))
    bottom = draw(st.integers(top + 6, height - 1))
    right = draw(st.integers(left + 6, width - 1))
    grey = np.full((height, width), draw(st.integers(190, 255)), np.uint8)
    grey[top:bottom, left:right] = draw(st.integers(0, 50))
    return grey, (top, bottom, left, right)


def where_dark(picture: np.ndarray) -> tuple[int, int, int, int]:
    dark = picture.mean(axis=2) < 120
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


# Formats and modes


@pytest.mark.parametrize("mode", MODES)
@given(mark=marks())
@few
def test_a_pil_image_of_any_mode_keeps_its_mark(mode, mark):
    grey, box = mark
    picture = decode(as_mode(grey, mode))
    assert picture.shape == (*grey.shape, 3)
    assert picture.dtype == np.uint8
    assert where_dark(picture) == box
    if mode != "1":
        np.testing.assert_allclose(picture, rgb(grey), atol=3)


@pytest.mark.parametrize(
    ("format", "mode"), [(f, m) for f, modes in WRITABLE.items() for m in modes]
)
@given(mark=marks())
@few
def test_a_file_of_any_format_and_mode_keeps_its_mark(format, mode, mark):
    grey, box = mark
    picture = decode(saved(as_mode(grey, mode), format))
    assert picture.shape == (*grey.shape, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_allclose(where_dark(picture), box, atol=1 if format in LOSSY else 0)


def test_every_accepted_format_is_covered():
    assert set(ACCEPTED_FORMATS) | {"MPO"} == set(WRITABLE)
    assert features.check("webp")


@pytest.mark.parametrize(
    "mode", ["RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "P"]
)
def test_colours_are_kept(mode):
    coloured = np.full((20, 20, 3), 255, np.uint8)
    coloured[4:9, 4:9] = (200, 30, 20)
    coloured[12:17, 4:9] = (20, 60, 190)
    image = Image.fromarray(coloured)
    image = image.quantize(8) if mode == "P" else image.convert(mode)
    # Eight bits a channel of LAB are coarse in the blues.
    atol = 10 if mode == "LAB" else 4
    np.testing.assert_allclose(decode(image).astype(int), coloured, atol=atol)


def test_a_cmyk_jpeg_as_photoshop_writes_it_is_not_inverted():
    # Adobe's marker says that 255 is no ink; Pillow writes that marker and those values.
    file = saved(as_mode(a_picture(), "CMYK"), "JPEG")
    assert b"Adobe" in file
    np.testing.assert_allclose(decode(file).astype(int), rgb(a_picture()), atol=8)


def test_all_kinds_of_sources_give_the_same_picture(tmp_path):
    grey = a_picture()
    file = saved(Image.fromarray(grey), "PNG")
    path = tmp_path / "a digit.png"
    path.write_bytes(file)
    doors = [path, str(path), file, bytearray(file), memoryview(file), Image.fromarray(grey)]
    for source in [*doors, grey, rgb(grey)]:
        picture = decode(source)
        np.testing.assert_array_equal(picture, rgb(grey))
        assert picture.flags.writeable
        assert picture.flags.c_contiguous


def test_the_result_does_not_share_memory_with_the_source():
    grey = rgb(a_picture())
    decode(grey)[:] = 0
    assert grey.max() == 230


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF", "MPO"])
def test_only_the_first_frame_of_an_animation_is_decoded(format):
    first, second = Image.fromarray(rgb(a_picture())), Image.new("RGB", (30, 40), "black")
    file = saved(first, format, save_all=True, append_images=[second])
    with Image.open(io.BytesIO(file)) as image:
        assert image.n_frames == 2
    np.testing.assert_allclose(decode(file).astype(int), rgb(a_picture()), atol=8)


# Orientation


def as_stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """EXIF 2.32, table 6, read the other way: the pixels a camera stores for an upright scene."""
    return {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: np.rot90(upright, 2).T,
        8: np.rot90(upright, -1),
    }[orientation]


@pytest.mark.parametrize("format", ["JPEG", "MPO", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(as_stored(a_picture(), orientation)))
    # pillow-heif turns the pixels by bytes of EXIF, and ignores an object.
    file = saved(stored, format, exif=exif.tobytes())
    expected = rgb(a_picture())
    np.testing.assert_allclose(decode(file).astype(int), expected, atol=12)
    with Image.open(io.BytesIO(file)) as image:
        np.testing.assert_allclose(decode(image).astype(int), expected, atol=12)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@given(
    junk=st.binary(min_size=1, max_size=60), byte_order=st.sampled_from([b"", b"II*\0", b"MM\0*"])
)
@some
def test_a_picture_with_broken_exif_is_decoded(format, junk, byte_order):
    exif = b"Exif\0\0" + byte_order + junk
    picture = decode(saved(Image.fromarray(a_picture()), format, exif=exif))
    assert sorted(picture.shape) == [3, 30, 40]


def test_pillows_warnings_about_broken_metadata_are_silenced():
    file = png_of(8, 8, (b"\0" + b"\xff" * 8) * 8, (b"acTL", bytes(8)))
    with pytest.warns(UserWarning, match="Invalid APNG"), Image.open(io.BytesIO(file)):
        pass
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert decode(file).min() == 255
    assert heard == []


def test_later_warning_filters_of_the_program_take_precedence():
    decode(Image.fromarray(a_picture()))
    warnings.filterwarnings("default", message="of someone else")
    filters = list(warnings.filters)
    decode(Image.fromarray(a_picture()))
    assert warnings.filters == filters


# Transparency


@given(pixels=st.binary(min_size=100, max_size=100))
@many
def test_transparent_pixels_are_blended_with_white(pixels):
    rgba = np.frombuffer(pixels, np.uint8).reshape(5, 5, 4).copy()
    rgba[0, :2] = [(0, 0, 0, 255), (255, 255, 255, 255)]
    alpha = rgba[..., 3:] / 255
    np.testing.assert_allclose(decode(rgba), rgba[..., :3] * alpha + 255 * (1 - alpha), atol=1)


@pytest.mark.parametrize(
    ("format", "mode"),
    [(f, m) for f in ("PNG", "WEBP", "TIFF") for m in ("LA", "RGBA")] + [("GIF", "RGBA")],
)
def test_black_strokes_on_a_transparent_background_are_put_on_white(format, mode):
    drawing = np.zeros((40, 30, 4), np.uint8)
    drawing[5:15, 4:10, 3] = 255
    picture = decode(saved(Image.fromarray(drawing).convert(mode), format))
    assert where_dark(picture) == (5, 15, 4, 10)
    assert picture[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["LA", "La", "RGBA", "RGBa"])
@pytest.mark.parametrize("colour", [255, 247])
def test_white_strokes_on_a_transparent_background_are_put_on_black(mode, colour):
    drawing = np.full((40, 30, 4), colour, np.uint8)
    drawing[..., 3] = 0
    drawing[5:15, 4:10, 3] = 255
    image = Image.fromarray(drawing)
    image = image.convert("LA").convert("La") if mode == "La" else image.convert(mode)
    picture = decode(image)
    assert picture[5:15, 4:10].min() >= colour - 1
    assert picture[20:].max() == 0


@pytest.mark.parametrize("alpha", [0, 9, 255])
def test_a_blank_page_with_an_alpha_channel_stays_white(alpha):
    page = np.full((20, 20, 4), 255, np.uint8)
    page[..., 3] = alpha
    assert decode(page).min() == 255


def test_coloured_strokes_on_a_transparent_background_are_put_on_white():
    drawing = np.zeros((20, 20, 4), np.uint8)
    drawing[5:9, 5:9] = (255, 240, 0, 255)
    assert decode(drawing)[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("format", "transparency"),
    [(None, 0), (None, b"\0\xff"), ("PNG", 0), ("PNG", b"\0\xff"), ("GIF", 0)],
)
def test_a_palette_with_transparency(format, transparency):
    image = Image.fromarray((a_picture() < 100).astype(np.uint8)).convert("P")
    image.putpalette([0, 0, 0, 40, 30, 20])
    image.info["transparency"] = transparency
    options = {"transparency": transparency}
    picture = decode(saved(image, format, **options) if format else image)
    assert where_dark(picture) == (5, 15, 4, 10)
    assert picture[6, 6].tolist() == [40, 30, 20]
    assert picture[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize(("mode", "clear"), [("L", 77), ("RGB", (77, 77, 77)), ("I;16", 77 * 257)])
def test_a_single_transparent_colour_becomes_white(mode, clear):
    grey = a_picture()
    grey[20:30, 20:25] = 77
    picture = decode(saved(as_mode(grey, mode), "PNG", transparency=clear))
    assert picture[25, 22].tolist() == [255, 255, 255]
    assert where_dark(picture) == (5, 15, 4, 10)


# Deep pictures


@given(
    dtype=st.sampled_from(["u1", "<u2", ">u2", "i2", "i4", "u4", "i8", "u8"]),
    values=st.lists(st.integers(0, 2**32 - 1), min_size=16, max_size=16),
)
@many
def test_integers_are_scaled_by_the_smallest_full_scale_and_never_clipped(dtype, values):
    array = np.array([value % (np.iinfo(dtype).max + 1) for value in values], dtype).reshape(4, 4)
    scale = next(s for s in (255, 65535, 2**32 - 1) if array.max() <= s)
    np.testing.assert_allclose(decode(array)[..., 0], array / scale * 255, atol=0.501)


@given(
    dtype=st.sampled_from(["f2", "f4", "f8"]),
    scale=st.sampled_from([1, 255]),
    values=st.lists(st.floats(0, 1, width=16), min_size=15, max_size=15),
)
@many
def test_floats_are_scaled_by_1_or_by_the_full_scale_of_integers(dtype, scale, values):
    array = np.array([*values, 1], dtype).reshape(4, 4) * np.dtype(dtype).type(scale)
    np.testing.assert_allclose(decode(array)[..., 0], array / scale * 255, atol=0.501)


@pytest.mark.parametrize("peak", [1.0000001, 1.1])
def test_overshoot_from_resampling_does_not_blacken_the_picture(peak):
    array = np.full((8, 8), peak)
    array[2:4, 2:4] = -0.05
    picture = decode(array)
    assert picture.max() == 255
    assert picture.min() == 0


@pytest.mark.parametrize("full", [255, 65535])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_a_16_bit_ramp_keeps_every_grey(format, full):
    ramp = np.tile(np.linspace(0, full, 256).astype(np.uint16), (8, 1))
    picture = decode(saved(as_deep(ramp), format))
    assert picture[0, :, 0].tolist() == list(range(256))


def as_deep(values: np.ndarray) -> Image.Image:
    return Image.frombytes("I;16", values.shape[::-1], values.astype("<u2").tobytes())


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bit_tiffs_are_scaled_too(mode):
    image = Image.fromarray(a_picture().astype(np.int32) * 257).convert(mode)
    np.testing.assert_array_equal(decode(saved(image, "TIFF")), rgb(a_picture()))


# Arrays


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float32])
def test_arrays_may_have_one_to_four_channels(dtype):
    grey = a_picture()
    clear = np.full_like(grey, 255)
    clear[20:] = 0
    on_white = rgb(np.where(clear == 255, grey, 255))
    for channels, expected in [
        ([grey], rgb(grey)),
        ([grey, clear], on_white),
        ([grey, grey, grey], rgb(grey)),
        ([grey, grey, grey, clear], on_white),
    ]:
        np.testing.assert_array_equal(decode(np.dstack(channels).astype(dtype)), expected)


def test_a_boolean_array_is_black_and_white():
    picture = decode(a_picture() > 100)
    assert np.unique(picture).tolist() == [0, 255]
    assert where_dark(picture) == (5, 15, 4, 10)


def test_views_and_read_only_arrays_are_accepted():
    array = a_picture()[:, ::-1]
    array.flags.writeable = False
    np.testing.assert_array_equal(decode(array), rgb(a_picture()[:, ::-1]))


@pytest.mark.parametrize(
    "shape", [(), (28,), (3, 28, 28), (28, 28, 5), (28, 28, 0), (1, 28, 28, 1), (0, 28), (28, 0, 3)]
)
def test_an_array_of_another_shape_is_rejected_with_its_shape(shape):
    with pytest.raises(UndecodableImage) as refusal:
        decode(np.zeros(shape))
    received = "28 × 0" if shape == (0, 28) else "0 × 28" if shape == (28, 0, 3) else str(shape)
    assert received in str(refusal.value)


@pytest.mark.parametrize("dtype", [complex, object, "U1", "S1", "M8[s]", "V2"])
def test_an_array_of_another_type_is_rejected(dtype):
    with pytest.raises(UndecodableImage, match="bool, integers or floats"):
        decode(np.zeros((8, 8), dtype))


@pytest.mark.parametrize(
    ("value", "said"), [(np.nan, "NaN"), (np.inf, "NaN"), (-np.inf, "NaN"), (1e30, "maximum")]
)
@pytest.mark.parametrize("as_image", [False, True])
def test_values_that_are_not_finite_or_too_large_are_rejected(value, said, as_image):
    array = np.ones((8, 8), np.float32)
    array[3, 3] = value
    with pytest.raises(UndecodableImage, match=said):
        decode(Image.fromarray(array) if as_image else array)


def test_negative_integers_are_rejected_with_their_value():
    with pytest.raises(UndecodableImage, match="-7"):
        decode(np.full((8, 8), -7))


# Files and objects that are not pictures


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "damaged"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "damaged"),
        (b"P2 seven by eight", "damaged"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isom", "video"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?>\n<!-- a digit -->\n<svg>", "SVG"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?><SVG>", "SVG"),
        (b"<!DOCTYPE html><html><svg></svg></html>", "web page"),
        (b"seven\n", "text"),
        (bytes(range(7)) * 9, "not a picture"),
        (b"", "empty"),
    ],
)
def test_the_message_names_the_kind_of_file_and_a_remedy(data, name):
    with pytest.raises(UndecodableImage, match=name) as refusal:
        decode(data)
    assert "ave " in str(refusal.value), "it says what to do"


@pytest.mark.parametrize("format", ["ICO", "TGA", "PCX", "SGI", "EPS", "JPEG2000", "ICNS"])
def test_formats_that_are_not_on_the_list_are_rejected(format):
    with pytest.raises(UndecodableImage, match="PNG or JPEG"):
        decode(saved(Image.fromarray(rgb(a_picture(64, 64))), format))


@pytest.mark.parametrize("source", [None, 7, ["a.png"], io.BytesIO()])
def test_a_source_of_another_type_is_rejected_with_its_type(source):
    with pytest.raises(UndecodableImage, match=type(source).__name__):
        decode(source)


@pytest.mark.parametrize(
    "name", ["missing.png", "folder", "empty.png", "text.png", "cut.png", "\0.png"]
)
def test_no_message_names_a_folder(tmp_path, name):
    secret = tmp_path / "of the server"
    (secret / "folder").mkdir(parents=True)
    (secret / "empty.png").touch()
    (secret / "text.png").write_text("7")
    (secret / "cut.png").write_bytes(saved(Image.fromarray(a_picture()), "PNG")[:60])
    with pytest.raises(UndecodableImage) as refusal:
        decode(secret / name)
    assert secret.name not in str(refusal.value)
    assert str(tmp_path) not in str(refusal.value)
    if name in ("missing.png", "folder"):
        assert name in str(refusal.value)


def test_the_message_about_an_undecodable_file_name_can_be_printed(tmp_path):
    with pytest.raises(UndecodableImage) as refusal:
        decode(os.fsencode(tmp_path).decode() + "/\udcff.png")
    str(refusal.value).encode()


@pytest.mark.parametrize("shape", [(3, 20), (20, 3), (1, 1)])
def test_a_picture_that_is_too_small_is_rejected_with_its_size(shape):
    for source in (np.zeros(shape), Image.fromarray(np.zeros(shape, np.uint8))):
        with pytest.raises(
            UndecodableImage, match=f"{shape[1]} × {shape[0]} .* {MIN_SIDE_PIXELS} "
        ):
            decode(source)


@pytest.mark.parametrize("side", [4, 16])
def test_the_smallest_pictures_and_usps_digits_are_read(side):
    assert decode(np.zeros((side, side))).shape == (side, side, 3)


# Damage


VALID = {
    f"{format} {mode}": saved(as_mode(a_picture(), mode), format)
    for format, modes in WRITABLE.items()
    for mode in modes
}
valid_files = st.sampled_from(sorted(VALID))


def decodes_or_refuses(data: bytes) -> None:
    """Any other exception than DigitError is let through and fails the test."""
    try:
        picture = decode(data)
    except DigitError as error:
        assert str(error)
        return
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("name", sorted(VALID))
@given(share=st.floats(0, 1, exclude_max=True))
@example(share=0.5)
@few
def test_a_truncated_file_is_decoded_or_rejected(name, share):
    decodes_or_refuses(VALID[name][: int(share * len(VALID[name]))])


@pytest.mark.parametrize("format", sorted(WRITABLE))
def test_half_a_file_is_rejected(format):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    file = saved(Image.fromarray(noise), format)
    with pytest.raises(UndecodableImage, match="PNG or JPEG"):
        decode(file[: len(file) // 2])


@given(
    name=valid_files,
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1),
    only_the_header=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_a_file_with_changed_bytes_is_decoded_or_rejected(name, flips, only_the_header):
    data = bytearray(VALID[name])
    reach = min(len(data), 100) if only_the_header else len(data)
    for place, change in flips:
        data[int(place * reach)] ^= change
    decodes_or_refuses(bytes(data))


@pytest.mark.parametrize("mode", ["1", "P", "RGBA", "CMYK", "I;16", "F"])
def test_a_tiff_with_tags_of_other_types_is_decoded_or_rejected(mode):
    file = VALID[f"TIFF {mode}"]
    (directory,) = struct.unpack_from("<I", file, 4)
    (tags,) = struct.unpack_from("<H", file, directory)
    for tag in range(tags):
        for kind in range(14):
            changed = bytearray(file)
            struct.pack_into("<H", changed, directory + 2 + 12 * tag + 2, kind)
            decodes_or_refuses(bytes(changed))


@given(
    start=st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0"]
    ),
    rest=st.binary(max_size=200),
)
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_decoded_or_rejected(start, rest):
    decodes_or_refuses(start + rest)


@given(
    size=st.integers(0, 2**32 - 1),
    chunk=st.sampled_from([b"VP8 ", b"VP8L", b"VP8X"]),
    rest=st.binary(),
)
@some
def test_arbitrary_webp_data_is_decoded_or_rejected(size, chunk, rest):
    decodes_or_refuses(b"RIFF" + struct.pack("<I", size) + b"WEBP" + chunk + rest)


# Size


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (8001, 8000, "64,008,000"),
        (9000, 9000, "81,000,000"),
        (13000, 13000, "169,000,000"),
        (2**31 - 1, 2**31 - 1, "4,611,686,014,132,420,609"),
    ],
)
def test_a_decompression_bomb_is_rejected_before_it_is_decoded(width, height, size):
    # The file holds no pixels, so decoding it would report damage instead.
    with pytest.raises(PictureTooLarge) as refusal:
        decode(png_of(width, height))
    assert size in str(refusal.value)
    assert f"{MAX_PIXELS:,}" in str(refusal.value)


def test_a_decompression_bomb_is_rejected_even_if_all_warnings_are_silenced():
    decode(Image.fromarray(a_picture()))
    warnings.simplefilter("ignore")
    with pytest.raises(PictureTooLarge, match="81,000,000"):
        decode(png_of(9000, 9000))


def test_a_picture_of_the_maximum_size_is_accepted():
    with pytest.raises(UndecodableImage) as refusal:
        decode(png_of(8000, 8000))
    assert not isinstance(refusal.value, PictureTooLarge)


def test_arrays_and_images_that_are_too_large_are_rejected():
    for source in (
        np.broadcast_to(np.uint8(0), (8000, 8001)),
        np.broadcast_to(np.float64(0), (8000, 8001, 3)),
        Image.new("1", (8001, 8000)),
    ):
        with pytest.raises(PictureTooLarge, match=r"64,008,000 .* 64,000,000"):
            decode(source)


def large_page(width: int, height: int) -> Image.Image:
    """Draw a light page with a dark rectangle at a quarter to a half of its sides."""
    page = Image.new("L", (width, height), 230)
    page.paste(10, (width // 4, height // 4, width // 2, height // 2))
    return page


@pytest.mark.parametrize(
    ("width", "height", "reductions"),
    [(4000, 2999, (1, 1)), (4000, 3000, (2, 2)), (6001, 4501, (2, 3)), (130, 6000, (1, 1))],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_picture_is_reduced_by_a_whole_factor(
    width, height, reductions, format, orientation
):
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode_reduced(saved(large_page(width, height), format, exif=exif))
    assert decoded.reduction == reductions[format == "PNG"]  # JPEG knows only powers of 2.
    assert decoded.size == ((width, height) if orientation == 1 else (height, width))
    top, bottom, left, right = (decoded.reduction * edge for edge in where_dark(decoded.picture))
    if orientation == 6:
        left, right, top, bottom = top, bottom, height - right, height - left
    expected = (width // 4, width // 2, height // 4, height // 2)
    np.testing.assert_allclose((left, right, top, bottom), expected, atol=2 * decoded.reduction)


def test_a_jpeg_of_200_megapixels_is_decoded_in_little_memory():
    """Its pixels would take 600 MB; libjpeg decodes it at an eighth of each side."""
    code = """
import io, resource, sys
from PIL import Image
from digit_model.picture.decode import decode_reduced
import numpy
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
decoded = decode_reduced(sys.argv[1])
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print(*decoded.size, decoded.reduction, *decoded.picture.shape[:2], grown)
"""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "phone.jpg"
        large_page(16_320, 12_240).convert("RGB").save(path)
        ended = subprocess.run(
            [sys.executable, "-c", code, path],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
    assert ended.returncode == 0, ended.stderr
    *numbers, grown = ended.stdout.split()
    assert numbers == ["16320", "12240", "8", "1530", "2040"]
    assert float(grown) < 100


@pytest.mark.parametrize(
    ("pixels", "options"), [(201_000_000, {}), (65_000_000, {"progressive": True})]
)
def test_a_jpeg_beyond_the_limit_is_rejected_before_it_is_decoded(pixels, options):
    header = bytearray(saved(Image.new("L", (64, 64)), "JPEG", **options))
    start = re.search(rb"\xff[\xc0\xc2]\0\x0b\x08", bytes(header)).end()
    struct.pack_into(">HH", header, start, 10_000, pixels // 10_000)
    with pytest.raises(PictureTooLarge, match=f"{pixels:,}"):
        decode(bytes(header))


def test_a_file_with_too_many_bytes_is_rejected(tmp_path):
    path = tmp_path / "long.tif"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(PictureTooLarge, match=f"{MAX_FILE_BYTES:,}"):
        decode(path)


def test_the_limit_also_holds_for_pictures_that_gradio_decodes():
    assert Image.MAX_IMAGE_PIXELS == MAX_PIXELS
    decode(Image.fromarray(a_picture()))
    with pytest.raises(Image.DecompressionBombWarning), Image.open(io.BytesIO(png_of(9000, 9000))):
        pass


# The caller's objects are not changed


@pytest.mark.parametrize("mode", MODES)
def test_a_pil_image_is_not_changed(mode):
    image = as_mode(a_picture(), mode)
    if mode == "P":
        image.info["transparency"] = bytes([128] * 256)
    before = image.mode, image.size, image.tobytes(), dict(image.info), image.getpalette("RGBA")
    decode(image)
    after = image.mode, image.size, image.tobytes(), dict(image.info), image.getpalette("RGBA")
    assert before == after


def test_a_pil_image_stays_open():
    frames = [Image.new("RGB", (30, 40), colour) for colour in ("white", "black")]
    with Image.open(
        io.BytesIO(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    ) as image:
        assert decode(image).min() == 255
        image.seek(1)
        assert decode(image).max() == 0


def test_no_file_stays_open(tmp_path):
    paths = []
    for name, data in VALID.items():
        for part in (data, data[: len(data) // 2]):
            paths.append(tmp_path / f"{name.replace(';', '')} {len(part)}")
            paths[-1].write_bytes(part)
    before = os.listdir("/dev/fd")
    for path in paths:
        with contextlib.suppress(UndecodableImage):
            decode(path)
    assert os.listdir("/dev/fd") == before
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        gc.collect()


def test_threads_can_decode_at_the_same_time():
    broken = png_of(8, 8, (b"\0" + b"\xff" * 8) * 8, (b"acTL", bytes(8)))
    with ThreadPoolExecutor(6) as threads:
        for picture in threads.map(decode, [broken] * 200):
            assert picture.min() == 255
