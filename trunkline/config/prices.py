"""Prices from the book for deployments whose config writes none."""

from __future__ import annotations

from dataclasses import replace

from trunkline.config.snapshot import Deployment, Snapshot
from trunkline.profiles.book import PriceBook


def fill(snapshot: Snapshot, book: PriceBook) -> Snapshot:
    """`snapshot` with a price for every deployment that config or book know one for.

    A deployment with a wildcard has none: its price is looked up by the name that a call asks for.
    """
    return replace(snapshot, deployments=tuple(_priced(deployment, book) for deployment in snapshot.deployments))


def _priced(deployment: Deployment, book: PriceBook) -> Deployment:
    price = deployment.price
    if price is None and deployment.provider and "*" not in deployment.model:
        base = deployment.model_info.get("base_model")
        price = book.find(deployment.provider, deployment.model, base if isinstance(base, str) else None)
    return deployment if price is deployment.price else replace(deployment, price=price)
