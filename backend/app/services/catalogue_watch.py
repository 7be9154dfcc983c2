"""The catalogue of a process: asked for at any time, fetched from the gateway in the background, kept in the database.

Nobody waits for a gateway that is dead: the last copy is answered at once and called stale. Only a process that has no
copy at all waits, and not long.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from backend.app.api.schemas.models import ModelCard, ModelList
from backend.app.core.clock import instant, microseconds
from backend.app.core.db import Database
from backend.app.core.tables import catalogue, messages, settings
from backend.app.services.catalogue import Known, Sight, known_models, sights, version_of
from backend.app.services.gateway.environment import Environment
from backend.app.services.gateway.errors import GatewayDown
from backend.app.services.gateway_api import GatewayApi

REFRESH_SECONDS: Final = 2.0
ASKED_SECONDS: Final = 30.0
"""So long after somebody has asked the copy is kept fresh."""
FIRST_SECONDS: Final = 2.0
"""How long to wait where there is no copy at all."""
STALE_SECONDS: Final = 10.0
MEDIAN_SECONDS: Final = 60.0
MEDIAN_ROWS: Final = 2000
_ID: Final = "gateway"
_log = logging.getLogger(__name__)


class Catalogue:
    """What the gateway offers, as far as it is known."""

    def __init__(self, db: Database, api: GatewayApi, environment: Environment) -> None:
        self._db: Final = db
        self._api: Final = api
        self._environment: Final = environment
        self._rows: list[dict[str, Any]] = []
        self._sights: dict[str, Sight] = {}
        self._known: list[Known] = []
        self._patterns: list[Known] = []
        self._as_of: datetime | None = None
        self._first_words: dict[str, float] = {}
        self._medians_at = float("-inf")
        self._asked_at = float("-inf")
        self._looked_at = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.down_since: datetime | None = None
        """Since when the gateway has not answered; `None` while it does."""

    async def start(self) -> None:
        """Read the last copy and begin to watch."""
        await self._load()
        self.asked()
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop watching."""
        for task in (self._watching, self._refreshing):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    # What is asked of it.

    @property
    def known(self) -> Sequence[Known]:
        """The models as they were seen last, nobody's preferences in them."""
        return self._known

    def find(self, model: str) -> Known | None:
        """The entry of a model, else that of the wildcard it falls under."""
        named = next((known for known in self._known if known.card.id == model), None)
        return named or next((known for known in self._patterns if fnmatchcase(model, known.card.id)), None)

    async def ready(self) -> None:
        """Wait for a copy where there is none, but not long."""
        self.asked()
        if self._as_of is None:
            refreshing = self._refresh()
            await asyncio.wait({refreshing}, timeout=FIRST_SECONDS)

    async def list_for(self, user_id: str) -> ModelList:
        """The models as one person sees them. Does not wait for the gateway where there is a copy."""
        await self.ready()
        default, pinned = await self._preferences(user_id)
        cards = [self._shown(known.card, default, pinned) for known in self._known]
        return ModelList(
            models=cards,
            as_of=self._as_of or datetime.now(UTC),
            stale=self._stale,
            version=version_of(cards),
        )

    def _shown(self, card: ModelCard, default: str, pinned: frozenset[str]) -> ModelCard:
        return card.model_copy(
            update={
                "is_default": card.id == default,
                "pinned": card.id in pinned,
                "first_word_ms": self._first_words.get(card.id),
            }
        )

    @property
    def _stale(self) -> bool:
        if self._as_of is None or self.down_since is not None:
            return True
        return (datetime.now(UTC) - self._as_of).total_seconds() > STALE_SECONDS

    async def _preferences(self, user_id: str) -> tuple[str, frozenset[str]]:
        async with self._db.read() as connection:
            value = (
                await connection.execute(select(settings.c.value).where(settings.c.user_id == user_id))
            ).scalar_one_or_none()
        own = value if isinstance(value, dict) else {}
        pinned = own.get("pinned_models")
        names = frozenset(str(name) for name in pinned) if isinstance(pinned, list) else frozenset[str]()
        return str(own.get("default_model") or self._environment.model), names

    # How it stays fresh.

    def asked(self) -> None:
        """Somebody needs it: look at the gateway where that is due, and keep the copy fresh for a while."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at > REFRESH_SECONDS:
            _ = self._refresh()
        self._asked_at = now
        self._news.set()

    def _refresh(self) -> asyncio.Task[None]:
        """The look at the gateway that is under way, else a new one."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._look())
        return self._refreshing

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            if loop.time() - self._asked_at > ASKED_SECONDS:
                await self._news.wait()
            await asyncio.wait({self._refresh()})
            await asyncio.sleep(REFRESH_SECONDS)

    async def _look(self) -> None:
        try:
            rows = await self._api.models()
            ours = any("available" in (row.get("model_info") or {}) for row in rows)
            seen = sights(await self._api.health()) if ours else {}
        except GatewayDown:
            self.down_since = self.down_since or datetime.now(UTC)
        except Exception:  # noqa: BLE001 the next look may be luckier
            _log.exception("the list of models could not be read")
        else:
            self.down_since = None
            await self._take(rows, seen)
        finally:
            self._looked_at = asyncio.get_running_loop().time()

    async def _take(self, rows: list[dict[str, Any]], seen: dict[str, Sight]) -> None:
        changed = rows != self._rows or seen != self._sights
        self._as_of = datetime.now(UTC)
        if changed:
            self._learn(rows, seen)
        try:
            await self._measure()
            if changed:
                await self._save()
        except SQLAlchemyError:
            _log.warning("the database does not take the list of models", exc_info=True)

    def _learn(self, rows: list[dict[str, Any]], seen: dict[str, Sight]) -> None:
        self._rows, self._sights = rows, seen
        self._known = known_models(rows, seen)
        self._patterns = known_models(rows, seen, patterns=True)

    async def _measure(self) -> None:
        """Medians of the time to the first word, over the latest answers of everybody."""
        now = asyncio.get_running_loop().time()
        if now - self._medians_at < MEDIAN_SECONDS:
            return
        self._medians_at = now
        question = (
            select(messages.c.model, messages.c.first_word_ms)
            .where(messages.c.first_word_ms.is_not(None), messages.c.run_id.is_not(None))
            .order_by(messages.c.seq.desc())
            .limit(MEDIAN_ROWS)
        )
        found: dict[str, list[float]] = {}
        async with self._db.read() as connection:
            for model, first_word_ms in await connection.execute(question):
                found.setdefault(str(model), []).append(first_word_ms)
        self._first_words = {model: round(statistics.median(values), 1) for model, values in found.items()}

    # The last copy.

    async def _load(self) -> None:
        async with self._db.read() as connection:
            row = (await connection.execute(select(catalogue).where(catalogue.c.id == _ID))).mappings().first()
        if row is None:
            return
        value = row["value"]
        self._learn(value["rows"], {name: _sight(seen) for name, seen in value["sights"].items()})
        self._as_of = instant(row["as_of_us"])

    async def _save(self) -> None:
        assert self._as_of is not None
        value = {"rows": self._rows, "sights": {name: _kept(seen) for name, seen in self._sights.items()}}
        async with self._db.write() as connection:
            await connection.execute(delete(catalogue).where(catalogue.c.id == _ID))
            await connection.execute(
                insert(catalogue).values(
                    id=_ID, value=value, version=version_of(known.card for known in self._known),
                    as_of_us=microseconds(self._as_of),
                )
            )  # fmt: skip


def _kept(seen: Sight) -> dict[str, Any]:
    return asdict(seen) | {"since": None if seen.since is None else seen.since.isoformat()}


def _sight(value: Mapping[str, Any]) -> Sight:
    since = value["since"]
    return Sight(
        state=value["state"], reason=value["reason"], since=None if since is None else datetime.fromisoformat(since)
    )  # fmt: skip
