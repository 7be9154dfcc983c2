"""The growing array, cut into its objects."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.wire.gemini import framing
from trunkline.wire.gemini.framing import ArraySplitter

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('{}[]"\\\n,:é😀ab'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('{}"\\a', max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text('a{"\\', max_size=3), VALUES, max_size=4), max_size=5)


@settings(max_examples=200, deadline=None)
@given(OBJECTS, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_every_array_is_cut_into_its_objects(objects: list[object], size: int, indent: int | None, raw: bool) -> None:
    """Whatever stands in the strings, and wherever the reads end."""
    data = json.dumps(objects, indent=indent, ensure_ascii=raw).encode()
    splitter = ArraySplitter()
    found = [json.loads(one) for at in range(0, len(data), size) for one in splitter.feed(data[at : at + size])]
    assert found == objects
    assert splitter.closed
    assert not splitter.broken


def test_objects_come_before_the_break() -> None:
    """What was whole when the rubbish began is given, at any cut."""
    data = b'[{"a":1},{"b":2} x {"c":3}]'
    for size in (1, 4, 100):
        splitter = ArraySplitter()
        found = [one for at in range(0, len(data), size) for one in splitter.feed(data[at : at + size])]
        assert found == [b'{"a":1}', b'{"b":2}']
        assert "0x78" in splitter.broken


def test_an_endless_object_is_broken_off() -> None:
    """It must not fill the memory."""
    splitter = ArraySplitter()
    splitter.feed(b'[{"a":"')
    piece = b"x" * (1 << 20)
    for _ in range(framing.MAX_OBJECT_BYTES // len(piece) + 1):
        assert splitter.feed(piece) == []
    assert splitter.broken
