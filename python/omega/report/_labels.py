"""Display names of metrics, columns, reasons and kinds."""

from __future__ import annotations

_LABELS = {
    "cagr": "CAGR",
    "sqn": "SQN",
    "average_r": "Average R",
    "total_return": "Return",
    "pnl_worst": "Closed profit, ambiguity against",
    "pnl_best": "Closed profit, ambiguity for",
    "closed_pnl": "Closed profit",
    "max_drawdown_money": "Max drawdown in money",
    "max_drawdown_bars": "Max drawdown in bars",
    "max_drawdown_days": "Max drawdown in days",
    "max_drawdown_intrabar": "Max drawdown within bars",
    "average_drawdown_days": "Average drawdown in days",
    "longest_drawdown_bars": "Longest drawdown in bars",
    "longest_drawdown_days": "Longest drawdown in days",
    "average_names": "Average symbols held",
    "average_bars_held": "Average bars held",
    "average_days_held": "Average days held",
    "longest_days_held": "Longest holding in days",
    "kelly": "Kelly fraction",
    "is_sharpe": "Sharpe in sample",
    "oos_sharpe": "Sharpe out of sample",
    "oos_total_return": "Return out of sample",
    "oos_max_drawdown": "Drawdown out of sample",
    "oos_trades": "Trades out of sample",
    "alone_total_return": "Return alone",
    "pnl": "Profit before costs",
    "fee": "Fees",
    "end_of_data": "end of data",
    "net_pnl": "Net profit",
    "r_multiple": "R",
    "mae": "MAE",
    "mfe": "MFE",
}


def label(name: str) -> str:
    """Name a metric or a column.

    Example:
        >>> label("max_drawdown_money"), label("win_rate"), label("cagr")
        ('Max drawdown in money', 'Win rate', 'CAGR')
    """
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


def words(name: str) -> str:
    """Name a reason or a kind within a sentence.

    Example:
        >>> words("take_profit")
        'take profit'
    """
    return name.replace("_", " ")


def listed(names: list[str], most: int = 3) -> str:
    """Name a few of several, and say how many there are besides.

    Example:
        >>> listed(["A", "B"]), listed(["A", "B", "C", "D", "E"])
        ('A, B', 'A, B, C and 2 more')
    """
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"
