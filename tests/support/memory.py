"""Where the memory of this process lies, by what Linux keeps in /proc."""

from __future__ import annotations

from pathlib import Path


def mapped_file(address: int) -> str:
    """The file that the memory at an address belongs to."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        low, high = (int(end, 16) for end in line.split()[0].split("-"))
        if low <= address < high:
            return line.split(maxsplit=5)[5] if len(line.split()) > 5 else ""
    return ""


def resident_own_bytes() -> int:
    """Resident memory that no file backs."""
    status = Path("/proc/self/status").read_text()
    return 1_024 * next(int(x.split()[1]) for x in status.splitlines() if x.startswith("RssAnon"))
