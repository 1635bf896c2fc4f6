"""Paths, folders, patterns and archives as parts that can be read one by one.

`Part`s have a stable order; each has a name for messages, its first lines and its bytes.
"""

from __future__ import annotations

import bz2
import functools
import glob
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from omega.config.values import optional, taken, whole
from omega.errors import ConfigError, InvalidCandleData, OmegaError
from omega.importing import _encodings
from omega.libraries import error_text, refused_as

Paths = str | Path | Sequence[str | Path]

HEAD = 16_384
"""Bytes that are enough to identify a file."""

LEAST = 256_000_000
"""Bytes that every archive may have unpacked."""
RATIO = 100
"""How many times its own size an archive may have: text of candles has a fifth to a fiftieth."""

_ENCRYPTED = 0x1
_HEAD_LINES = 60
_ARCHIVES = (".tar", ".tar.xz", ".tar.gz", ".tgz", ".tar.bz2")
_PACKED = (".gz", ".xz", ".bz2")


@dataclass(frozen=True, slots=True)
class Part:
    """One file, on disk or inside an archive.

    Attributes:
        name: The path as messages show it; members follow their archive after a slash.
        load: Reads the whole content.
        peek: Reads the first bytes.
        archive: The archive that holds it, if any.
    """

    name: str
    load: Callable[[], bytes] = field(repr=False)
    peek: Callable[[], bytes] = field(repr=False)
    archive: str | None = None

    @property
    def stem(self) -> str:
        """The last part of the name, without what stands after its first dot."""
        return self.file.partition(".")[0]

    @property
    def file(self) -> str:
        """The last part of the name."""
        return self.name.replace("\\", "/").rpartition("/")[2]

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders above it, outermost first; an archive counts as one."""
        return PurePosixPath(self.name.replace("\\", "/")).parts[:-1]

    @property
    def encoding(self) -> str:
        """The encoding of its first bytes, as they show it."""
        return _encodings.encoding_of(self.peek()[:HEAD])

    def text(self) -> bytes:
        """The content as UTF-8, without a byte order mark or quotes around whole lines."""
        return _encodings.unquoted(_encodings.as_utf8(self.load()))

    def lines(self) -> list[str]:
        """The first lines that are not empty."""
        return [line for line in self.all_lines()[:_HEAD_LINES] if line.strip()]

    def all_lines(self) -> list[str]:
        """The first lines, as they stand."""
        raw = _encodings.unquoted(_encodings.as_utf8(self.peek()[:HEAD])).decode(
            "utf-8", errors="replace"
        )
        lines = raw.splitlines()
        return lines[:-1] if len(raw) >= HEAD // 2 and len(lines) > 1 else lines


def parts_of(paths: Paths, unpack_limit: int | None = None) -> list[Part]:
    """Return the parts of a path, a folder, a pattern or several of them.

    Args:
        paths: They.
        unpack_limit: Bytes that an archive may have unpacked; None is `LEAST`, or `RATIO` times
            its own size where that is more.

    Raises:
        ConfigError: There is no such file, or the limit is no number of bytes.
        InvalidCandleData: An archive is damaged, or larger than the limit.
    """
    taken("unpack_limit", unpack_limit, optional(whole(minimum=1)))
    listed: Any = [paths] if isinstance(paths, (str, Path)) else paths
    if not (isinstance(listed, Sequence) and all(isinstance(p, (str, Path)) for p in listed)):
        raise ConfigError(f"path: given {paths!r}, expected a path, a pattern, or a list of them")
    try:
        found = [part for path in listed for part in _expand(Path(path), unpack_limit)]
    except (OSError, ValueError) as problem:
        if isinstance(problem, OmegaError):
            raise
        raise ConfigError(f"path: {paths!r} cannot be opened ({error_text(problem)})") from problem
    if not found:
        raise ConfigError(f"path: no file in {', '.join(map(repr, map(str, listed)))}")
    return found


def _expand(path: Path, limit: int | None) -> Iterator[Part]:
    if path.is_dir():
        inside = sorted(one for one in path.rglob("*") if one.is_file())
        for one in inside:
            if not one.name.startswith("."):
                yield from _one(one, limit)
    elif path.is_file():
        yield from _one(path, limit)
    elif glob.has_magic(str(path)):
        for name in sorted(glob.glob(str(path), recursive=True)):  # noqa: PTH207 - may be absolute
            yield from _expand(Path(name), limit)
    else:
        raise ConfigError(f"path: there is no file {str(path)!r}")


def _one(path: Path, limit: int | None) -> Iterator[Part]:
    name = path.name.lower()
    if not name.endswith((".zip", *_PACKED, *_ARCHIVES)):
        yield Part(str(path), path.read_bytes, lambda: _first(path))
        return
    room = Room.of(str(path), path.stat().st_size, limit)
    with refused_as(functools.partial(_damaged, path)):
        if name.endswith(".zip"):
            yield from _zip(path, room)
        elif name.endswith(_ARCHIVES):
            yield from _tar(path, room)
        else:
            plain = str(path)[: -len(path.suffix)]
            yield _held(plain, _plain(path.read_bytes(), room), path)


def _damaged(path: Path, problem: str) -> InvalidCandleData:
    return InvalidCandleData(
        f"{path}: the archive cannot be opened ({problem}). It is damaged, encrypted, or was not "
        "fully downloaded; fetch it again, or unpack it yourself and read what is in it",
        rule="file",
    )


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes | bytearray:
        """Return as many bytes as there are, up to a size."""


@dataclass(slots=True)
class Room:
    """What an archive may still unpack to; a small file can hold any amount of zeros.

    Attributes:
        name: The archive, as messages show it.
        left: Bytes that may still come.
        most: Bytes that may come in all.
    """

    name: str
    left: int
    most: int

    @classmethod
    def of(cls, name: str, size: int, limit: int | None = None) -> Room:
        """Return the room of an archive of some size."""
        most = max(LEAST, RATIO * size) if limit is None else limit
        return cls(name, most, most)

    def read(self, packed: Readable) -> bytes:
        """Read what is unpacked as it is read, and no more than there is room for.

        Raises:
            InvalidCandleData: There is more.
        """
        content = bytes(packed.read(self.left + 1))
        self.take(len(content))
        return content

    def take(self, length: int) -> None:
        """Count what was unpacked.

        Raises:
            InvalidCandleData: It is more than there is room for.
        """
        self.left -= length
        if self.left < 0:
            raise InvalidCandleData(
                f"{self.name}: it unpacks to more than {self.most:,} bytes, which may be a mistake "
                "or an attack. If it is neither, allow it: unpack_limit=10_000_000_000, in bytes",
                rule="file",
            )


def _zip(path: Path, room: Room) -> Iterator[Part]:
    with zipfile.ZipFile(path) as archive:
        names = sorted(one for one in archive.namelist() if not _is_hidden(one))
        if "[Content_Types].xml" in names:
            raise InvalidCandleData(
                f"{path}: this is a spreadsheet, expected text. Save it as CSV", rule="file"
            )
        # HistData puts a report in text beside its data.
        data = [name for name in names if name.lower().endswith(".csv")]
        for name in data or names:
            if archive.getinfo(name).flag_bits & _ENCRYPTED:
                raise InvalidCandleData(
                    f"{path}: {name!r} is encrypted, and there is no place to give a password. "
                    "Unpack it yourself and read what is in it",
                    rule="file",
                )
            with archive.open(name) as packed:
                yield _held(f"{path}/{name}", room.read(packed), path)


def _is_hidden(name: str) -> bool:
    """Return whether a member holds no data: a folder, or what macOS adds to an archive."""
    return name.endswith("/") or PurePosixPath(name).name.startswith(".")


def _tar(path: Path, room: Room) -> Iterator[Part]:
    # Unpacked as a whole: the headers inside may state any size.
    plain = _plain(path.read_bytes(), room)
    inside = replace(room, left=room.most)
    found = []
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
        for member in archive:
            held = archive.extractfile(member) if member.isfile() else None
            if held is not None and not _is_hidden(member.name):
                found.append(_held(f"{path}/{member.name}", inside.read(held), path))
    yield from sorted(found, key=lambda part: part.name)


def _plain(raw: bytes, room: Room) -> bytes:
    """Unpack one layer, which its first bytes name."""
    if raw.startswith(b"\xfd7zXZ\0"):
        return unpacked(raw, room)
    if raw.startswith((b"\x1f\x8b", b"BZh")):
        held = io.BytesIO(raw)
        with gzip.open(held) if raw[:1] == b"\x1f" else bz2.open(held) as packed:
            return room.read(packed)
    room.take(len(raw))
    return raw


def unpacked(raw: bytes, room: Room) -> bytes:
    """Unpack streams of LZMA, one after the other.

    Raises:
        lzma.LZMAError: They are damaged, end early, or ask for too much memory.
        InvalidCandleData: There is more than there is room for.
    """
    pieces = []
    while raw:
        stream = lzma.LZMADecompressor(memlimit=LEAST)
        pieces.append(stream.decompress(raw, max_length=room.left + 1))
        room.take(len(pieces[-1]))
        if not stream.eof:
            raise lzma.LZMAError("the data end before the stream does")
        raw = stream.unused_data.lstrip(b"\0")  # streams may be padded
    return b"".join(pieces)


def _held(name: str, content: bytes, archive: Path) -> Part:
    return Part(name, lambda: content, lambda: content[:HEAD], str(archive))


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)
