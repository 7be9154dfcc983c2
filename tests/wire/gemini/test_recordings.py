"""Every recorded exchange there and back: requests, whole answers, streams cut anywhere, counts, errors."""

from __future__ import annotations

import json

import pytest

from tests.wire.gemini.recorded import (
    ABSENT,
    ANSWERS,
    COUNTS,
    ERRORS,
    EXCHANGES,
    REQUESTS,
    STREAMS,
    Exchange,
    each,
    merged,
    read,
    reply_to,
    written,
)
from trunkline.ir.answer import Answer
from trunkline.ir.events import Ended
from trunkline.ir.fold import fold
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Text
from trunkline.wire.codec import Named
from trunkline.wire.gemini.codec import GeminiCodec
from trunkline.wire.gemini.count import (
    decode_count_answer,
    decode_count_request,
    encode_count_answer,
    encode_count_request,
)

SIZES = (1, 2, 3, 7, 1024)


def test_the_recordings_are_there() -> None:
    """What the tests below run over is not empty."""
    if not EXCHANGES:
        pytest.skip(ABSENT)
    assert len(REQUESTS) > 90
    assert len(ANSWERS) > 50
    assert len(STREAMS) > 30


@each([one for one in REQUESTS if not one.counts])
def test_a_request_comes_back_as_it_was(exchange: Exchange) -> None:
    """Decoded and encoded again, a client's request is the same JSON, without a loss and itself unchanged."""
    before = json.dumps(exchange.body)
    losses = Losses()
    request = exchange.codec.decode_request(exchange.body, Named(model="m", stream=True))
    assert exchange.codec.encode_request(request, losses) == exchange.body
    assert losses.found == []
    assert request.stream
    assert json.dumps(exchange.body) == before


@each(ANSWERS)
def test_an_answer_comes_back_as_it_was(exchange: Exchange) -> None:
    """Decoded and encoded again, an answer is the same JSON, without a loss."""
    losses = Losses()
    answer = exchange.codec.decode_answer(exchange.answer)
    assert exchange.codec.encode_answer(answer, reply_to(), losses) == exchange.answer
    assert losses.found == []


@each(ANSWERS)
def test_counts_add_up(exchange: Exchange) -> None:
    """Input and output are Gemini's total, less what a search brought in, which is not billed."""
    usage, raw = exchange.codec.decode_answer(exchange.answer).usage, exchange.answer["usageMetadata"]
    assert usage is not None
    free = raw.get("toolUsePromptTokenCount", 0) if usage.web_searches else 0
    assert usage.input_total + usage.output_total + free == raw["totalTokenCount"]
    assert usage.cache_read == raw.get("cachedContentTokenCount", 0)


@each(ANSWERS)
def test_a_citation_is_where_its_segment_says(exchange: Exchange) -> None:
    """The stretch of every citation, in characters, is the text that Gemini counts in bytes."""
    for choice, raw in zip(
        exchange.codec.decode_answer(exchange.answer).choices, exchange.answer["candidates"], strict=True
    ):
        supports = (raw.get("groundingMetadata") or {}).get("groundingSupports") or []
        texts = {support["segment"]["text"] for support in supports}
        stretches = set()
        for part in choice.parts:
            for citation in part.citations if isinstance(part, Text) else ():
                assert isinstance(part, Text)
                if citation.start is not None:
                    stretches.add(part.text[citation.start : citation.end])
        assert stretches == texts


@each(STREAMS)
def test_every_cut_gives_the_same_events(exchange: Exchange) -> None:
    """However a stream is cut into reads, its events are the same, keep to the grammar, and end."""
    whole = read(exchange.stream, codec=exchange.codec)
    assert isinstance(whole[-1], Ended)
    for size in SIZES:
        assert read(exchange.stream, size, exchange.codec) == whole


@each(STREAMS)
def test_a_stream_folds_into_its_whole_answer(exchange: Exchange) -> None:
    """A folded stream is what the whole answer of the same chunks says."""
    assert fold(read(exchange.stream, codec=exchange.codec)) == whole_of(exchange)


@each(STREAMS)
def test_a_truncated_stream_never_ends(exchange: Exchange) -> None:
    """A stream without its last chunk fails, unless an earlier one had said the reason of its end too."""
    *rest, _ = exchange.chunks
    if any(one.get("finishReason") for piece in rest for one in piece.get("candidates", ())):
        return
    data = b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in rest)
    assert not isinstance(read(data or b"\n", codec=exchange.codec)[-1], Ended)


@each(STREAMS)
@pytest.mark.parametrize("array", [False, True])
def test_a_stream_written_anew_says_the_same(exchange: Exchange, array: bool) -> None:
    """The events of a stream, encoded in either framing and decoded again, fold into the same answer."""
    codec = GeminiCodec(rules=exchange.codec.rules, array=array)
    events = read(exchange.stream, codec=codec)
    again = written(events, codec)
    assert again.startswith(b"[{" if array else b"data: {")
    if array:
        json.loads(again)
    assert fold(read(again, codec=codec)) == fold(events)


@each([one for one in REQUESTS if one.counts])
def test_a_count_is_asked_as_it_was(exchange: Exchange) -> None:
    """Decoded and encoded again, a request for a count is the same JSON, in each of its shapes."""
    losses = Losses()
    request = decode_count_request(exchange.body, Named(model="m"))
    assert encode_count_request(request, losses, exchange.codec.rules) == exchange.body
    assert losses.found == []


@each(COUNTS)
def test_a_count_comes_back_as_it_was(exchange: Exchange) -> None:
    """A count is read, and written again as the same JSON."""
    count = decode_count_answer(exchange.answer)
    assert count.tokens == exchange.answer["totalTokens"]
    assert encode_count_answer(count) == exchange.answer


@each(ERRORS)
def test_an_error_keeps_its_message_and_word(exchange: Exchange) -> None:
    """A recorded error is read with its message and Google's word, and written with the message."""
    error = exchange.answer["error"]
    failure = exchange.codec.decode_failure(exchange.status, json.dumps(exchange.answer).encode())
    assert (failure.message, failure.code) == (error["message"], error["status"])
    again = exchange.codec.encode_failure(failure)["error"]
    assert isinstance(again, dict)
    assert again["message"] == error["message"]


def whole_of(exchange: Exchange) -> Answer:
    return exchange.codec.decode_answer(merged(exchange.chunks))
