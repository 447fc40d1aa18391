"""Messages between the page process and a reader process: JSON and bytes, never pickled objects.

What a visitor sent is only ever an attachment or a string, so a hostile picture, even one that took
over the reader process, can make nothing but wrong answers. A message is

    4 bytes             the length of the header, big end first
    the header          a JSON object; its "sizes" are the lengths of the attachments
    the attachments     one after another
"""

import json
from collections.abc import Sequence

_LENGTH_BYTES = 4


def pack(content: dict, attachments: Sequence[bytes] = ()) -> bytes:
    """Return a message. content: of JSON's types, without the key "sizes"."""
    header = json.dumps({**content, "sizes": [len(part) for part in attachments]}).encode()
    return b"".join([len(header).to_bytes(_LENGTH_BYTES, "big"), header, *attachments])


def unpack(message: bytes) -> tuple[dict, list[bytes]]:
    """Return the content and the attachments of a message that ``pack`` made."""
    start = _LENGTH_BYTES + int.from_bytes(message[:_LENGTH_BYTES], "big")
    content = json.loads(message[_LENGTH_BYTES:start])
    attachments = []
    for size in content.pop("sizes"):
        attachments.append(message[start : start + size])
        start += size
    return content, attachments
