"""Deepgram `POST /v1/listen` (audio in, JSON out) and `/v1/speak` (JSON in, audio out): developers.deepgram.com.

Settings stand in the query; what a client writes beyond OpenAI's fields goes there as it is.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Media
from trunkline.ir.small_media import (
    Segment,
    SpeechAnswer,
    SpeechRequest,
    TranscriptionAnswer,
    TranscriptionRequest,
    Word,
)
from trunkline.wire.small import forms, shape, transcripts, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received
from trunkline.wire.small.openai_speech import THROUGH, audio
from trunkline.wire.small.openai_transcriptions import INTERPRETED, OPENAI_ONLY, report_openai_only

_ENCODINGS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "mp3": (("encoding", "mp3"),),
    "opus": (("encoding", "opus"), ("container", "ogg")),
    "aac": (("encoding", "aac"),),
    "flac": (("encoding", "flac"),),
    "wav": (("encoding", "linear16"), ("container", "wav")),
    "pcm": (("encoding", "linear16"), ("container", "none"), ("sample_rate", "24000")),
}
"""OpenAI's formats; its `pcm` is 24 kHz, 16 bit, without a header."""


class DeepgramListen(msgspec.Struct, frozen=True, kw_only=True):
    """Speech to text: the first channel's best alternative."""

    wire: str = "deepgram"

    def encode_request(self, request: TranscriptionRequest, losses: Losses) -> Body:
        if request.translate:
            raise losses.refuse("file", why.TRANSLATION)
        settings: dict[str, object] = {"model": request.model or None, "language": request.language}
        extra = request.extra.members if request.extra is not None else {}
        if "smart_format" not in extra and "punctuate" not in extra:
            settings["smart_format"] = True  # OpenAI's transcripts have punctuation, and this one's have none unasked
        shape.set_given(settings, diarize=request.diarize)
        shape.report(losses, why.PROMPT, prompt=request.prompt)
        shape.report(losses, why.KNOB, temperature=request.temperature)
        report_openai_only(request, losses)
        settings = {name: value for name, value in settings.items() if value is not None}
        shape.put_back(settings, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED | OPENAI_ONLY)
        query = _query(settings)
        source = request.file
        if isinstance(source, Media):
            if not source.url:
                raise losses.refuse("file", why.FILE_ID)
            return Body(content={"url": source.url}, path="listen", query=query)
        kind = source.mime or "application/octet-stream"
        return Body(data=bytes(source.data), content_type=kind, path="listen", query=query)

    def decode_answer(self, received: Received, _request: TranscriptionRequest) -> TranscriptionAnswer:
        members = shape.parse_object(received.body)
        results = shape.need_section(members.get("results"), "results")
        channels = shape.need_items(results, "channels", "results")
        channel = shape.need_section(channels[0] if channels else {}, "results.channels[0]")
        alternatives = shape.items(channel, "alternatives", "results.channels[0]") or []
        best = shape.need_section(alternatives[0] if alternatives else {}, "results.channels[0].alternatives[0]")
        metadata = shape.section(members, "metadata") or {}
        duration = shape.number(metadata, "duration", "metadata")
        language = channel.get("detected_language", metadata.get("language"))
        return TranscriptionAnswer(
            text=shape.text(best, "transcript", "alternatives[0]") or "",
            language=language if isinstance(language, str) else "",
            duration=duration,
            words=[_word(item, f"words[{at}]") for at, item in enumerate(shape.items(best, "words") or [])],
            segments=_segments(results),
            usage=usage.transcription(None, duration),
        )


class DeepgramSpeak(msgspec.Struct, frozen=True, kw_only=True):
    """Text to speech; a voice is a model there (`aura-2-thalia-en`)."""

    wire: str = "deepgram"

    def encode_request(self, request: SpeechRequest, losses: Losses) -> Body:
        model = request.model
        if request.voice.startswith("aura-"):
            model = request.voice
        elif request.voice:
            losses.add("voice", why.VOICE)
        encoding = _ENCODINGS.get(request.response_format or "mp3")
        if encoding is None:
            raise losses.refuse("response_format", why.AUDIO_FORMAT)
        shape.report(losses, why.KNOB, instructions=request.instructions)
        settings: dict[str, object] = {"model": model, **dict(encoding)}
        shape.set_given(settings, speed=request.speed)
        shape.put_back(settings, request.extra, self.wire, losses, through=THROUGH, quiet=frozenset({"stream_format"}))
        return Body(content={"text": request.input}, path="speak", query=_query(settings))

    def decode_answer(self, received: Received, request: SpeechRequest) -> SpeechAnswer:
        return audio(received, request, received.headers.get("dg-char-count"))


def _query(settings: dict[str, object]) -> list[tuple[str, str]]:
    return [(part.name, part.text()) for part in forms.fields(settings)]


def _word(value: object, path: str) -> Word:
    row = shape.need_section(value, path)
    speaker = row.get("speaker")
    return Word(
        word=shape.soft_text(row, "punctuated_word") or shape.need_text(row, "word", path),
        start=transcripts.seconds(row, "start", path),
        end=transcripts.seconds(row, "end", path),
        speaker=speaker if isinstance(speaker, int) and not isinstance(speaker, bool) else None,
    )


def _segments(results: dict[str, object]) -> list[Segment] | None:
    rows = shape.items(results, "utterances", "results")
    if rows is None:
        return None
    found: list[Segment] = []
    for place, value in enumerate(rows):
        row = shape.need_section(value, f"results.utterances[{place}]")
        segment = transcripts.read_segment(row, f"results.utterances[{place}]")
        found.append(msgspec.structs.replace(segment, text=shape.soft_text(row, "transcript"), id=None, extra=None))
    return found
