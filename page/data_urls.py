"""Pictures as data: URLs, so that nothing a visitor sends is written to disk."""

import base64
import binascii
import io

from PIL import Image


def from_bytes(content: bytes, media_type: str) -> str:
    """Return a base64 data: URL. media_type: such as "image/png" or "text/csv;charset=utf-8"."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def from_image(image: Image.Image, kind: str = "png", **options: object) -> str:
    """Return an image as a data: URL. kind: "png" or "jpeg"; options: of Pillow's save."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return from_bytes(buffer.getvalue(), f"image/{kind}")


def content_of(url: str | None) -> bytes:
    """Return the content of a base64 data: URL, or b"" if there is none."""
    try:
        return base64.b64decode(str(url or "").partition(",")[2])
    except binascii.Error:
        return b""
