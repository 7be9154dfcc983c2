"""OpenAI `POST /v1/audio/speech` (platform.openai.com/docs/api-reference/audio): JSON in, audio out."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

import msgspec

from trunkline.ir.events import Ended
from trunkline.ir.failure import Failure
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.small_media import AnswerDelta, AnswerDone, SmallEvent, SpeechAnswer, SpeechRequest
from trunkline.ir.usage import Usage
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import shape
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.failure import openai_error
from trunkline.wire.small.openai_stream import STREAM_TYPE, OpenAIStreamEncoder

THROUGH: Final = frozenset({"openai"})
MIMES: Final = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
"""What OpenAI answers with; mp3 where nothing was asked."""
_REQUEST: Final = frozenset({"model", "input", "voice", "instructions", "response_format", "speed"})


class OpenAISpeech(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's format and its copies."""

    wire: str = "openai"

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> SpeechRequest:
        members = shape.parse_object(received.body)
        extra = shape.left_over(members, _REQUEST, self.wire)
        voice = members.get("voice")
        if isinstance(voice, dict):  # a voice of one's own: `{"id": "voice_..."}`
            extra.members["voice"] = voice
            voice = voice.get("id")
        if voice is not None and not isinstance(voice, str):
            raise BadShape("voice", "must be the name of a voice, or `{id}`")
        return SpeechRequest(
            model=shape.text(members, "model") or named.model,
            input=shape.need_text(members, "input"),
            voice=voice or "",
            instructions=shape.text(members, "instructions"),
            response_format=shape.text(members, "response_format"),
            speed=shape.number(members, "speed"),
            stream=members.get("stream_format") == "sse",
            extra=extra,
        )

    def encode_request(self, request: SpeechRequest, losses: Losses) -> Body:
        members: dict[str, object] = {"model": request.model, "input": request.input}
        own = request.extra.members if request.extra is not None and request.extra.wire == self.wire else {}
        shape.set_given(
            members,
            voice=own.get("voice", request.voice or None),
            instructions=request.instructions,
            response_format=request.response_format,
            speed=request.speed,
        )
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH)
        return Body(content=members, path="audio/speech")

    def decode_answer(self, received: Received, request: SpeechRequest) -> SpeechAnswer:
        return audio(received, request)

    def encode_answer(self, answer: SpeechAnswer, reply: Reply[SpeechRequest], _losses: Losses) -> Body:
        asked = reply.request.response_format or "mp3"
        if reply.request.stream:
            encoder = OpenAIStreamEncoder()
            pieces: list[SmallEvent] = [
                AnswerDelta(b64encode(answer.audio).decode("ascii"), audio=True),
                AnswerDone(answer),
                Ended(),
            ]
            return Body(data=b"".join(encoder.encode(piece) for piece in pieces), content_type=STREAM_TYPE)
        return Body(data=answer.audio, content_type=answer.mime or MIMES.get(asked, "application/octet-stream"))

    def encode_failure(self, failure: Failure) -> Body:
        return openai_error(failure)


def audio(received: Received, request: SpeechRequest, characters: str | None = None) -> SpeechAnswer:
    """An answer that is the audio itself. `characters`: the provider's own count, from a header.

    Raises:
        BadShape: it is empty, or JSON.
    """
    mime = received.content_type.partition(";")[0].strip()
    if not received.body or mime == "application/json":
        raise BadShape("", "the provider answered without audio")
    counted = int(characters) if characters and characters.isascii() and characters.isdigit() else None
    if counted is None or counted > 10_000_000:
        counted = len(request.input)
    return SpeechAnswer(audio=received.body, mime=mime, usage=Usage(characters=counted))
