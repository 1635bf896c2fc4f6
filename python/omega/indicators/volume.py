"""Prices and flows weighed by volume, as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega.indicators.declaring import Declaring, OfCandles

if TYPE_CHECKING:
    from omega._core import Indicator
    from omega.indicators.declaring import Sources


class Volume(Declaring):
    """Prices weighed by volume, and where the volume goes."""

    def vwap(
        self, window: int | None = None, since: str = "day", **of: Unpack[OfCandles]
    ) -> Indicator:
        """Declare the typical price weighed by volume: since a period began, or of a window.

        `since` is "day", "week", "month", "quarter" or "year" of the run's calendar, so that with
        `calendar=omega.calendars.FX` a day begins at 17:00 in New York. NaN where nothing traded.

        Example:
            >>> newest(lambda self: self.vwap())
            102.8623
        """
        return self._one("vwap", window, since, **of)

    def anchored_vwap(
        self,
        anchor: Sources,
        price: Sources = None,
        *,
        volume: Sources = "volume",
        timeframe: str | None = None,
        symbol: str | None = None,
    ) -> Indicator:
        """Declare a price weighed by volume since the last bar at which `anchor` was not 0.

        Args:
            anchor: A column, expression, series, array or indicator; NaN counts as 0.
            price: What is weighed; None is the typical price.
            volume: What it is weighed by.
            timeframe: A timeframe of the run.
            symbol: A symbol of the run.

        Returns:
            A view of its values; NaN before the first anchor, and where nothing traded since.

        Example:
            >>> opened = pl.col("time").dt.time() == pl.time(2, 0)
            >>> newest(lambda self: self.anchored_vwap(opened))
            102.8559
        """
        if price is None:
            price = self.typical_price(timeframe=timeframe, symbol=symbol)
        columns, _ = self._read((price, volume, anchor), timeframe, symbol)
        if any(hasattr(column, "ago") for column in columns):  # where its sources are
            timeframe = symbol = None
        return self._one("anchored_vwap", source=columns, timeframe=timeframe, symbol=symbol)

    def typical_price(self, **of: Unpack[OfCandles]) -> Indicator:
        """Declare the middle of each bar, `(high + low + close) / 3`.

        Example:
            >>> newest(lambda self: self.typical_price())
            104.6667
        """
        return self._one("typical_price", **of)

    def vwma(self, window: int, **of: Unpack[OfCandles]) -> Indicator:
        """Declare the mean of the last `window` closes weighed by volume.

        Example:
            >>> newest(lambda self: self.vwma(20))
            102.4963
        """
        return self._one("vwma", window, **of)

    def obv(self, **of: Unpack[OfCandles]) -> Indicator:
        """Declare volume added where the close rises and taken away where it falls.

        Example:
            >>> newest(lambda self: self.obv())
            -1846.0
        """
        return self._one("obv", **of)

    def mfi(self, window: int = 14, **of: Unpack[OfCandles]) -> Indicator:
        """Declare money that came with rising prices in percent of all that moved.

        Example:
            >>> newest(lambda self: self.mfi(14))
            92.8582
        """
        return self._one("mfi", window, **of)

    def ad(self, **of: Unpack[OfCandles]) -> Indicator:
        """Declare Chaikin's accumulation line: volume by the place of the close in its bar.

        Example:
            >>> newest(lambda self: self.ad())
            -368.8381
        """
        return self._one("ad", **of)

    def adosc(self, fast: int = 3, slow: int = 10, **of: Unpack[OfCandles]) -> Indicator:
        """Declare Chaikin's oscillator: the fast less the slow exponential mean of `ad`.

        Example:
            >>> newest(lambda self: self.adosc())
            42.4661
        """
        return self._one("adosc", fast, slow, **of)

    def cmf(self, window: int = 20, **of: Unpack[OfCandles]) -> Indicator:
        """Declare Chaikin's money flow: the flows of `ad` over the volume of a window, -1 to 1.

        Example:
            >>> newest(lambda self: self.cmf(20))
            0.1149
        """
        return self._one("cmf", window, **of)

    def force_index(self, window: int = 13, **of: Unpack[OfCandles]) -> Indicator:
        """Declare Elder's force: the exponential mean of the close's change times the volume.

        Example:
            >>> newest(lambda self: self.force_index(13))
            19.6698
        """
        return self._one("force_index", window, **of)
