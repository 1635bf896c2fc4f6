"""The bars of a track by index, for the slices of an engine."""

from __future__ import annotations

from omega.reference import views
from omega.reference.visibility import Higher, Track, World


class TrackView:
    """The candles of a symbol on one timeframe: what `omega._core.Track` is, in plain Python."""

    def __init__(self, world: World, track: Track) -> None:
        self._world, self._track = world, track
        self._source = views.Source(world, track)

    @property
    def visible(self) -> int:
        """How many bars are complete."""
        return self._track.shown("slice", self._track.candles.symbol)

    @property
    def looks(self) -> int:
        """Grows with each step."""
        return self._world.moves

    @property
    def now(self) -> int:
        """The time of the step at hand; past the last one that of the last."""
        times = self._world.times
        return times[min(max(self._world.step, 0), len(times) - 1)]

    def bar(self, index: int) -> views.Bar:
        """Return a complete bar."""
        visible, source = self.visible, self._source
        if index >= visible:
            if visible == 0:
                source.newest()  # raises, since there is none
            raise IndexError(
                f"{source.place} {index} of {source.candles.symbol}: expected 0 to {visible - 1}"
            )
        fresh = self._track.fresh and index + 1 == visible
        return views.Bar(source, index, fresh=fresh)

    def complete_at(self, time: int) -> int:
        """Count the complete bars that were so at a time."""
        base = self._world.symbols[self._track.candles.symbol].base
        complete = base.complete_at(time)
        if isinstance(self._track, Higher):
            complete = self._track.complete_at(time, complete)
        return min(complete, self.visible)
