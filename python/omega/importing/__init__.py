"""Files of market data that people have, as candles that a run takes.

In: files of vendors and programs. Out: `ImportedCandles` or `ImportedTicks`: rows in UTC, one table
of what was found, and where it all came from. Nothing is guessed in silence and nothing is repaired
unasked.
"""

from omega.importing._imported import Imported, ImportedCandles, ImportedTicks
from omega.importing._reading import describe, import_sources, read_candles, read_ticks
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
