"""The last line of defence against a credential in a log: known values are replaced wherever they stand."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, urlsplit

from trunkline.config.snapshot import Snapshot
from trunkline.ir import Secret

SHORTEST: Final = 6
"""Characters; a shorter value (`sk-1` in a test set-up) would blacken ordinary words. `sk-1234` has seven."""


class Redactor:
    """Replaces the known secrets in a text by `***`."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._pattern: re.Pattern[str] | None = None
        self.update(secrets)

    def update(self, secrets: Iterable[str]) -> None:
        """Know these instead, after a reload."""
        # Longest first: the alternation takes the first that fits, and one key may begin with another.
        forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        return text if self._pattern is None else self._pattern.sub("***", text)


def _forms(secret: str) -> Iterator[str]:
    """The value, as it looks in a URL, and in Base64 (Basic authentication)."""
    if len(secret) < SHORTEST:
        return
    yield secret
    yield quote(secret, safe="")
    yield base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def known_secrets(snapshot: Snapshot) -> frozenset[str]:
    """Every credential that a configuration holds: master key, provider keys, the database's password."""
    return frozenset(value for value in _values(snapshot) if len(value) >= SHORTEST)


def _values(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.master_key is not None:
        yield snapshot.master_key.reveal()
    for previous in snapshot.previous_keys:
        yield previous.key.reveal()
    watched = snapshot.observability
    for found in (watched.langfuse_secret_key, watched.sentry_dsn, watched.slack_url, watched.webhook_url):
        if found is not None:
            yield found.reveal()
    if snapshot.database_url is not None:
        yield from _of_url(snapshot.database_url.reveal())
    for deployment in snapshot.deployments:
        if deployment.target is None:
            continue
        for secret in deployment.target.secrets:
            yield secret.reveal()
        for _, value in deployment.target.headers:
            if isinstance(value, Secret):
                yield value.reveal()
                # `Bearer sk-…`: the key alone must be found too.
                yield value.reveal().rpartition(" ")[2]


def _of_url(url: str) -> Iterator[str]:
    try:
        password = urlsplit(url).password
    except ValueError:
        yield url
        return
    if password:
        yield password
        yield url
