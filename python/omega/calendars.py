"""Calendars by name, for the argument `calendar` of a run.

>>> omega.calendars.FX
Calendar(zone='America/New_York', day_start='17:00')
"""

from omega.config.calendar import CRYPTO, FX, US_EQUITIES

__all__ = ["CRYPTO", "FX", "US_EQUITIES"]
