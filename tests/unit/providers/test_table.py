"""The table itself."""

from __future__ import annotations

from trunkline.ir import Endpoint
from trunkline.providers.base_url import parse_base
from trunkline.providers.reference import PAGE, reference_markdown
from trunkline.providers.row import OPERATIONS, Row
from trunkline.providers.rows_absent import ABSENT
from trunkline.providers.table import ROWS, TABLE, UNREACHED
from trunkline.wire.openai_chat.usage import DIALECTS
from trunkline.wire.small.codec import Operation
from trunkline.wire.small.registry import PROVIDERS

OPERATION_OF = {
    Endpoint.EMBEDDINGS: Operation.EMBED,
    Endpoint.RERANK: Operation.RERANK,
    Endpoint.MODERATIONS: Operation.MODERATE,
    Endpoint.IMAGES: Operation.IMAGE,
    Endpoint.IMAGE_EDITS: Operation.IMAGE,
    Endpoint.SPEECH: Operation.SPEAK,
    Endpoint.TRANSCRIPTIONS: Operation.TRANSCRIBE,
    Endpoint.TRANSLATIONS: Operation.TRANSCRIBE,
}


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
        assert set(row.endpoints) <= set(OPERATIONS), row.name
        assert len(set(row.endpoints)) == len(row.endpoints), row.name
        assert set(row.small) <= {one for letter in row.endpoints for one in OPERATIONS[letter]}, row.name
        assert all((wire, OPERATION_OF[endpoint]) in PROVIDERS for endpoint, wire in row.small.items()), row.name
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
