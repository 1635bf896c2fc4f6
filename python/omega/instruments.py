"""What is traded: contract sizes, ticks and steps (rule M1), and the usual instruments by name.

The presets follow what retail FX and CFD brokers publish in their MetaTrader contract
specifications; brokers differ, so compare them with your own account's:

* currencies: one lot is 100,000 units of the base currency, prices have five digits (three against
  the yen), a pip is ten of those smallest steps, sizes go from 0.01 lots in steps of 0.01;
* metals: one lot is 100 troy ounces of gold, 5,000 of silver, 100 of platinum and palladium, as in
  the London spot contract; a pip of gold is 0.1 dollars, of silver 0.01;
* crypto: one lot is one coin; ticks are those of the large exchanges' dollar pairs;
* usual margin rates are the caps for retail clients in the EU and the UK (reading M7.2);
* equities and indices: `equity` and `index` make them, since their number has no end.

Example:
    >>> import omega
    >>> omega.instruments.get("EURUSD").contract_size
    100000.0
    >>> try:
    ...     omega.instruments.get("EURUSF")
    ... except LookupError as error:
    ...     print(error)
    no preset for 'EURUSF'. Did you mean 'EURUSD'? ...
"""

from omega.config.instruments import Instrument, equity, get, index, names

__all__ = [
    "Instrument",
    "equity",
    "get",
    "index",
    "names",
]
