"""All indicators as methods."""

from omega.indicators.averages import Averages
from omega.indicators.channels import Channels
from omega.indicators.momentum import Momentum
from omega.indicators.oscillators import Oscillators
from omega.indicators.shapes import Shapes
from omega.indicators.statistics import Statistics
from omega.indicators.volatility import Volatility
from omega.indicators.volume import Volume


class Methods(Averages, Volume, Momentum, Oscillators, Channels, Shapes, Statistics, Volatility):
    """Each indicator of the catalog as a method."""
