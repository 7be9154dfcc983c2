"""A stream on its way through: bytes forwarded as whole events, facts picked out of them."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from trunkline.ir import Usage
from trunkline.ir.failure import Failure
from trunkline.wire.openai_chat.usage import later, parse_chunk
from trunkline.wire.sse import SseSplitter, event_data, has_data

_NULL_USAGE: Final = re.compile(rb',\s*"usage"\s*:\s*null(?=\s*[,}])')
_EVENT: Final = re.compile(rb"(?s).+?(?:\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n?|\Z)")
_NULL: Final = b',"usage":null'
_TEXTS: Final = tuple(
    b'"%b":%b"' % (name, space)
    for name in (b"content", b"reasoning_content", b"reasoning", b"arguments", b"text")
    for space in (b"", b" ")
)
"""What stands before the text of an event."""
_MODEL: Final = re.compile(rb'("model"\s*:\s*)"(?:[^"\\]|\\.)*"')

MAX_BEFORE: Final = 4096
QUOTE, BACKSLASH, CR, LF = b'"\\\r\n'
"""As numbers: `b'"' in data` raises and swallows a TypeError before it looks, ten times the price of `34 in data`."""


def _readable(data: bytes) -> bytes:
    """Data whose bytes are no UTF-8, made readable; what goes to the client stays as it came (reliability P10)."""
    return data.decode("utf-8", "replace").encode()


def _events(whole: bytes) -> list[bytes]:
    """Cut a run of events into single ones."""
    if CR in whole:
        return _EVENT.findall(whole)
    found: list[bytes] = []
    at, size = 0, len(whole)
    while at < size:  # what `_EVENT` finds, at a tenth of its price: it goes byte by byte
        end = whole.find(b"\n\n", at + 1)
        end = size if end < 0 else end + 2
        found.append(whole[at:end])
        at = end
    return found


def _without_null_usage(event: bytes) -> bytes:
    """Leave `"usage": null` out, which stands in every event where usage was asked for."""
    event = event.replace(_NULL, b"")  # the usual spelling, at a tenth of the pattern's price
    return event if event.find(b'"usage"') < 0 else _NULL_USAGE.sub(b"", event)


def _text_of(event: bytes) -> tuple[int, int] | None:
    """Where the text of an event begins and ends; `None` where there is none, or one that holds escapes."""
    for opening in _TEXTS:
        start = event.find(opening)
        if start >= 0:
            start += len(opening)
            end = event.find(b'"', start)
            if end > start:
                return None if BACKSLASH in event[start:end] else (start, end)
    return None


def echo_model(body: bytes, name: bytes) -> bytes:
    """Put the requested model (a JSON string) where the provider named its own: LiteLLM's habit, a setting here."""
    return _MODEL.sub(lambda match: match.group(1) + name, body, count=1)


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A plain event without its text: the next ones are mostly the same."""

    front: bytes
    """From `data:` to the quote that begins the text."""
    back: bytes
    """From the quote that ends it to the empty line."""
    shown_back: bytes
    """What of `back` the client gets."""


class Relay:
    """Watches one stream. `feed` returns what may be forwarded; the fields say what has been seen.

    An event goes on only when it is whole, so that a client never sees half of one (reliability U11).
    """

    __slots__ = (
        "_back", "_before", "_dialect", "_echo", "_front", "_hide_usage", "_known", "_size", "_splitter", "_usage_lies",
        "done", "error", "events", "failure", "finish_reason", "first", "frame", "held", "malformed", "model",
        "progressed", "provider_id", "size", "usage",
    )  # fmt: skip

    def __init__(self, dialect: str, *, hide_usage: bool, echo: bytes) -> None:
        self._splitter = SseSplitter()
        self._dialect = dialect
        self._hide_usage = hide_usage
        self._echo = echo
        self.held = False
        """The splitter keeps bytes of an event that is not whole."""
        self._known = False
        self.frame: Frame | None = None
        """What the last plain event that was looked at is made of; its parts again below, to be read quickly."""
        self._front = self._back = b""
        self._size = -1
        """Bytes of front and back together; -1 while no event was learnt."""
        self._before = b""
        """Comments ahead of the first event: they do not begin the answer, and go out with what does."""
        self._usage_lies = False
        self.done = False
        self.error = b""
        """Data of an error event inside the stream."""
        self.failure: Failure | None = None
        self.malformed = False
        """`error` is no event of the provider's but something that is no JSON object; it was not forwarded."""
        self.progressed = False
        """The last `feed` held data, not only comments and pings (reliability U08)."""
        self.events = 0
        self.size = 0
        self.first = 0
        """Bytes of the first event: the frame that each further one repeats."""
        self.finish_reason = ""
        self.model = ""
        self.provider_id = ""
        self.usage: Usage | None = None

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the provider; return whole events for the client.

        Raises:
            EventTooLong: an event without end.
        """
        held = self.held
        if held:
            data = self._cut(data)
        text = data.removeprefix(self._front).removesuffix(self._back)  # `startswith` and `endswith` cost twice as much
        if (
            len(data) - len(text) == self._size
            and text
            and QUOTE not in text
            and LF not in text
            and CR not in text
            and text[-1] != BACKSLASH
            and not self.done
        ):
            # The same event as one that was read before, but for the text: no quote and no line end in it, so it
            # cannot hold anything else.
            self.events += 1
            self.size += len(data)
            self.progressed = True
            frame = self.frame
            assert frame is not None
            return data if frame.shown_back is frame.back else frame.front + text + frame.shown_back
        whole = data if held or data[-2:] == b"\n\n" else self._cut(data)
        if not whole or self.done:
            self.progressed = False
            return b""
        self.events += 1
        self.size += len(whole)
        return self._look(whole)

    def _cut(self, data: bytes) -> bytes:
        whole = self._splitter.feed(data)
        self.held = self._splitter.pending
        return whole

    def _look(self, whole: bytes) -> bytes:
        """Look at events that are not just like one before."""
        self.progressed = has_data(whole)
        if not self.progressed:
            self.events -= 1
            self.size -= len(whole)
            if self._known:
                return whole
            before = self._before + whole
            self._before = before if len(before) <= MAX_BEFORE else b""  # pings for minutes are not kept
            return b""
        # One plain event that looks like a JSON object and holds nothing of note needs no parsing; all else is read.
        if (
            self._known
            and not self._echo
            and whole.startswith(b"data: {")
            and whole.endswith(b"}\n\n")
            and whole.find(b"\n")
            == len(whole) - 2  # `find`, because `in` raises and swallows a TypeError before it looks
            and CR not in whole
            and whole.find(b'"finish_reason":"') < 0
            and whole.find(b'"finish_reason": "') < 0
            and whole.find(b'"error"') < 0
            and whole.find(b"}{") < 0
            and whole.find(b"[DONE]") < 0
        ):
            bare = whole if whole.find(b'"usage"') < 0 else _without_null_usage(whole)
            if bare.find(b'"usage"') < 0:
                shown = bare if self._hide_usage else whole
                self._learn(whole, shown)
                return shown
        self.events += max(whole.count(b"\n\n") - 1, 0)
        return self._study(whole)

    def _learn(self, event: bytes, shown: bytes) -> None:
        """Remember what stands before and behind the text of a plain event: the next ones are mostly the same."""
        found = _text_of(event)
        if found is None:
            return
        start, end = found
        if shown is not event and not shown.startswith(event[:end]):
            return
        front, back = event[:start], event[end:]
        shown_back = back if shown is event else shown[end:]
        self.frame = Frame(front, back, shown_back)
        self._front, self._back, self._size = front, back, len(front) + len(back)

    def estimated_output(self) -> int:
        """Tokens produced so far, for a stream whose usage never came: most hosts send a token per event, some more."""
        frame = self.events * max(self.first - 4, 0)
        return max(self.events - 1, (self.size - frame) // 4, 0)

    @property
    def clean(self) -> bool:
        """The stream said that it was over."""
        return self.done or (bool(self.finish_reason) and not self._splitter.rest)

    def close(self, *, needs_marker: bool) -> bytes | None:
        """The provider closed: nothing is left to send; `None` where the stream was cut."""
        return b"" if self.clean and not (needs_marker and not self.done) else None

    def failed(self, failure: Failure) -> bytes | None:
        """Bytes pass here; an error of ours is written by the call."""
        del failure
        return None

    def _take_usage(self, usage: Usage) -> None:
        """Counts only grow within a stream; where they shrink, none of them can be true (reliability U23)."""
        self.usage = None if self._usage_lies else later(self.usage, usage)
        if self.usage is None:
            self._usage_lies = True

    def _study(self, whole: bytes) -> bytes:
        """Look into every event; leave out what the client did not ask for and what follows the end."""
        kept: list[bytes] = [self._before]
        self._before = b""
        for event in _events(whole):
            if self.done or self.error:
                break
            kept.append(self._study_one(event))
        return b"".join(kept)

    def _study_one(self, event: bytes) -> bytes:
        whole = event if event.endswith((b"\n", b"\r")) else event + b"\n\n"
        for data in event_data(whole, start=self.events == 1):
            if data == b"[DONE]":
                self.done = True
                return event
            facts = parse_chunk(data, self._dialect) or parse_chunk(_readable(data), self._dialect)
            if facts is None or facts.has_error:
                self.error = data
                self.malformed = facts is None
                return event if facts is not None else b""
            if not self._known:
                self._known = True
                self.first = len(event)
            self.model = facts.model or self.model
            self.finish_reason = facts.finish_reason or self.finish_reason
            if facts.bad_usage:
                self._usage_lies = True
            if facts.usage is not None:
                self._take_usage(facts.usage)
                if self._hide_usage and not facts.has_choices:
                    return b""
        if self._hide_usage and event.find(b'"usage"') >= 0:
            event = _without_null_usage(event)
        return echo_model(event, self._echo) if self._echo else event
