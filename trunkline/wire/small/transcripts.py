"""Words and segments of a transcription, read from OpenAI's shape, and written as JSON, SubRip and WebVTT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from trunkline.ir.losses import BadShape
from trunkline.ir.small_media import Segment, TranscriptionAnswer, Word
from trunkline.wire.small import shape

LINE_SECONDS: Final = 6.0
LINE_CHARACTERS: Final = 84
"""Words without segments become subtitles of at most so much: two lines of 42 characters, as is customary."""

_WORD: Final = frozenset({"word", "text", "start", "end", "speaker"})
_SEGMENT: Final = frozenset({"id", "text", "start", "end", "speaker"})
_MAX_SECONDS: Final = 10_000_000


def read_words(value: object, path: str) -> list[Word] | None:
    """Words; `None` where there are none.

    Raises:
        BadShape: a word has not its shape.
    """
    if value is None:
        return None
    if not isinstance(value, list):
        raise BadShape(path, "must be a list")
    return [_word(item, f"{path}[{place}]") for place, item in enumerate(value)]


def read_segments(value: object, path: str) -> list[Segment] | None:
    """Segments; `None` where there are none.

    Raises:
        BadShape: a segment has not its shape.
    """
    if value is None:
        return None
    if not isinstance(value, list):
        raise BadShape(path, "must be a list")
    return [read_segment(item, f"{path}[{place}]") for place, item in enumerate(value)]


def read_segment(value: object, path: str) -> Segment:
    """One segment.

    Raises:
        BadShape: it has not its shape.
    """
    row = shape.need_section(value, path)
    return Segment(
        text=shape.text(row, "text", path) or "",
        start=seconds(row, "start", path),
        end=seconds(row, "end", path),
        id=_name(row.get("id")),
        speaker=_name(row.get("speaker")),
        extra=shape.rest(row, _SEGMENT),
    )


def seconds(row: dict[str, object], name: str, path: str) -> float:
    """A time; 0 where it is not said, as for spacing between words."""
    value = shape.number(row, name, path)
    return value if value is not None and 0 <= value < _MAX_SECONDS else 0.0


def segment_members(segment: Segment) -> dict[str, object]:
    """A segment in OpenAI's shape."""
    members: dict[str, object] = {}
    shape.set_given(members, id=segment.id)
    members.update(text=segment.text, start=segment.start, end=segment.end)
    shape.set_given(members, speaker=segment.speaker)
    return {**members, **(segment.extra or {})}


def word_members(word: Word) -> dict[str, object]:
    """A word in OpenAI's shape."""
    members: dict[str, object] = {"word": word.word, "start": word.start, "end": word.end}
    shape.set_given(members, speaker=word.speaker)
    return members


def cues(answer: TranscriptionAnswer) -> list[Segment]:
    """What subtitles are made of: segments, or words gathered into lines, or the whole text as one."""
    if answer.segments:
        return answer.segments
    if not answer.words:
        return [Segment(text=answer.text, start=0.0, end=answer.duration or 0.0)] if answer.text else []
    found: list[Segment] = []
    for word in answer.words:
        last = found[-1] if found else None
        if (
            last is None
            or word.end - last.start > LINE_SECONDS
            or len(last.text) + 1 + len(word.word) > LINE_CHARACTERS
            or last.speaker != word.speaker
        ):
            found.append(Segment(text=word.word.strip(), start=word.start, end=word.end, speaker=word.speaker))
        else:
            last.text, last.end = f"{last.text} {word.word.strip()}", word.end
    return found


def srt(answer: TranscriptionAnswer) -> str:
    """SubRip: numbered, with a comma before the milliseconds."""
    blocks = [
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_line(cue)}\n"
        for number, cue in enumerate(cues(answer), 1)
    ]
    return "\n".join(blocks) + "\n"


def vtt(answer: TranscriptionAnswer) -> str:
    """WebVTT (w3.org/TR/webvtt1)."""
    blocks = [f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_line(cue)}\n" for cue in cues(answer)]
    return "\n".join(["WEBVTT\n", *blocks]) + "\n"


PLAIN: Final[dict[str, Callable[[TranscriptionAnswer], str]]] = {
    "text": lambda answer: answer.text + "\n",
    "srt": srt,
    "vtt": vtt,
}
"""Formats whose body is text; `text` ends in a line end, as OpenAI's does."""


def _word(value: object, path: str) -> Word:
    row = shape.need_section(value, path)
    text = shape.text(row, "word", path)
    return Word(
        word=text if text is not None else shape.need_text(row, "text", path),
        start=seconds(row, "start", path),
        end=seconds(row, "end", path),
        speaker=_name(row.get("speaker")),
        extra=shape.rest(row, _WORD),
    )


def _name(value: object) -> str | int | None:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _line(cue: Segment) -> str:
    """An empty line, or an arrow, would end the cue."""
    return " ".join(cue.text.replace("-->", "->").split())


def _clock(at: float, point: str) -> str:
    whole = round(at * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}{point}{whole % 1000:03}"
