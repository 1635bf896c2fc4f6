"""Text of any encoding as UTF-8, one value a cell, quoted lines included.

Nothing is guessed beyond what the bytes show: text that is no UTF-8 is Windows-1252.
"""

from __future__ import annotations

import re

UTF_8, WINDOWS = "utf-8", "cp1252"
_MARK = b"\xef\xbb\xbf"
_MOSTLY = 0.8
"""The share of zeros among every second byte of text with few characters beyond ASCII."""
_ENDINGS = b"\x1a\0"
"""What old programs write at the end of a file, and what disks leave in its last block."""
_BLOCK = 4_096
"""Bytes of one; a file that ends with more zeros is damaged."""
_ENDS = 4
"""Bytes of the longest character of UTF-8: a head may be cut inside one."""
_QUOTED = re.compile(rb'^[ \t]*"((?:[^"\r\n]|"")*)"[ \t]*(?=\r?$)', re.MULTILINE)


def encoding_of(raw: bytes) -> str:
    """Return the encoding of text by its bytes.

    Example:
        >>> encoding_of(b"1,2"), encoding_of("Größe".encode("cp1252"))
        ('utf-8', 'cp1252')
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    even, odd = raw[:64:2], raw[1:64:2]
    for first, second, name in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        if first and 0 not in first and second.count(0) >= _MOSTLY * len(second) > 0:
            return name
    if raw.isascii():
        return UTF_8
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        is_cut = error.reason == "unexpected end of data" and len(raw) - error.start < _ENDS
        return UTF_8 if is_cut else WINDOWS
    return UTF_8


def as_utf8(raw: bytes) -> bytes:
    r"""Write text as UTF-8, without a byte order mark, and with ends of lines that all know.

    Example:
        >>> as_utf8(b"a\r1\r"), as_utf8("ä".encode("utf-16")).decode()
        (b'a\n1\n', 'ä')
    """
    encoding = encoding_of(raw)
    text = raw.removeprefix(_MARK) if encoding == UTF_8 else \
        raw.decode(encoding, errors="replace").removeprefix("\ufeff").encode()  # fmt: skip
    ended = text.rstrip(_ENDINGS)
    text = ended if len(text) - len(ended) <= _BLOCK else text
    return text if b"\n" in text else text.replace(b"\r", b"\n")


def unquoted(text: bytes) -> bytes:
    r"""Take away quotes around whole lines, if the first line has such.

    Example:
        >>> unquoted(b'"a,b"\r\n"1,2"\r\n'), unquoted(b'"a","b"')
        (b'a,b\r\n1,2\r\n', b'"a","b"')
    """
    first = text[: text.find(b"\n") + 1 or len(text)].strip()
    found = _QUOTED.fullmatch(first)
    if found is None or not re.search(rb"[\t,;|]", found[1]):
        return text
    return _QUOTED.sub(lambda line: line[1].replace(b'""', b'"'), text)
