"""OpenAI `POST /v1/audio/transcriptions` and `/v1/audio/translations` (platform.openai.com/docs/api-reference/audio),
and the hosts whose form is like it: Mistral, Cohere, xAI (`/v1/stt`, without a model and with the file last).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.events import Ended
from trunkline.ir.failure import Failure
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind
from trunkline.ir.small_media import (
    AnswerDelta,
    AnswerDone,
    File,
    SmallEvent,
    TranscriptionAnswer,
    TranscriptionRequest,
)
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import forms, shape, transcripts, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.failure import openai_error
from trunkline.wire.small.multipart import Part, emit, parse
from trunkline.wire.small.openai_stream import STREAM_TYPE, OpenAIStreamEncoder

THROUGH: Final = frozenset({"openai"})

_REQUEST: Final = frozenset({"model", "language", "prompt", "response_format"})
_GRANULARITIES: Final = ("timestamp_granularities[]", "timestamp_granularities")
INTERPRETED: Final = frozenset({*_GRANULARITIES, "temperature", "stream", "diarize"})
"""Fields that are read into the request's own, and stay in `extra` as they were written for their own wire."""
OPENAI_ONLY: Final = frozenset(
    {
        *("include", "include[]", "chunking_strategy", "known_speaker_names", "known_speaker_names[]"),
        *("known_speaker_references", "known_speaker_references[]"),
    }
)
"""Reported, and not passed on."""
_TIMED: Final = frozenset({"verbose_json", "srt", "vtt", "diarized_json"})


