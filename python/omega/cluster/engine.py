"""The package of an engine, imported when it is first used."""

from __future__ import annotations

import importlib
from typing import Any

from omega.errors import ConfigError


def engine(package: str, extra: str) -> Any:  # noqa: ANN401 - its types are not checked
    """Import a package.

    Raises:
        ConfigError: It is not installed.

    Example:
        >>> try:
        ...     engine("of_nobody", "of_nobody")
        ... except ValueError as error:
        ...     print(error)
        omega.cluster.of_nobody needs the package of_nobody: No module ...
    """
    try:
        return importlib.import_module(package)
    except ImportError as problem:
        raise ConfigError(
            f"omega.cluster.{extra} needs the package {package}: {problem}. Install it with "
            f"pip install 'omega-backtest[{extra}]'"
        ) from problem
