"""Streams of OpenAI's small operations: transcription, images, speech (`stream=true`, or `stream_format=sse`).

Each event's `type` says what it is: `transcript.text.{delta,segment,done}`, `image_generation.partial_image`,
`image_generation.completed` (and `image_edit...`), `speech.audio.{delta,done}`. The `done` event has the usage; a
`[DONE]` may follow (recorded for transcription) or not. Mistral's `transcription.{text.delta,segment,done}` are read
too (docs.mistral.ai/capabilities/audio).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, assert_never

import msgspec

from trunkline.ir.events import Ended, Failed
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import BadShape
from trunkline.ir.small import Extra
from trunkline.ir.small_media import (
    AnswerDelta,
    AnswerDone,
    Image,
    ImageAnswer,
    OtherEvent,
    PartialImage,
    SegmentDone,
    SmallEvent,
    SpeechAnswer,
    TranscriptionAnswer,
)
from trunkline.ir.usage import Usage
from trunkline.wire.small import shape, usage
from trunkline.wire.small.failure import decode_failure, openai_error
from trunkline.wire.small.transcripts import read_segment, read_segments, read_words, segment_members
from trunkline.wire.sse import LARGE_EVENT_BYTES, EventTooLong, SseSplitter, event_data

STREAM_TYPE: Final = "text/event-stream"

_encode: Final = msgspec.json.Encoder().encode
_IMAGE: Final = frozenset({"b64_json"})


class OpenAIStreamDecoder:
    """Reads a stream of any of the three."""

    __slots__ = ("_begun", "_broken", "_done", "_ended", "_images", "_splitter", "_wire")

    def __init__(self, wire: str = "openai") -> None:
        self._wire = wire
        self._splitter = SseSplitter(LARGE_EVENT_BYTES)
        self._begun = self._done = self._ended = self._broken = False
        self._images: list[Image] = []

    def feed(self, data: bytes) -> list[SmallEvent]:
        """Events that `data` completes."""
        if self._over():
            return []
        try:
            block = self._splitter.feed(data)
        except EventTooLong as error:
            return [self._fail(str(error))]
        found: list[SmallEvent] = []
        for event in event_data(block, start=not self._begun):
            if self._over():
                break
            found.append(self._read(event))
        self._begun = self._begun or bool(block)
        return found

    def end(self) -> list[SmallEvent]:
        """The peer closed. A stream is over after its `done`, whether `[DONE]` came or not."""
        if self._ended or self._broken:
            return []
        if self._done:
            self._ended = True
            return [Ended()]
        return [self._fail("the provider's stream ended before its end")]

    def _over(self) -> bool:
        return self._broken or self._ended

    def _read(self, data: bytes) -> SmallEvent:
        if data == b"[DONE]":
            self._ended = True
            return Ended() if self._done else self._fail("the provider's stream ended before its end")
        try:
            members = shape.parse_object(data)
            if members.get("error") or members.get("type") == "error":
                self._broken = True
                return Failed(decode_failure(502, data))
            return self._event(members)
        except BadShape as error:
            return self._fail(f"an event of the provider's stream cannot be read: {error}")

    def _event(self, members: dict[str, object]) -> SmallEvent:
        kind = shape.soft_text(members, "type")
        reader = _READERS.get(kind)
        if reader is not None:
            return reader(members, self._wire)
        if kind.endswith(".partial_image") and kind.startswith("image_"):
            index = shape.integer(members, "partial_image_index") or 0
            return PartialImage(_image(members), index)
        if kind.endswith(".completed") and kind.startswith("image_"):
            self._images.append(_image(members))
            self._done = True
            counted = usage.openai_images(members.get("usage"), len(self._images))
            return AnswerDone(ImageAnswer(images=list(self._images), created=_created(members), usage=counted))
        if kind in _ENDS:
            self._done = True
            return AnswerDone(_ENDS[kind](members, self._wire))
        return OtherEvent(Extra(self._wire, members))

    def _fail(self, reason: str) -> Failed:
        self._broken = True
        return Failed(Failure(kind=FailureKind.UNAVAILABLE, status=502, message=reason, code="stream_broken"))


class OpenAIStreamEncoder:
    """Writes a stream of any of the three."""

    __slots__ = ("_edit", "_wire")

    def __init__(self, *, wire: str = "openai", edit: bool = False) -> None:
        self._wire = wire
        self._edit = "image_edit" if edit else "image_generation"

    def encode(self, event: SmallEvent) -> bytes:
        """The bytes of one event. After a failure there is no `[DONE]`."""
        match event:
            case AnswerDelta():
                return _line(_delta(event))
            case SegmentDone():
                segment = segment_members(event.segment)
                return _line({"type": "transcript.text.segment", **segment})
            case PartialImage():
                members: dict[str, object] = {"type": f"{self._edit}.partial_image", "b64_json": event.image.data}
                return _line({**members, **(event.image.extra or {}), "partial_image_index": event.index})
            case AnswerDone():
                return b"".join(_line(members) for members in self._done(event))
            case OtherEvent():
                return _line(event.extra.members) if event.extra.wire == self._wire else b""
            case Ended():
                return b"data: [DONE]\n\n"
            case Failed():
                return _line(openai_error(event.failure).content)
            case _:
                assert_never(event)

    def _done(self, event: AnswerDone) -> list[dict[str, object]]:
        answer = event.answer
        match answer:
            case TranscriptionAnswer():
                done: dict[str, object] = {"type": "transcript.text.done", "text": answer.text}
                extra = answer.extra.members if shape.is_own(answer.extra, self._wire) and answer.extra else {}
                if "usage" not in extra:
                    shape.set_given(done, usage=usage.as_transcription(answer.usage))
                return [{**done, **extra}]
            case SpeechAnswer():
                return [{"type": "speech.audio.done", "usage": _speech_usage(answer.usage)}]
            case ImageAnswer():
                kind, counted = f"{self._edit}.completed", usage.as_image(answer.usage)
                rows: list[dict[str, object]] = []
                for image in answer.images:
                    row = {"type": kind, "b64_json": image.data} if image.data else {"type": kind, "url": image.url}
                    rows.append({**row, "created_at": answer.created, **(image.extra or {})})
                if rows and counted is not None:
                    rows[-1].setdefault("usage", counted)
                return rows
            case _:
                assert_never(answer)


def _delta(event: AnswerDelta) -> dict[str, object]:
    if event.audio:
        return {"type": "speech.audio.delta", "audio": event.data}
    return {"type": "transcript.text.delta", "delta": event.data, **(event.extra or {})}


def _text_delta(members: dict[str, object], _wire: str) -> SmallEvent:
    text = shape.need_text({"delta": members.get("delta", members.get("text"))}, "delta")
    besides = {name: value for name, value in members.items() if name not in ("delta", "text", "type")}
    return AnswerDelta(text, extra=besides or None)


def _audio_delta(members: dict[str, object], _wire: str) -> SmallEvent:
    return AnswerDelta(shape.need_text(members, "audio"), audio=True)


def _segment(members: dict[str, object], _wire: str) -> SmallEvent:
    return SegmentDone(read_segment({n: v for n, v in members.items() if n != "type"}, "segment"))


def _text_done(members: dict[str, object], wire: str) -> TranscriptionAnswer:
    extra = {name: value for name, value in members.items() if name not in ("type", "text")}
    return TranscriptionAnswer(
        text=shape.need_text(members, "text"),
        words=read_words(members.get("words"), "words"),
        segments=read_segments(members.get("segments"), "segments"),
        usage=usage.transcription(members.get("usage"), None),
        extra=Extra(wire, extra),
    )


def _audio_done(members: dict[str, object], _wire: str) -> SpeechAnswer:
    return SpeechAnswer(audio=b"", usage=usage.tokens(members.get("usage")))


_READERS: Final[dict[str, Callable[[dict[str, object], str], SmallEvent]]] = {
    "transcript.text.delta": _text_delta,
    "transcript.text.segment": _segment,
    "transcription.text.delta": _text_delta,
    "transcription.segment": _segment,
    "speech.audio.delta": _audio_delta,
}
_ENDS: Final[dict[str, Callable[[dict[str, object], str], TranscriptionAnswer | SpeechAnswer]]] = {
    "transcript.text.done": _text_done,
    "transcription.done": _text_done,
    "speech.audio.done": _audio_done,
}


def _image(members: dict[str, object]) -> Image:
    besides = {name: value for name, value in members.items() if name not in ("type", "b64_json", "url", "created_at")}
    besides.pop("partial_image_index", None)
    data, url = shape.soft_text(members, "b64_json"), shape.soft_text(members, "url")
    if not data and not url:
        raise BadShape("b64_json", "is missing")
    return Image(data=data, url=url, extra=besides)


def _created(members: dict[str, object]) -> int:
    value = members.get("created_at")
    return value if isinstance(value, int) and 0 <= value < 2**40 else 0


def _speech_usage(counted: Usage | None) -> dict[str, object]:
    read, wrote = (counted.input_total, counted.output_total) if counted is not None else (0, 0)
    return {"input_tokens": read, "output_tokens": wrote, "total_tokens": read + wrote}


def _line(members: object) -> bytes:
    return b"data: " + _encode(members) + b"\n\n"