class OpenAITranscriptions(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's form and its relatives."""

    wire: str = "openai"
    path: str = "audio/transcriptions"
    translates: bool = True
    takes: frozenset[str] = frozenset(
        {"model", "language", "prompt", "response_format", "temperature", "timestamp_granularities", "stream"}
    )
    """Fields that the host knows."""
    granularity: str = "timestamp_granularities[]"
    """Its name for them."""
    url: str = "file_url"
    """Its name for a file that it is to fetch."""

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> TranscriptionRequest:
        members, files = forms.read(parse(received.body, received.content_type), frozenset())
        uploads = files.get("file", [])
        url = shape.text(members, self.url)
        if len(uploads) + (url is not None) != 1:
            raise BadShape("file", "must be given once, as an upload")
        source = Media(kind=MediaKind.AUDIO, url=url) if url is not None else uploads[0]
        diarize = members.get("diarize")
        granularities: list[str] = []
        for name in _GRANULARITIES:
            value = members.get(name)
            granularities += [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return TranscriptionRequest(
            file=source,
            model=shape.text(members, "model") or named.model,
            translate=received.path.endswith("/translations"),
            language=shape.text(members, "language"),
            prompt=shape.text(members, "prompt"),
            response_format=shape.text(members, "response_format"),
            temperature=_number(members.get("temperature")),
            granularities=granularities,
            diarize=diarize == "true" if isinstance(diarize, str) else None,
            stream=members.get("stream") == "true",
            extra=shape.left_over(members, _REQUEST | {self.url}, self.wire),
        )

    def encode_request(self, request: TranscriptionRequest, losses: Losses) -> Body:
        own = shape.is_own(request.extra, self.wire)
        if request.translate and not self.translates:
            raise losses.refuse("file", why.TRANSLATION)
        members: dict[str, object] = {}
        for name, value in _settings(request, own=own).items():
            if value is None or value == [] or (name == "model" and "model" not in self.takes):
                continue
            if own or name in self.takes:
                members[self.granularity if name == "timestamp_granularities" else name] = value
            elif name in ("prompt", "temperature"):
                losses.add(name, why.PROMPT if name == "prompt" else why.KNOB)
        if not own:
            report_openai_only(request, losses)
            if request.response_format in _TIMED and "response_format" not in self.takes and self._has_times():
                members.setdefault(self.granularity, ["segment"])  # subtitles are made here, of segments
            shape.set_given(members, diarize=request.diarize)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED | OPENAI_ONLY)
        parts = [*forms.fields(members), *self._file(request, losses)]
        data, content_type = emit(parts)
        path = self.path.replace("transcriptions", "translations") if request.translate else self.path
        return Body(data=data, content_type=content_type, path=path)

    def decode_answer(self, received: Received, request: TranscriptionRequest) -> TranscriptionAnswer:
        kind = received.content_type.partition(";")[0].strip().lower()
        if kind in ("text/plain", "text/vtt", "application/x-subrip") or _is_plain(received, request):
            try:
                text = received.body.decode("utf-8")
            except UnicodeDecodeError as error:
                raise BadShape("", "the answer is not UTF-8") from error
            return TranscriptionAnswer(text=text, plain=True, extra=shape.left_over({}, frozenset(), self.wire))
        members = shape.parse_object(received.body)
        duration = shape.number(members, "duration")
        language = members.get("language")
        return TranscriptionAnswer(
            text=shape.need_text(members, "text"),
            language=language if isinstance(language, str) else "",
            duration=duration,
            words=transcripts.read_words(members.get("words"), "words"),
            segments=transcripts.read_segments(members.get("segments"), "segments"),
            model=shape.soft_text(members, "model"),
            usage=usage.transcription(members.get("usage"), duration),
            extra=shape.left_over(members, frozenset({"text"}), self.wire),
        )

    def encode_answer(self, answer: TranscriptionAnswer, reply: Reply[TranscriptionRequest], losses: Losses) -> Body:
        asked = reply.request.response_format or "json"
        if answer.plain:
            if asked in transcripts.PLAIN:
                return _plain(answer.text, asked)
            return Body(content={"text": answer.text})
        if reply.request.stream:
            return _stream(answer)
        if shape.is_own(answer.extra, self.wire):
            members: dict[str, object] = {"text": answer.text}
            shape.put_back(members, answer.extra, self.wire, losses)
            return Body(content=members)
        if asked in _TIMED and not answer.segments and not answer.words:
            losses.add("response_format", why.TRANSCRIPT_FORMAT)
        if asked in transcripts.PLAIN:
            return _plain(transcripts.PLAIN[asked](answer), asked)
        return Body(content=_members(answer, reply.request, asked))

    def encode_failure(self, failure: Failure) -> Body:
        return openai_error(failure)

    def _file(self, request: TranscriptionRequest, losses: Losses) -> list[Part]:
        source = request.file
        if isinstance(source, File):
            kind = source.mime or "application/octet-stream"
            return [Part(name="file", data=source.data, filename=source.name or "audio", content_type=kind)]
        if not source.url:
            raise losses.refuse("file", why.FILE_ID)
        return forms.fields({self.url: source.url})

    def _has_times(self) -> bool:
        return "timestamp_granularities" in self.takes


def report_openai_only(request: TranscriptionRequest, losses: Losses) -> None:
    """Report what only OpenAI's own models have."""
    given = request.extra.members if request.extra is not None else {}
    for name in sorted(OPENAI_ONLY & given.keys()):
        losses.add(name, why.KNOB)


def upload(request: TranscriptionRequest, losses: Losses) -> File:
    """The file, for a host that takes uploads only.

    Raises:
        Untranslatable: it is a URL.
    """
    if isinstance(request.file, File):
        return request.file
    raise losses.refuse("file", why.MEDIA_URL)


def _settings(request: TranscriptionRequest, *, own: bool) -> dict[str, object]:
    settings: dict[str, object] = {
        "model": request.model or None,
        "language": request.language,
        "prompt": request.prompt,
        "response_format": request.response_format,
    }
    if not own:
        settings["temperature"] = request.temperature
        settings["timestamp_granularities"] = request.granularities
        settings["stream"] = request.stream or None
    return settings


def _is_plain(received: Received, request: TranscriptionRequest) -> bool:
    """Some hosts send subtitles with the content type of JSON."""
    return request.response_format in transcripts.PLAIN and not received.body.lstrip().startswith(b"{")


def _number(value: object) -> float | None:
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            raise BadShape("temperature", "must be a number") from None
        if not 0 <= found <= 100:
            raise BadShape("temperature", "must be a number from 0 to 1")
        return found
    return None


def _plain(text: str, asked: str) -> Body:
    kind = "text/vtt" if asked == "vtt" else "text/plain"
    return Body(data=text.encode("utf-8", "replace"), content_type=f"{kind}; charset=utf-8")


def _stream(answer: TranscriptionAnswer) -> Body:
    encoder = OpenAIStreamEncoder()
    pieces: list[SmallEvent] = [
        AnswerDelta(answer.text),
        AnswerDone(answer),
        Ended(),
    ]
    return Body(data=b"".join(encoder.encode(piece) for piece in pieces), content_type=STREAM_TYPE)


def _members(answer: TranscriptionAnswer, request: TranscriptionRequest, asked: str) -> dict[str, object]:
    members: dict[str, object] = {}
    if asked in ("verbose_json", "diarized_json"):
        members["task"] = "translate" if request.translate else "transcribe"
        shape.set_given(members, language=answer.language or None, duration=answer.duration)
    members["text"] = answer.text
    if asked == "verbose_json":
        if answer.words is not None and "word" in request.granularities:
            members["words"] = [transcripts.word_members(word) for word in answer.words]
        if "segment" in request.granularities or not request.granularities:
            members["segments"] = [
                {"id": number, **transcripts.segment_members(cue)}
                for number, cue in enumerate(transcripts.cues(answer))
            ]
    if asked == "diarized_json":
        members["segments"] = [
            {"type": "transcript.text.segment", "id": f"seg_{number}", **transcripts.segment_members(cue)}
            for number, cue in enumerate(transcripts.cues(answer))
        ]
    shape.set_given(members, usage=usage.as_transcription(answer.usage))
    return members
