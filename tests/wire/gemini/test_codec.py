"""The codec as the rest of the gateway sees it."""

from __future__ import annotations

from trunkline.ir.format import Format
from trunkline.wire.codec import Codec
from trunkline.wire.gemini.codec import ARRAY, CODEC, VERTEX, GeminiCodec
from trunkline.wire.gemini.request_out import Rules


def test_it_is_a_codec_of_its_format() -> None:
    """Every variant has the interface (which the type checker sees) and names the format."""
    codecs: list[Codec] = [CODEC, VERTEX, ARRAY, GeminiCodec(rules=Rules(fill_signatures=True))]
    assert {codec.format for codec in codecs} == {Format.GEMINI}


def test_the_framing_decides_the_content_type() -> None:
    """Clients that did not ask for `alt=sse` get JSON."""
    assert (CODEC.stream_type, VERTEX.stream_type) == ("text/event-stream", "text/event-stream")
    assert ARRAY.stream_type.startswith("application/json")
