"""The table itself."""

from __future__ import annotations

from trunkline.providers.base_url import parse_base
from trunkline.providers.reference import PAGE, reference_markdown
from trunkline.providers.row import Row
from trunkline.providers.rows_absent import ABSENT
from trunkline.providers.table import ROWS, TABLE, UNREACHED
from trunkline.wire.openai_chat.usage import DIALECTS


def test_prefixes_are_unique() -> None:
    """No prefix stands for two hosts."""
    prefixes = [prefix for prefixes in _all_prefixes() for prefix in prefixes]
    assert len(prefixes) == len(set(prefixes)) == len(TABLE) + len(UNREACHED)


def _all_prefixes() -> list[tuple[str, ...]]:
    return [row.prefixes for row in ROWS] + [absent.prefixes for absent in ABSENT]


def test_rows_are_sound() -> None:
    """Every row has an address that parses, a dialect that exists, known endpoints, and a way to get a key."""
    for row in ROWS:
        assert row.usage in DIALECTS, row.name
        assert set(row.endpoints) <= set("CTE"), row.name
        assert row.keys or row.keyless, row.name
        assert row.base is not None or row.bases, row.name
        if row.base is not None:
            base = parse_base(_filled(row))
            assert base.scheme == "https" or base.is_loopback, row.name


def test_reference_page_is_current() -> None:
    """`docs/reference/providers.md` says what the table says (`python -m trunkline.providers.reference` mends it)."""
    assert PAGE.read_text() == reference_markdown()


def _filled(row: Row) -> str:
    base = row.base or ""
    for slot in row.slots:
        base = base.replace(f"{{{slot.name}}}", "x")
    return base
