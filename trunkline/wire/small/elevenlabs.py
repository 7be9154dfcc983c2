"""ElevenLabs `POST /v1/text-to-speech/{voice_id}` and `/v1/speech-to-text` (elevenlabs.io/docs/api-reference)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from trunkline.ir.losses import Losses
from trunkline.ir.small_media import (
    SpeechAnswer,
    SpeechRequest,
    TranscriptionAnswer,
    TranscriptionRequest,
    Word,
)
from trunkline.wire.small import forms, shape, transcripts, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received
from trunkline.wire.small.multipart import Part, emit
from trunkline.wire.small.openai_speech import THROUGH, audio
from trunkline.wire.small.openai_transcriptions import INTERPRETED, OPENAI_ONLY, report_openai_only, upload

_VOICES: Final = {
    "alloy": "21m00Tcm4TlvDq8ikWAM",
    "ash": "AZnzlk1XvdvUeBnXmlld",
    "coral": "9BWtsMINqrJLrRacOk9x",
    "onyx": "29vD33N1CtxCmqQRPOHJ",
    "sage": "CwhRBWXzGAHq8TQ4Fs17",
    "verse": "CYw3kZ02Hs0563khs1Fj",
}
"""OpenAI's names to premade voices, as LiteLLM pairs them; every other name is taken for a voice id."""
_VOICE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""It stands in the path."""
_FORMATS: Final = {"mp3": "mp3_44100_128", "opus": "opus_48000_128", "pcm": "pcm_24000"}
"""OpenAI's `pcm` is 24 kHz, so this one is too. Formats that are not here have none; words with a `_` go through."""
_QUERY: Final = frozenset({"output_format", "optimize_streaming_latency", "enable_logging"})


class ElevenLabsSpeech(msgspec.Struct, frozen=True, kw_only=True):
    """Text to speech."""

    wire: str = "elevenlabs"

    def encode_request(self, request: SpeechRequest, losses: Losses) -> Body:
        voice = _VOICES.get(request.voice.lower(), request.voice)
        if not _VOICE_ID.fullmatch(voice):
            raise losses.refuse("voice", why.VOICE)
        asked = request.response_format or "mp3"
        output = asked if "_" in asked else _FORMATS.get(asked)
        if output is None:
            raise losses.refuse("response_format", why.AUDIO_FORMAT)
        members: dict[str, object] = {"text": request.input, "model_id": request.model}
        shape.report(losses, why.KNOB, instructions=request.instructions)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=frozenset({"stream_format"}))
        if request.speed is not None:
            settings = members.get("voice_settings")
            given = settings if isinstance(settings, dict) else {}
            members["voice_settings"] = {**given, "speed": request.speed}
        query = {"output_format": output, **{name: members.pop(name) for name in _QUERY if name in members}}
        return Body(
            content=members,
            path=f"text-to-speech/{voice}",
            query=[(name, forms.written(value)) for name, value in query.items()],
        )

    def decode_answer(self, received: Received, request: SpeechRequest) -> SpeechAnswer:
        return audio(received, request, received.headers.get("character-cost"))


class ElevenLabsTranscriptions(msgspec.Struct, frozen=True, kw_only=True):
    """Speech to text, with the time of every word."""

    wire: str = "elevenlabs"

    def encode_request(self, request: TranscriptionRequest, losses: Losses) -> Body:
        if request.translate:
            raise losses.refuse("file", why.TRANSLATION)
        file = upload(request, losses)
        members: dict[str, object] = {"model_id": request.model}
        shape.set_given(
            members, language_code=request.language, temperature=request.temperature, diarize=request.diarize
        )
        shape.report(losses, why.PROMPT, prompt=request.prompt)
        report_openai_only(request, losses)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED | OPENAI_ONLY)
        kind = file.mime or "application/octet-stream"
        part = Part(name="file", data=file.data, filename=file.name or "audio", content_type=kind)
        data, content_type = emit([*forms.fields(members), part])
        return Body(data=data, content_type=content_type, path="speech-to-text")

    def decode_answer(self, received: Received, _request: TranscriptionRequest) -> TranscriptionAnswer:
        members = shape.parse_object(received.body)
        rows = shape.items(members, "words") or []
        words = [word for at, row in enumerate(rows) if (word := _word(row, f"words[{at}]")) is not None]
        duration = shape.number(members, "audio_duration_secs")
        if duration is None and words:
            duration = max(word.end for word in words)  # all that it says of the length, unless it says it
        return TranscriptionAnswer(
            text=shape.need_text(members, "text"),
            language=shape.soft_text(members, "language_code"),
            duration=duration,
            words=words,
            usage=usage.transcription(None, duration),
        )


def _word(value: object, path: str) -> Word | None:
    """Spacing and sounds are no words."""
    row = shape.need_section(value, path)
    if row.get("type", "word") != "word":
        return None
    speaker = row.get("speaker_id")
    return Word(
        word=shape.need_text(row, "text", path),
        start=transcripts.seconds(row, "start", path),
        end=transcripts.seconds(row, "end", path),
        speaker=speaker if isinstance(speaker, str) else None,
    )
