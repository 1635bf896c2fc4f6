"""Market data from files of vendors and programs.

`ImportedCandles` and `ImportedTicks` hold rows in UTC, a table of findings, and the origin of each
row. Nothing is guessed in silence, and nothing is repaired that no argument names.
"""

from omega.importing._reading import describe, import_sources, read_candles, read_ticks
from omega.importing._result import Imported, ImportedCandles, ImportedTicks
from omega.importing._ticks import ticks_to_candles

__all__ = [
    "Imported",
    "ImportedCandles",
    "ImportedTicks",
    "describe",
    "import_sources",
    "read_candles",
    "read_ticks",
    "ticks_to_candles",
]
