"""Prices for deployments whose configuration names none; the price data is loaded only when it is needed."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.config.snapshot import Deployment
from trunkline.profiles.price import Price

if TYPE_CHECKING:
    from trunkline.profiles.book import PriceBook
    from trunkline.profiles.facts import Facts

_log = logging.getLogger(__name__)


class Prices:
    """Finds prices in the price file and in the data that ships; loads them once, on first use or ahead of it.

    Loading takes some tens of milliseconds, which the start does not wait for.
    """

    def __init__(self, file: str | None) -> None:
        self._file = Path(file) if file else None
        self._book: PriceBook | None = None
        self._lock = threading.Lock()

    def load(self) -> PriceBook:
        """The price data, loaded if it is not."""
        with self._lock:
            if self._book is None:
                from trunkline.profiles.book import PriceBook
                from trunkline.profiles.rates import PriceError

                try:
                    self._book = PriceBook.load(self._file)
                except PriceError as error:
                    _log.error("%s; prices come from the built-in list", error)
                    self._book = PriceBook.load(None)
            return self._book

    def find(self, deployment: Deployment) -> Price | None:
        """The price of a deployment, `None` when nobody knows one."""
        return self.load().find(deployment.provider, deployment.model, _base(deployment))

    def facts(self, deployment: Deployment) -> Facts:
        """Limits and abilities of its model as the price data has them."""
        return self.load().facts(deployment.provider, deployment.model, _base(deployment))


def _base(deployment: Deployment) -> str | None:
    base = deployment.model_info.get("base_model")
    return base if isinstance(base, str) else None
