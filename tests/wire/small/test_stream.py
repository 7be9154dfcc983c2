"""Streams of transcription, images and speech."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.small.recorded import HERE, WHY_NOT, exchanges
from trunkline.ir.events import Ended, Failed
from trunkline.ir.failure import FailureKind
from trunkline.ir.small_media import (
    AnswerDelta,
    AnswerDone,
    ImageAnswer,
    OtherEvent,
    PartialImage,
    SegmentDone,
    SmallEvent,
    SpeechAnswer,
    TranscriptionAnswer,
)
from trunkline.ir.usage import Usage
from trunkline.wire.small.openai_stream import OpenAIStreamDecoder, OpenAIStreamEncoder

STREAMS = [one for one in exchanges("openai.audio.transcriptions") if one.stream]


def sse(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def read(data: bytes, size: int | None = None) -> list[SmallEvent]:
    decoder, found = OpenAIStreamDecoder(), list[SmallEvent]()
    for at in range(0, len(data), size or len(data) or 1):
        found += decoder.feed(data[at : at + (size or len(data))])
    return found + decoder.end()


def written(events: list[SmallEvent]) -> bytes:
    encoder = OpenAIStreamEncoder()
    return b"".join(encoder.encode(event) for event in events)


@pytest.mark.skipif(not HERE, reason=WHY_NOT)
def test_a_stream_is_recorded() -> None:
    """Otherwise the tests below would check nothing."""
    assert STREAMS


@pytest.mark.parametrize("one", STREAMS, ids=lambda one: one.slug)
def test_a_recorded_stream_is_the_same_at_every_cut(one: Any) -> None:
    """Read in pieces of any size, it gives the same events, its pieces are its text, and it can be written again."""
    data = one.stream.encode()
    whole = read(data)
    for size in (1, 2, 3, 7, 1024):
        assert read(data, size) == whole
    done = whole[-2]
    assert isinstance(done, AnswerDone)
    answer = done.answer
    assert isinstance(answer, TranscriptionAnswer)
    assert "".join(event.data for event in whole if isinstance(event, AnswerDelta)) == answer.text
    assert answer.usage is not None
    assert answer.usage.audio_in > 0
    assert isinstance(whole[-1], Ended)
    assert read(written(whole)) == whole


@pytest.mark.parametrize("one", STREAMS, ids=lambda one: one.slug)
def test_a_stream_that_is_cut_short_fails(one: Any) -> None:
    """Cut anywhere before its `done`, it never ends as a clean one."""
    data = one.stream.encode()
    end = data.index(b'"transcript.text.done"')
    for at in range(0, end, 29):
        assert isinstance(read(data[:at])[-1], Failed)
    assert b"[DONE]" not in written(read(data[:end]))


def test_images_come_in_drafts_and_whole() -> None:
    """The usage counts tokens and images."""
    events = read(
        sse(
            {
                "type": "image_generation.partial_image",
                "b64_json": "QQ==",
                "partial_image_index": 0,
                "size": "1024x1024",
            },
            {
                "type": "image_generation.completed",
                "b64_json": "QUE=",
                "created_at": 7,
                "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
            },
        )
    )
    draft, done, ended = events
    assert isinstance(draft, PartialImage)
    assert (draft.image.data, draft.index) == ("QQ==", 0)
    assert isinstance(done, AnswerDone)
    assert isinstance(done.answer, ImageAnswer)
    assert (done.answer.images[0].data, done.answer.created) == ("QUE=", 7)
    assert done.answer.usage == Usage(3, 4, images=1)
    assert isinstance(ended, Ended)
    again = read(written(events))
    assert [type(event) for event in again] == [PartialImage, AnswerDone, Ended]
    assert isinstance(again[1], AnswerDone)
    assert again[1].answer.usage == Usage(3, 4, images=1)


def test_speech_comes_in_pieces_and_its_tokens_at_the_end() -> None:
    """Each piece is base64 by itself."""
    events = read(
        sse(
            {"type": "speech.audio.delta", "audio": "SUQz"},
            {"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14}},
        )
    )
    assert isinstance(events[0], AnswerDelta)
    assert events[0].data == "SUQz"
    assert isinstance(events[1], AnswerDone)
    assert isinstance(events[1].answer, SpeechAnswer)
    assert events[1].answer.usage == Usage(5, 9)
    assert read(written(events)) == events


def test_segments_and_events_of_tomorrow_pass() -> None:
    """A diarized stream has segments; what nobody knows yet goes on as it is."""
    stream = sse(
        {"type": "transcript.text.segment", "id": "s1", "text": "Hi", "start": 0.0, "end": 1.0, "speaker": "A"},
        {"type": "transcript.text.mood", "mood": "good"},
        {"type": "transcript.text.done", "text": "Hi"},
    )
    events = read(stream)
    assert [type(event) for event in events] == [SegmentDone, OtherEvent, AnswerDone, Ended]
    assert read(written(events)) == events


def test_mistrals_stream_becomes_openais() -> None:
    """Its events have other names."""
    events = read(
        sse(
            {"type": "transcription.text.delta", "text": "Hi"},
            {"type": "transcription.segment", "text": "Hi", "start": 0, "end": 1},
            {"type": "transcription.done", "text": "Hi", "usage": {"prompt_audio_seconds": 2, "prompt_tokens": 4}},
        )
    )
    out = written(events)
    assert b'"type":"transcript.text.delta"' in out
    assert b'"type":"transcript.text.segment"' in out
    assert isinstance(events[2], AnswerDone)
    assert events[2].answer.usage == Usage(4, audio_ms=2000)


@pytest.mark.parametrize(
    "data",
    [
        b"data: {\n\n",
        b"data: []\n\n",
        b"data: \xff\n\n",
        b"data: [DONE]\n\n",
        b'data: {"type":"transcript.text.delta"}\n\n',
        b'data: {"type":"transcript.text.done","text":5}\n\n',
        b'data: {"type":"image_generation.completed"}\n\n',
        b'data: {"type":"speech.audio.delta","audio":null}\n\n',
        b'data: {"type":"transcript.text.segment","start":"x"}\n\n',
        b"",
    ],
)
def test_a_malformed_stream_fails_and_raises_nothing(data: bytes) -> None:
    """And nothing follows the failure."""
    events = read(data + sse({"type": "transcript.text.done", "text": "Hi"}) if data else data)
    assert isinstance(events[-1], Failed)
    assert not any(isinstance(event, Ended) for event in events)


def test_an_error_event_is_the_failure() -> None:
    """With the provider's own code."""
    events = read(sse({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}))
    failed = events[-1]
    assert isinstance(failed, Failed)
    assert (failed.failure.message, failed.failure.code) == ("slow down", "rate_limit_exceeded")
    assert failed.failure.kind is FailureKind.RATE_LIMIT
    out = json.loads(written(events).removeprefix(b"data: "))
    assert out["error"]["message"] == "slow down"
    assert out["error"]["type"] == "rate_limit_error"


def test_an_endless_event_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not fill the memory."""
    monkeypatch.setattr("trunkline.wire.small.openai_stream.LARGE_EVENT_BYTES", 4 << 20)
    decoder, found = OpenAIStreamDecoder(), list[SmallEvent]()
    for _ in range(9):
        found += decoder.feed(b"data: " + b"x" * (1 << 20))
    assert [type(event) for event in found] == [Failed]
    assert decoder.end() == []
