"""Sums by quarter of an hour and by day, and how they are added to what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from trunkline.ledger.record import CallRecord
from trunkline.store.columns import BUCKET_SECONDS, ROLLUP_KEY, ROLLUP_SUMS
from trunkline.store.session import Row, Session
from trunkline.store.url import Kind

_BUCKET_US: Final = BUCKET_SECONDS * 1_000_000
_DAY_US: Final = 86_400_000_000
_MAX: Final = 2**63 - 1
_TABLES: Final = (("litellm_usage_rollups", "bucket_start"), ("litellm_usage_days", "day_start"))


def _upsert(table: str, start: str, total: str) -> str:
    key = (start, *ROLLUP_KEY[1:])
    columns = key + ROLLUP_SUMS
    changes = ", ".join(f"{name} = {total.format(f'{table}.{name}', name)}" for name in ROLLUP_SUMS)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 our own names
        f"VALUES ({', '.join(f'${number}' for number in range(1, len(columns) + 1))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    )


UPSERT: Final = {
    # A sum stops at its column's end: one absurd number must not keep everyone's rows out of the database.
    Kind.SQLITE: [_upsert(*table, f"MIN({_MAX}, {{}} + excluded.{{}})") for table in _TABLES],
    Kind.POSTGRESQL: [_upsert(*table, f"LEAST({_MAX}, {{}}::numeric + excluded.{{}})::bigint") for table in _TABLES],
}
"""The statements for quarters of an hour and for days."""

Key = tuple[int, str, str, str, str, str]


def sum_up(records: Iterable[CallRecord]) -> dict[Key, list[int]]:
    """Add calls up by bucket (microseconds since 1970 UTC) and the rest of `ROLLUP_KEY`; values as `ROLLUP_SUMS`."""
    sums: dict[Key, list[int]] = {}
    find = sums.get
    for record in records:
        started = record.started_us
        key = (
            started - started % _BUCKET_US, record.model_group, record.model, record.provider, record.api_key,
            record.status,
        )  # fmt: skip
        found = find(key)
        if found is None:
            found = sums[key] = [0] * len(ROLLUP_SUMS)
        found[0] += 1
        found[1] += record.input_total
        found[2] += record.output_total
        found[8] += record.cost
        found[9] += record.duration_us // 1000
        if record.cache_read or record.cache_write or record.reasoning or record.audio_in or record.audio_out:
            found[3] += record.cache_read
            found[4] += record.cache_write
            found[5] += record.reasoning
            found[6] += record.audio_in
            found[7] += record.audio_out
        if record.first_byte_us >= 0:
            found[10] += record.first_byte_us // 1000
            found[11] += 1
        if not record.price_version and (record.input_total or record.output_total):
            found[12] += 1
    return sums


def by_day(sums: Mapping[Key, Sequence[int]]) -> dict[Key, list[int]]:
    """Add quarters of an hour up to days."""
    days: dict[Key, list[int]] = {}
    for (start, *rest), values in sums.items():
        key: Key = (start - start % _DAY_US, *rest)  # type: ignore[assignment]  # the rest of a Key is five strings
        found = days.get(key)
        days[key] = list(values) if found is None else [old + new for old, new in zip(found, values, strict=True)]
    return days


async def add(session: Session, records: Iterable[CallRecord]) -> None:
    """Add calls to the sums, within the transaction that inserts them.

    In order of the key: shippers of several replicas take the locks of rows one after the other, never crosswise.
    """
    quarters = sum_up(records)
    for statement, sums in zip(UPSERT[session.kind], (quarters, by_day(quarters)), strict=True):
        await session.execute_many(statement, [_row(session, key, sums[key]) for key in sorted(sums)])


def _row(session: Session, key: Key, sums: Sequence[int]) -> Row:
    return (session.stamp(key[0]), *key[1:], *(min(each, _MAX) for each in sums))
