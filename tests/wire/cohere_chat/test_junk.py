"""Whatever bytes come: nothing but `BadShape`, and streams that keep to the grammar."""

from __future__ import annotations

from tests.wire.cohere_chat.junk import damaged, mutations
from tests.wire.cohere_chat.samples import ANSWER, REQUEST, STREAM
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.wire.codec import Reply
from trunkline.wire.cohere_chat.codec import CODEC

REPLY = Reply(id="r1", model="m", created=1, request=CODEC.decode_request(REQUEST))


def test_a_request_with_anything_wrong_is_refused_or_goes_back_as_it_came() -> None:
    """Each of 3,000 requests with one odd value raises `BadShape`, or is the same again on its way to a provider."""
    accepted = 0
    for body in mutations(REQUEST, 3000, seed=1):
        try:
            request = CODEC.decode_request(body)
            written = CODEC.encode_request(request, Losses())
        except (BadShape, Untranslatable):
            continue
        accepted += 1
        if body.get("model"):
            assert written == body
    assert accepted > 500


def test_an_answer_with_anything_wrong_is_refused_or_read() -> None:
    """Each of 3,000 answers with one odd value raises `BadShape`, or is read, with all that it says."""
    accepted = 0
    for body in mutations(ANSWER, 3000, seed=2):
        try:
            answer = CODEC.decode_answer(body)
        except BadShape:
            continue
        accepted += 1
        written = CODEC.encode_answer(answer, REPLY, Losses())
        if body.get("id") and body["message"].get("role") == "assistant":
            assert written == body
    assert accepted > 500


def test_a_damaged_stream_fails_or_ends_but_never_breaks_the_grammar() -> None:
    """Each of 1,000 damaged streams gives events in the order of the grammar, in reads of 7 bytes too."""
    for data in damaged(STREAM, 1000, seed=3):
        decoder = CODEC.stream_decoder()
        events = check([*decoder.feed(data), *decoder.end()])
        slow = CODEC.stream_decoder()
        pieces = [event for at in range(0, len(data), 7) for event in slow.feed(data[at : at + 7])]
        assert [*pieces, *slow.end()] == events


def test_any_bytes_are_an_error_answer() -> None:
    """Nothing, HTML, JSON of other shapes and too deep JSON all give a failure with a message."""
    for body in (
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"message": 3}',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"a":' + b"9" * 5000,
    ):
        failure = CODEC.decode_failure(500, body)
        assert failure.message
        assert failure.status == 500
