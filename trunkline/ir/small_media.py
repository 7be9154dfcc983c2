"""The small operations that make or read media: images, speech, transcription; whole, and in pieces."""

from __future__ import annotations

import msgspec

from trunkline.ir.events import Ended, Failed
from trunkline.ir.parts import Media
from trunkline.ir.small import Extra
from trunkline.ir.usage import Usage


class File(msgspec.Struct, kw_only=True):
    """A file as it was uploaded: its bytes, never copied."""

    data: bytes | memoryview
    name: str = ""
    mime: str = ""


Picture = File | Media
"""An image that is given to a model: uploaded, or inline in JSON, by URL or by file id."""


class ImageRequest(msgspec.Struct, kw_only=True):
    """Images to be made, or changed where `images` are given."""

    prompt: str
    model: str = ""
    edit: bool = False
    """The client asked on the path for edits."""
    images: list[Picture] = msgspec.field(default_factory=list[Picture])
    mask: Picture | None = None
    """Where it is transparent, `images[0]` is to be changed."""
    n: int | None = None
    size: str | None = None
    """`1024x1024`, `auto`, or a word of the provider's own (`2K`)."""
    aspect_ratio: str | None = None
    """`16:9`."""
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    output_format: str | None = None
    """`png`, `jpeg`, `webp`."""
    compression: int | None = None
    """Percent, for `jpeg` and `webp`."""
    response_format: str | None = None
    """`url` or `b64_json`."""
    negative_prompt: str | None = None
    seed: int | None = None
    user: str | None = None
    stream: bool = False
    extra: Extra | None = None


class Image(msgspec.Struct, kw_only=True):
    """One image that was made: base64 or a URL."""

    data: str = ""
    url: str = ""
    mime: str = ""
    revised_prompt: str = ""
    extra: dict[str, object] | None = None


class ImageAnswer(msgspec.Struct, kw_only=True):
    """The images that were made."""

    images: list[Image]
    created: int = 0
    """Unix seconds; 0: the provider did not say."""
    withheld: str = ""
    """Why a filter held images back, where one did."""
    usage: Usage | None = None
    extra: Extra | None = None


class SpeechRequest(msgspec.Struct, kw_only=True):
    """A text to be read aloud."""

    model: str
    input: str
    voice: str = ""
    instructions: str | None = None
    """How to read it."""
    response_format: str | None = None
    """`mp3`, `opus`, `aac`, `flac`, `wav`, `pcm`."""
    speed: float | None = None
    """1 is the voice's own."""
    stream: bool = False
    """The audio is to come as server-sent events (`stream_format: sse`)."""
    extra: Extra | None = None


class SpeechAnswer(msgspec.Struct, kw_only=True):
    """Audio."""

    audio: bytes
    mime: str = ""
    usage: Usage | None = None
    """`characters` of the request, and tokens where the provider counts them."""
    extra: Extra | None = None


class TranscriptionRequest(msgspec.Struct, kw_only=True):
    """Speech to be written down."""

    file: File | Media
    """Uploaded, or a URL where the provider fetches it."""
    model: str = ""
    translate: bool = False
    """Into English."""
    language: str | None = None
    """Of the speech, ISO 639-1."""
    prompt: str | None = None
    response_format: str | None = None
    """`json`, `text`, `srt`, `verbose_json`, `vtt`, `diarized_json`."""
    temperature: float | None = None
    granularities: list[str] = msgspec.field(default_factory=list[str])
    """`word`, `segment`."""
    diarize: bool | None = None
    stream: bool = False
    extra: Extra | None = None
    """Other fields of the form; a field that came several times is a list."""


class Word(msgspec.Struct, kw_only=True, gc=False):
    """One word and its time, in seconds."""

    word: str
    start: float
    end: float
    speaker: str | int | None = None
    extra: dict[str, object] | None = None


class Segment(msgspec.Struct, kw_only=True, gc=False):
    """A stretch of speech and its time, in seconds."""

    text: str
    start: float
    end: float
    id: str | int | None = None
    speaker: str | int | None = None
    extra: dict[str, object] | None = None


class TranscriptionAnswer(msgspec.Struct, kw_only=True):
    """What was said."""

    text: str
    plain: bool = False
    """`text` is the whole body, already in the format that was asked for (`text`, `srt`, `vtt`)."""
    language: str = ""
    duration: float | None = None
    """Seconds of audio."""
    words: list[Word] | None = None
    segments: list[Segment] | None = None
    model: str = ""
    usage: Usage | None = None
    extra: Extra | None = None


class AnswerDelta(msgspec.Struct, gc=False):
    """More of the answer: text of a transcription, or base64 of audio that can be played by itself."""

    data: str
    audio: bool = False
    extra: dict[str, object] | None = None


class SegmentDone(msgspec.Struct, gc=False):
    """One more stretch of a transcription."""

    segment: Segment


class PartialImage(msgspec.Struct, gc=False):
    """An image as far as it is drawn."""

    image: Image
    index: int


class AnswerDone(msgspec.Struct, gc=False):
    """The whole answer; of speech, all but the audio, which came in pieces."""

    answer: ImageAnswer | SpeechAnswer | TranscriptionAnswer


class OtherEvent(msgspec.Struct, gc=False):
    """An event that only its own wire has."""

    extra: Extra


SmallEvent = AnswerDelta | SegmentDone | PartialImage | AnswerDone | OtherEvent | Ended | Failed
"""What a stream of a small operation is made of: pieces, then `AnswerDone`, then `Ended`; or `Failed`."""
