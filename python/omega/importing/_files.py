"""Paths, folders, patterns and archives as parts that can be read one by one.

`Part`s have a stable order; each has a name for messages, its first lines and its bytes.
"""

from __future__ import annotations

import glob
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from omega.errors import ConfigError, InvalidCandleData

Paths = str | Path | Sequence[str | Path]

HEAD = 16_384
"""Bytes that are enough to identify a file."""

_HEAD_LINES = 60
_ARCHIVES = (".tar", ".tar.xz", ".tar.gz", ".tgz", ".tar.bz2")


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

    def text(self) -> bytes:
        """The content as UTF-8, without a byte order mark."""
        return _as_utf8(self.load())

    def lines(self) -> list[str]:
        """The first lines."""
        raw = _as_utf8(self.peek()).decode("utf-8", errors="replace")
        lines = raw.splitlines()
        cut = lines[:-1] if len(raw) >= HEAD // 2 and len(lines) > 1 else lines
        return [line for line in cut[:_HEAD_LINES] if line.strip()]


def parts_of(paths: Paths) -> list[Part]:
    """Give the parts of a path, a folder, a pattern or several of them.

    Raises:
        ConfigError: There is no such file.
        InvalidCandleData: An archive is damaged.
    """
    listed = [paths] if isinstance(paths, (str, Path)) else list(paths)
    found = [part for path in listed for part in _expand(Path(path))]
    if not found:
        raise ConfigError(f"path: no file in {', '.join(map(repr, map(str, listed)))}")
    return found


def _expand(path: Path) -> Iterator[Part]:
    if path.is_dir():
        inside = sorted(one for one in path.rglob("*") if one.is_file())
        for one in inside:
            if not one.name.startswith("."):
                yield from _one(one)
    elif path.is_file():
        yield from _one(path)
    elif glob.has_magic(str(path)):
        for name in sorted(glob.glob(str(path), recursive=True)):  # noqa: PTH207 - may be absolute
            yield from _expand(Path(name))
    else:
        raise ConfigError(f"path: there is no file {str(path)!r}")


def _one(path: Path) -> Iterator[Part]:
    name = path.name.lower()
    try:
        if name.endswith(".zip"):
            yield from _zip(path)
        elif name.endswith(_ARCHIVES):
            yield from _tar(path)
        elif name.endswith(".gz"):
            yield _held(str(path).removesuffix(".gz"), gzip.decompress(path.read_bytes()), path)
        else:
            yield Part(str(path), path.read_bytes, lambda: _first(path))
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
        raise InvalidCandleData(
            f"{path}: the archive cannot be opened ({error}). It is damaged or was not fully "
            "downloaded; fetch it again",
            rule="file",
        ) from None


def _zip(path: Path) -> Iterator[Part]:
    with zipfile.ZipFile(path) as archive:
        names = sorted(one for one in archive.namelist() if not one.endswith("/"))
        if "[Content_Types].xml" in names:
            raise InvalidCandleData(
                f"{path}: this is a spreadsheet, expected text. Save it as CSV", rule="file"
            )
        # HistData puts a report in text beside its data.
        data = [name for name in names if name.lower().endswith(".csv")]
        for name in data or names:
            yield _held(f"{path}/{name}", archive.read(name), path)


def _tar(path: Path) -> Iterator[Part]:
    raw = path.read_bytes()
    plain = lzma.decompress(raw) if path.name.lower().endswith(".xz") else raw
    found = []
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        for member in archive:
            held = archive.extractfile(member) if member.isfile() else None
            if held is not None and not PurePosixPath(member.name).name.startswith("."):
                found.append(_held(f"{path}/{member.name}", held.read(), path))
    yield from sorted(found, key=lambda part: part.name)


def _held(name: str, content: bytes, archive: Path) -> Part:
    return Part(name, lambda: content, lambda: content[:HEAD], str(archive))


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _as_utf8(raw: bytes) -> bytes:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace").encode()
    return raw.removeprefix(b"\xef\xbb\xbf")
