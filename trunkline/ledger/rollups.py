"""Sums per quarter of an hour, and the statement that adds them to what is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from trunkline.ledger.record import CallRecord
from trunkline.store.columns import BUCKET_SECONDS, ROLLUP_KEY, ROLLUP_SUMS
from trunkline.store.session import Row, Session
from trunkline.store.url import Kind

_BUCKET_US: Final = BUCKET_SECONDS * 1_000_000

_COLUMNS: Final = ROLLUP_KEY + ROLLUP_SUMS
_MAX: Final = 2**63 - 1


def _upsert(total: str) -> str:
    changes = ", ".join(f"{name} = {total.format(f'litellm_usage_rollups.{name}', name)}" for name in ROLLUP_SUMS)
    return (
        f"INSERT INTO litellm_usage_rollups ({', '.join(_COLUMNS)}) "  # noqa: S608 our own names
        f"VALUES ({', '.join(f'${number}' for number in range(1, len(_COLUMNS) + 1))}) "
        f"ON CONFLICT ({', '.join(ROLLUP_KEY)}) DO UPDATE SET {changes}"
    )


UPSERT: Final = {
    # A sum stops at its column's end: one absurd number must not keep everyone's rows out of the database.
    Kind.SQLITE: _upsert(f"MIN({_MAX}, {{}} + excluded.{{}})"),
    Kind.POSTGRESQL: _upsert(f"LEAST({_MAX}, {{}}::numeric + excluded.{{}})::bigint"),
}

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


def rows(session: Session, records: Iterable[CallRecord]) -> list[Row]:
    """Return the parameters of `UPSERT`, sorted: shippers of several replicas take row locks in one order."""
    return [(session.stamp(key[0]), *key[1:], *(min(each, _MAX) for each in sums)) for key, sums in sorted(sum_up(records).items())]
