"""Request ids: unique, sortable by time, and UUIDs of version 7."""

from __future__ import annotations

import re
import uuid

from trunkline.ledger.ids import IdMaker

NOW = 1_790_000_000_123_456
SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_a_million_ids_are_unique() -> None:
    """10^6 ids of one maker, many in one millisecond, differ."""
    maker = IdMaker()
    assert len({maker.make(NOW + number // 7) for number in range(1_000_000)}) == 1_000_000


def test_workers_do_not_meet() -> None:
    """Makers that start in the same millisecond give different ids."""
    made = [maker.make(NOW) for maker in [IdMaker() for _ in range(200)] for _ in range(200)]
    assert len(set(made)) == len(made)


def test_the_counter_starts_anywhere() -> None:
    """The last 48 bits of a maker's first id are drawn, so that workers differ where all other bits agree."""
    assert len({IdMaker().make(NOW)[24:] for _ in range(100)}) == 100


def test_ids_are_uuids_of_version_7() -> None:
    """RFC 9562: version and variant bits stand where they belong, the first 48 bits are milliseconds."""
    maker = IdMaker()
    for step in range(500):
        text = maker.make(NOW + step * 997)
        assert SHAPE.fullmatch(text)
        made = uuid.UUID(text)
        assert (made.version, made.variant) == (7, uuid.RFC_4122)
        assert made.int >> 80 == (NOW + step * 997) // 1000


def test_ids_sort_by_time() -> None:
    """A later millisecond sorts behind; within one, ids of a maker grow until the counter turns over."""
    maker = IdMaker()
    maker._counter = 5
    made = [maker.make(NOW + step * 100) for step in range(5000)]
    by_millisecond = [text[:13] for text in made]
    assert by_millisecond == sorted(by_millisecond)
    same = [maker.make(NOW) for _ in range(100)]
    assert same == sorted(same)


def test_the_counter_turns_over() -> None:
    """At its end the counter begins anew; the id keeps its shape."""
    maker = IdMaker()
    maker._counter = (1 << 48) - 1
    assert maker.make(NOW).endswith("-000000000000")
