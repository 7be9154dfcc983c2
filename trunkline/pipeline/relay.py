"""A stream on its way through: bytes forwarded as whole events, facts picked out of them."""

from __future__ import annotations

import re
from typing import Final

from trunkline.ir import Usage
from trunkline.ir.failure import Failure
from trunkline.wire.openai_chat.usage import later, parse_chunk
from trunkline.wire.sse import SseSplitter, event_data, has_data

_NULL_USAGE: Final = re.compile(rb',\s*"usage"\s*:\s*null(?=\s*[,}])')
_EVENT: Final = re.compile(rb"(?s).+?(?:\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n?|\Z)")
_TEXT: Final = re.compile(rb'"(?:content|text)"\s*:\s*"([^"\\]*)"')
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


def echo_model(body: bytes, name: bytes) -> bytes:
    """Put the requested model (a JSON string) where the provider named its own: LiteLLM's habit, a setting here."""
    return _MODEL.sub(lambda match: match.group(1) + name, body, count=1)


class Relay:
    """Watches one stream. `feed` returns what may be forwarded; the fields say what has been seen.

    An event goes on only when it is whole, so that a client never sees half of one (reliability U11).
    """

    __slots__ = (
        "_back", "_before", "_dialect", "_echo", "_frame", "_front", "_held", "_hide_usage", "_known", "_plain_back",
        "_splitter", "_usage_lies", "done", "error", "events", "failure", "finish_reason", "first", "malformed",
        "model", "progressed", "provider_id", "size", "usage",
    )  # fmt: skip

    def __init__(self, dialect: str, *, hide_usage: bool, echo: bytes) -> None:
        self._splitter = SseSplitter()
        self._dialect = dialect
        self._hide_usage = hide_usage
        self._echo = echo
        self._held = False
        """The splitter keeps bytes of an event that is not whole."""
        self._known = False
        self._front = self._back = b""
        self._frame = -1
        """Bytes of front and back together; -1 while no event was learnt."""
        self._before = b""
        """Comments ahead of the first event: they do not begin the answer, and go out with what does."""
        self._plain_back: bytes | None = None
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
        held = self._held
        if held:
            data = self._cut(data)
        text = data.removeprefix(self._front).removesuffix(self._back)  # `startswith` and `endswith` cost twice as much
        if (
            len(data) - len(text) == self._frame
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
            return data if self._plain_back is None else self._front + text + self._plain_back
        whole = data if held or data[-2:] == b"\n\n" else self._cut(data)
        if not whole or self.done:
            self.progressed = False
            return b""
        self.events += 1
        self.size += len(whole)
        return self._look(whole)

    def _cut(self, data: bytes) -> bytes:
        whole = self._splitter.feed(data)
        self._held = self._splitter.pending
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
            and b"[DONE]" not in whole
            and b'"finish_reason":"' not in whole
            and b'"finish_reason": "' not in whole
            and b'"error"' not in whole
            and whole.startswith(b"data: {")
            and whole.endswith(b"}\n\n")
            and b"}{" not in whole
            and whole.count(b"\n") == 2
        ):
            if b'"usage"' not in whole:
                self._learn(whole, whole)
                return whole
            at = whole.index(b'"usage"')
            if self._hide_usage and b"{" not in whole[at : at + 12]:
                clean = _NULL_USAGE.sub(b"", whole)
                self._learn(whole, clean)
                return clean
        self.events += max(whole.count(b"\n\n") - 1, 0)
        return self._study(whole)

    def _learn(self, event: bytes, clean: bytes) -> None:
        """Remember what stands before and behind the text of a plain event: the next ones are mostly the same."""
        match = _TEXT.search(event)
        if match is None:
            return
        self._front, self._back = event[: match.start(1)], event[match.end(1) :]
        self._frame = len(self._front) + len(self._back)
        self._plain_back = None
        if clean is not event:
            found = _TEXT.search(clean)
            if found is None or clean[: found.start(1)] != self._front:
                self._frame = -1
                return
            self._plain_back = clean[found.end(1) :]

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
        if self._hide_usage and b'"usage"' in event:
            event = _NULL_USAGE.sub(b"", event)
        return echo_model(event, self._echo) if self._echo else event
