"""Opaque state in an envelope."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir.envelope import PREFIX, is_envelope, open_envelope, seal
from trunkline.ir.parts import Opaque

_TEXT = st.text(max_size=60)


@given(
    st.builds(Opaque, kind=_TEXT, data=st.text(min_size=1, max_size=200), provider=_TEXT, deployment=_TEXT, id=_TEXT)
)
def test_what_is_sealed_comes_out_again(opaque: Opaque) -> None:
    """Whatever the blob holds, the envelope is plain ASCII and gives it back with its origin."""
    text = seal(opaque)
    assert text.isascii()
    assert not set(text) & set(' "\\\n{}<>&+/')
    assert open_envelope(text) == opaque


@pytest.mark.parametrize(
    "text",
    [
        "",
        "EqQBCkYIBBgCKkA=",
        PREFIX,
        PREFIX + "!!!",
        PREFIX + "e30=",
        PREFIX + "WyIiXQ==",
        PREFIX + "W10",
        PREFIX + "\u00e9",
    ],
)
def test_what_is_none_opens_to_nothing(text: str) -> None:
    """A provider's own blob and a damaged envelope give nothing; only the latter claims to be one."""
    assert open_envelope(text) is None
    assert is_envelope(text) == text.startswith(PREFIX)


def test_an_envelope_without_content_is_none() -> None:
    """An empty blob is never given out: an empty signature wedges a conversation."""
    assert open_envelope(seal(Opaque("x.signature", ""))) is None
