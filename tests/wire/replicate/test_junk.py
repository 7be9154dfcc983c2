"""Whatever bytes come: nothing but `BadShape`, and streams that keep to the grammar."""

from __future__ import annotations

import json

from tests.wire.cohere_chat.junk import damaged, mutations
from tests.wire.replicate.samples import BASE, PREDICTION, REQUEST, STREAM
from trunkline.ir.events import Failed
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape, Losses
from trunkline.wire.codec import Reply
from trunkline.wire.replicate.codec import CODEC
from trunkline.wire.replicate.job import Broken, Done, Job, Send, Wait

REPLY = Reply(id="r1", model="m", created=1, request=CODEC.decode_request(REQUEST))


def test_a_request_with_anything_wrong_is_refused_or_goes_back_as_it_came() -> None:
    """Each of 3,000 requests with one odd value raises `BadShape`, or is the same again on its way to a provider."""
    accepted = 0
    for body in mutations(REQUEST, 3000, seed=1):
        try:
            request = CODEC.decode_request(body)
        except BadShape:
            continue
        accepted += 1
        losses = Losses()
        assert CODEC.encode_request(request, losses) == body
        assert losses.found == []
    assert accepted > 500


def test_an_answer_with_anything_wrong_is_refused_or_goes_back_as_it_came() -> None:
    """Each of 3,000 predictions with one odd value raises `BadShape`, or is read, with all that it says."""
    accepted = 0
    for body in mutations(PREDICTION, 3000, seed=2):
        try:
            answer = CODEC.decode_answer(body)
        except BadShape:
            continue
        accepted += 1
        assert CODEC.encode_answer(answer, REPLY, Losses()) == body
    assert accepted > 500


def test_a_damaged_stream_fails_or_ends_but_never_breaks_the_grammar() -> None:
    """Each of 1,000 damaged streams gives events in the order of the grammar, in reads of 7 bytes too."""
    for data in damaged(STREAM, 1000, seed=3):
        decoder = CODEC.stream_decoder()
        events = check([*decoder.feed(data), *decoder.end()])
        slow = CODEC.stream_decoder()
        pieces = [event for at in range(0, len(data), 7) for event in slow.feed(data[at : at + 7])]
        assert [*pieces, *slow.end()] == events


def test_a_job_takes_any_answer() -> None:
    """Each of 3,000 odd predictions, under any status, waits, finishes or breaks the job; its events are a stream."""
    for i, body in enumerate(mutations(PREDICTION, 3000, seed=4)):
        job = Job(BASE, "meta/llama", {"input": {}}, stream=i % 2 == 0)
        assert isinstance(job.next(), Send)
        events = job.received((201, 200, 404, 500)[i % 4], json.dumps(body).encode())
        step = job.next()
        assert isinstance(step, Wait | Done | Broken)
        if not isinstance(step, Wait):
            check(events)
            assert isinstance(events[-1], Failed) is isinstance(step, Broken)


def test_any_bytes_are_an_error_answer() -> None:
    """Nothing, HTML, JSON of other shapes and too deep JSON all give a failure with a message."""
    for body in (b"", b"<html>", b"[]", b"null", b'{"detail": 3}', b"[" * 100_000, b"\xff\xfe", b'{"a":' + b"9" * 5000):
        failure = CODEC.decode_failure(500, body)
        assert failure.message
        assert failure.status == 500
        job = Job(BASE, "meta/llama", {"input": {}})
        assert isinstance(job.received(200, body)[-1], Failed)
