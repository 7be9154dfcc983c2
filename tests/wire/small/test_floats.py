"""Vectors as numbers and packed."""

from __future__ import annotations

import base64
import json
import struct
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.small.recorded import HERE, WHY_NOT, answered
from trunkline.ir.losses import BadShape
from trunkline.wire.small import floats

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(FLOAT32))
def test_what_is_packed_is_unpacked_exactly(numbers: list[float]) -> None:
    """A float32 is the same number afterwards, and the same bytes when packed again."""
    packed = floats.pack(numbers)
    assert floats.unpack(packed) == numbers
    assert base64.b64decode(packed) == struct.pack(f"<{len(numbers)}f", *numbers)


@given(st.binary().filter(lambda data: len(data) % 4 == 0))
def test_every_packed_vector_survives_json(data: bytes) -> None:
    """Through numbers written as JSON and read again, the bytes are the same; what JSON cannot write is an error."""
    packed = base64.b64encode(data).decode()
    numbers = struct.unpack(f"<{len(data) // 4}f", data)
    if all(isfinite(number) for number in numbers):
        assert floats.pack(json.loads(json.dumps(floats.unpack(packed)))) == packed
    else:
        with pytest.raises(ValueError, match="no number"):
            floats.unpack(packed)


@given(st.lists(st.integers(-128, 127)))
def test_one_byte_kinds_are_bytes(numbers: list[float]) -> None:
    """`int8` and `binary` are signed; `uint8` and `ubinary` are not."""
    for kind in ("int8", "binary"):
        assert floats.unpack(floats.pack(numbers, kind), kind) == numbers
    unsigned: list[float] = [number + 128 for number in numbers]
    for kind in ("uint8", "ubinary"):
        assert floats.unpack(floats.pack(unsigned, kind), kind) == unsigned


@pytest.mark.parametrize(
    ("numbers", "kind"), [([200.0], "int8"), ([-1.0], "uint8"), (["x"], "float"), ([None], "float"), ([1e300], "float")]
)
def test_a_number_that_does_not_fit_is_an_error(numbers: list[float], kind: str) -> None:
    """Nothing is cut off in silence."""
    with pytest.raises(ValueError, match="does not fit"):
        floats.pack(numbers, kind)


@pytest.mark.parametrize("text", ["AAA", "AAAA", "*", "AAAAAA==x", "é"])
def test_broken_base64_is_an_error(text: str) -> None:
    """Three bytes are no float, and other letters are no base64."""
    with pytest.raises(ValueError, match="no base64"):
        floats.unpack(text)


@pytest.mark.parametrize("value", [None, 5, {"a": 1}, [None], ["x"], [[1.0]], [10**400], [{}]])
def test_what_is_no_vector_is_a_bad_shape(value: object) -> None:
    """A list with anything but numbers is refused before a client gets it."""
    with pytest.raises(BadShape):
        floats.read(value, "embedding")


@pytest.mark.skipif(not HERE, reason=WHY_NOT)
def test_recorded_vectors_are_unpacked_to_their_bytes() -> None:
    """Every recorded base64 vector of OpenAI, Azure and Voyage gives the same base64 again."""
    seen = 0
    for one in answered("openai.embeddings", "azure.embeddings", "voyage.embeddings"):
        for row in one.answer["data"]:
            if isinstance(row["embedding"], str):
                numbers = floats.unpack(row["embedding"])
                assert floats.pack(numbers) == row["embedding"]
                seen += 1
    assert seen >= 5
