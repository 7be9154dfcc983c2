"""The questions to the roll-ups, and the table of excursions. Written for the shipper's session, on either database."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from trunkline.store.session import Session
from trunkline.store.url import Kind

SCOPES: Final = {"model": "model_group", "key": "api_key"}
"""What is watched, and its column."""
_HOUR: Final = {Kind.SQLITE: "substr(bucket_start, 1, 13)", Kind.POSTGRESQL: "date_trunc('hour', bucket_start)"}
# A sum of integers ends at 64 bits on SQLite, with an error; a band needs no more digits than a double has.
_SPENT: Final = "SUM(CAST(spend_pico AS DOUBLE PRECISION))"
_US: Final = 1_000_000


async def spent(session: Session, scope: str, start: int, end: int) -> list[tuple[str, float]]:
    """Name and spend by hour, of the hours with spend in `start` <= hour < `end` (seconds since 1970)."""
    column, hour = SCOPES[scope], _HOUR[session.kind]
    rows = await session.fetch(
        f"SELECT {column}, {_SPENT} FROM litellm_usage_rollups "  # noqa: S608 our own names
        f"WHERE bucket_start >= $1 AND bucket_start < $2 AND {column} <> '' GROUP BY {column}, {hour}",
        session.stamp(start * _US),
        session.stamp(end * _US),
    )
    return [(str(name), float(str(value))) for name, value in rows]


async def highest(session: Session, scope: str, start: int, end: int) -> dict[str, float]:
    """The spend of each one's most expensive hour of a stretch."""
    found: dict[str, float] = {}
    for name, value in await spent(session, scope, start, end):
        found[name] = max(value, found.get(name, 0.0))
    return found


async def known_since(session: Session, scope: str, start: int) -> dict[str, int]:
    """The first day (its start, seconds since 1970) that each one was used on, from `start` on."""
    column = SCOPES[scope]
    rows = await session.fetch(
        f"SELECT {column}, MIN(day_start) FROM litellm_usage_days "  # noqa: S608 our own names
        f"WHERE day_start >= $1 AND {column} <> '' GROUP BY {column}",
        session.stamp(start * _US),
    )
    return {str(name): _seconds(day) for name, day in rows}


def _seconds(value: object) -> int:
    """Of a time as the sessions return it: microseconds from PostgreSQL, ISO 8601 from SQLite."""
    return value // _US if isinstance(value, int) else int(datetime.fromisoformat(str(value)).timestamp())


async def open_now(session: Session) -> dict[tuple[str, str], str]:
    """The direction of every excursion that goes on, by scope and name."""
    rows = await session.fetch("SELECT scope, name, direction FROM trunkline_anomalies WHERE closed IS NULL")
    return {(str(scope), str(name)): str(direction) for scope, name, direction in rows}


async def begin(session: Session, key: tuple[str, str], direction: str, hour: int, money: tuple[int, ...]) -> bool:
    """Enter an excursion; `False` where somebody else has. `money`: spend, usual, low, high in pico-USD."""
    rows = await session.execute(
        "INSERT INTO trunkline_anomalies "
        "(scope, name, opened, direction, last_hour, spend_pico, usual_pico, low_pico, high_pico) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (scope, name, opened) DO NOTHING",
        *key, session.stamp(hour * _US), direction, session.stamp(hour * _US), *money,
    )  # fmt: skip
    return rows == 1


async def go_on(session: Session, key: tuple[str, str], hour: int, spend: int) -> None:
    """The excursion is there in this hour too; its furthest spend is kept."""
    await session.execute(
        "UPDATE trunkline_anomalies SET last_hour = $1, spend_pico = CASE WHEN direction = 'low' "
        "THEN CASE WHEN spend_pico < $2 THEN spend_pico ELSE $2 END "
        "ELSE CASE WHEN spend_pico > $2 THEN spend_pico ELSE $2 END END "
        "WHERE scope = $3 AND name = $4 AND closed IS NULL",
        session.stamp(hour * _US), spend, *key,
    )  # fmt: skip


async def end(session: Session, key: tuple[str, str], hour: int, moment: int) -> bool:
    """The excursion is over, unless it began after `hour` only; `moment` is now (both seconds since 1970)."""
    rows = await session.execute(
        "UPDATE trunkline_anomalies SET closed = $1 WHERE scope = $2 AND name = $3 AND closed IS NULL "
        "AND opened <= $4",
        session.stamp(moment * _US), *key, session.stamp(hour * _US),
    )  # fmt: skip
    return rows == 1


async def forget(session: Session, before: int) -> None:
    """Delete excursions that ended before a moment (seconds since 1970)."""
    await session.execute("DELETE FROM trunkline_anomalies WHERE closed < $1", session.stamp(before * _US))
