"""Events written as a stream for a client.

platform.openai.com/docs/api-reference/responses-streaming: every event has its `event:` line, a `sequence_number`, and
the members that the official clients demand. Items may overlap, as parts do. The last event is `response.completed` or
`response.incomplete` with the whole response; a stream that broke ends with `response.failed`, or with `error` where
nothing had begun. There is no `[DONE]`.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from trunkline.ir.answer import Finish
from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Foreign, Media, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members, Reply
from trunkline.wire.openai_responses import losses as reasons
from trunkline.wire.openai_responses.answer import client_logprobs, is_own, own_response, settle
from trunkline.wire.openai_responses.citations import client_annotation
from trunkline.wire.openai_responses.content import CONTENT, answer_output
from trunkline.wire.openai_responses.echo import response_id, skeleton, tier
from trunkline.wire.openai_responses.factory import Factory
from trunkline.wire.openai_responses.failure import error_type, response_error
from trunkline.wire.openai_responses.finish import write_finish
from trunkline.wire.openai_responses.ids import MESSAGE, minted
from trunkline.wire.openai_responses.items import starts_item
from trunkline.wire.openai_responses.shape import OWN, form_of, is_object, own, some_text
from trunkline.wire.openai_responses.usage import write_usage

_encode: Final = msgspec.json.Encoder().encode


class _Message:
    """A message item under way."""

    __slots__ = ("contents", "id", "item", "open", "output", "sealed")

    def __init__(self, output: int, item: Members, own_id: str) -> None:
        self.output = output
        self.item = item
        self.id = own_id
        self.contents: list[object] = []
        self.open = 0
        """Texts that have not ended."""
        self.sealed = False
        """No text comes after."""


class _Live:
    """A part under way."""

    __slots__ = ("citations", "content", "id", "logprobs", "message", "opaque", "output", "part", "pieces", "sent")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.output = -1
        self.id = ""
        self.content = -1
        """Its place in the content of its item; -1: not begun."""
        self.message: _Message | None = None
        self.pieces: list[str] = []
        self.sent = 0
        self.opaque: Opaque | None = getattr(part, "opaque", None)
        self.citations = 0
        self.logprobs: list[object] = []


class ResponsesStreamEncoder:
    """Writes one stream, framing included."""

    __slots__ = (
        "_created", "_factory", "_finish", "_id", "_live", "_message", "_model", "_native", "_output", "_over",
        "_reply", "_response", "_sequence", "_tier", "_usage", "losses",
    )  # fmt: skip

    def __init__(self, reply: Reply) -> None:
        self.losses = Losses()
        self._reply = reply
        self._factory = Factory(reply, self.losses)
        self._id = ""
        self._sequence = 0
        self._response: Members | None = None
        """As it was begun."""
        self._native: Members | None = None
        """The provider's own response object, where it is of this format."""
        self._output: list[object] = []
        self._live: dict[int, _Live] = {}
        self._message: _Message | None = None
        """The message that takes the next text."""
        self._finish: Finish | None = None
        self._usage: Usage | None = None
        self._tier = self._model = ""
        self._created = 0
        self._over = False

    def encode(self, event: Event) -> bytes:
        """The bytes of one event; may be empty. After `Failed`: the format's error event, and no end marker."""
        if self._over:
            return b""
        match event:
            case TextDelta():
                return self._delta(event)
            case PartStarted():
                return self._begin(event)
            case PartEnded():
                return self._end_part(event)
            case CitationDelta():
                return self._cite(event)
            case OpaqueDelta():
                live = self._live.get(event.index)
                if live is not None:
                    live.opaque = event.opaque
                return b""
            case Started():
                return self._start(event)[1]
            case Finished():
                if event.choice != 0:
                    return b""
                self._finish = event.finish
                message = self._message
                if self._native is None and message is not None and "status" in message.item:
                    message.item["status"] = write_finish(event.finish)[0]
                return self._seal()
            case UsageSeen():
                self._usage = event.usage
                return b""
            case Ended():
                return self._end(event)
            case Failed():
                return self._fail(event.failure)
            case Ping():
                return b": ping\n\n"
            case _:
                assert_never(event)

    def _event(self, kind: str, members: Members) -> bytes:
        whole = {"type": kind, "sequence_number": self._sequence, **members}
        self._sequence += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(whole))

    # The response.

    def _start(self, event: Started) -> tuple[Members, bytes]:
        native = event.native
        ours = is_own(native)
        self._id = self._factory.response = response_id(event.id, self._reply, ours=ours)
        self._tier, self._model, self._created = event.service_tier, event.model, event.created
        response = skeleton(self._reply, own_id=self._id, model=event.model, created=event.created)
        if ours and native is not None:
            self._native = native.members
        self._response = response
        out = self._event("response.created", {"response": response})
        return response, out + self._event("response.in_progress", {"response": response})

    def _begun(self) -> tuple[Members, bytes]:
        """The response, begun now at the latest."""
        return self._start(Started()) if self._response is None else (self._response, b"")

    def _end(self, event: Ended) -> bytes:
        begun, out = self._begun()
        out += self._seal()
        native = event.native
        if is_own(native) and native is not None:
            self._native = {**(self._native or {}), **native.members}
        if self._native:
            response = own_response(self._native, self._reply, self._id, self._model, self._created)
            response["output"] = self._output
        else:
            response = {**begun, "output": self._output}
            settle(response, *write_finish(self._finish))
            response["service_tier"] = tier(self._tier, response["service_tier"])
            if self._usage is not None:
                response["usage"] = write_usage(self._usage)
        self._over = True
        kind = "response.incomplete" if response.get("status") == "incomplete" else "response.completed"
        return out + self._event(kind, {"response": response})

    def _fail(self, failure: Failure) -> bytes:
        self._over = True
        if self._response is None:
            flat: Members = {
                "code": failure.code or None,
                "message": failure.message,
                "param": failure.param or None,
            }
            # The members are documented flat; the official clients raise for those inside `error`, which is also sent.
            return self._event("error", {**flat, "error": {**flat, "type": error_type(failure.kind)}})
        output = [item for item in self._output if not is_object(item) or item.get("status") != "in_progress"]
        response = {
            **self._response,
            "status": "failed",
            "error": response_error(failure),
            "output": output,
            "usage": None if self._usage is None else write_usage(self._usage),
        }
        return self._event("response.failed", {"response": response})

    # Parts.

    def _begin(self, event: PartStarted) -> bytes:
        path = f"content[{event.index}]"
        if event.choice != 0:
            self.losses.add(f"choices[{event.choice}]", reasons.OTHER_ANSWERS)
            return b""
        _, out = self._begun()
        part = event.part
        live = _Live(part)
        match part:
            case Text():
                self._live[event.index] = live
                return out + self._begin_text(live, part)
            case Reasoning():
                self._live[event.index] = live
                out += self._seal() + self._add(live, {"type": "reasoning", "summary": []}, part, path)
                return out + (self._say(live, part.text) if part.text else b"")
            case ToolCall():
                self._live[event.index] = live
                call = replace(part, arguments="")
                out += self._seal() + self._add(live, {}, call, path)
                return out + (self._say(live, part.arguments) if part.arguments else b"")
            case Foreign() if part.format is OWN and part.kind.startswith(CONTENT) and self._message is not None:
                self._message.contents.append(part.data)
                return out
            case Media() | Foreign():
                self._live[event.index] = live
                return out + self._seal()
            case ToolResult():
                self.losses.add(path, reasons.NO_RESULT)
                return out
            case _:
                assert_never(part)

    def _add(self, live: _Live, item: Members, part: Reasoning | ToolCall, path: str) -> bytes:
        """Begin an item that is one part."""
        place = live.output = len(self._output)
        if isinstance(part, ToolCall):
            item = self._factory.call(place, part, path)
            item["input" if part.custom else "arguments"] = ""
        else:
            own_id = self._factory.reasoning(place, replace(part, opaque=None), path).get("id")
            opaque = live.opaque
            item["id"] = opaque.id if opaque is not None and opaque.id else own_id
        live.id = some_text(item.get("id")) or minted("item", self._id, place)
        item.setdefault("id", live.id)
        item["status"] = "in_progress"
        self._output.append(item)
        return self._event("response.output_item.added", {"output_index": place, "item": item})

    def _begin_text(self, live: _Live, part: Text) -> bytes:
        out = b""
        message = self._message
        if message is None or starts_item(part):
            out = self._seal()
            message = self._open_message(part)
            out += self._event(
                "response.output_item.added", {"output_index": message.output, "item": self._output[message.output]}
            )
        if form_of(part.native, "empty"):
            return out
        live.message, live.output, live.id = message, message.output, message.id
        live.content = len(message.contents)
        message.contents.append(None)
        message.open += 1
        blank: Members = {"type": "refusal", "refusal": ""}
        if not part.refusal:
            blank = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        out += self._event("response.content_part.added", {**_where(live), "part": blank})
        for citation in part.citations:
            out += self._annotate(live, citation, len(part.text))
        return out + (self._say(live, part.text) if part.text else b"")

    def _open_message(self, part: Text) -> _Message:
        place = len(self._output)
        item = self._factory.message(place, part)
        own_id = some_text(item.get("id")) or minted(MESSAGE, self._id, place)
        item.setdefault("id", own_id)
        self._message = _Message(place, item, own_id)
        self._output.append({**item, "status": "in_progress", "content": []})
        return self._message

    def _delta(self, event: TextDelta) -> bytes:
        live = self._live.get(event.index)
        if live is None:
            return b""
        logprobs = client_logprobs(event.logprobs) if event.logprobs is not None else []
        return self._say(live, event.text, logprobs) if event.text or logprobs else b""

    def _say(self, live: _Live, text: str, logprobs: list[object] | None = None) -> bytes:
        """Give out more of a part."""
        live.pieces.append(text)
        live.sent += len(text)
        part = live.part
        match part:
            case Text():
                if live.message is None:
                    return b""
                if part.refusal:
                    return self._event("response.refusal.delta", {**_where(live), "delta": text})
                if logprobs:
                    live.logprobs.extend(logprobs)
                return self._event(
                    "response.output_text.delta", {**_where(live), "delta": text, "logprobs": logprobs or []}
                )
            case Reasoning():
                out = b"" if live.content >= 0 else self._begin_reasoning(live, part)
                if part.summary:
                    kind, where = "response.reasoning_summary_text.delta", _where(live, "summary_index")
                else:
                    kind, where = "response.reasoning_text.delta", _where(live)
                return out + self._event(kind, {**where, "delta": text})
            case ToolCall():
                kind = "custom_tool_call_input" if part.custom else "function_call_arguments"
                return self._event(
                    f"response.{kind}.delta", {"item_id": live.id, "output_index": live.output, "delta": text}
                )
            case Media() | Foreign() | ToolResult():
                return b""
            case _:
                assert_never(part)

    def _begin_reasoning(self, live: _Live, part: Reasoning) -> bytes:
        live.content = 0
        if part.summary:
            blank = {"type": "summary_text", "text": ""}
            return self._event(
                "response.reasoning_summary_part.added", {**_where(live, "summary_index"), "part": blank}
            )
        return self._event(
            "response.content_part.added", {**_where(live), "part": {"type": "reasoning_text", "text": ""}}
        )

    def _cite(self, event: CitationDelta) -> bytes:
        live = self._live.get(event.index)
        if live is None or not isinstance(live.part, Text):
            return b""
        part = live.part
        live.part = replace(part, citations=[*part.citations, event.citation])
        return self._annotate(live, event.citation, live.sent)

    def _annotate(self, live: _Live, citation: Citation, size: int) -> bytes:
        out = b""
        for note in client_annotation(citation, size, self.losses, "content") if live.message is not None else ():
            added = {**_where(live), "annotation_index": live.citations, "annotation": note}
            out += self._event("response.output_text.annotation.added", added)
            live.citations += 1
        return out

    def _end_part(self, event: PartEnded) -> bytes:
        live = self._live.pop(event.index, None)
        if live is None:
            return b""
        path = f"content[{event.index}]"
        text = "".join(live.pieces)
        part = event.part if event.part is not None and type(event.part) is type(live.part) else live.part
        given = part is not live.part
        if given and getattr(part, "opaque", None) is not None:
            live.opaque = getattr(part, "opaque", None)
        match part:
            case Text():
                return self._end_text(live, part if given else replace(part, text=text), path)
            case Reasoning():
                final = replace(part, text=part.text if given else text, opaque=live.opaque)
                return self._end_reasoning(live, final, path)
            case ToolCall():
                return self._end_call(live, part if given else replace(part, arguments=text), path)
            case Media():
                data = part.data if given else part.data + text
                images = self._factory.image(len(self._output), replace(part, data=data), path)
                return b"".join(self._whole(item) + self._carry(live) for item in images)
            case Foreign():
                return b"".join(map(self._whole, self._factory.foreign(part, path)))
            case ToolResult():
                return b""
            case _:
                assert_never(part)

    def _rest(self, live: _Live, text: str) -> bytes:
        """What of the final text has not been given out."""
        return self._say(live, text[live.sent :]) if len(text) > live.sent else b""

    def _end_text(self, live: _Live, part: Text, path: str) -> bytes:
        message = live.message
        if message is None:
            return b""
        started = live.part
        assert isinstance(started, Text)
        out = self._rest(live, part.text)
        final = answer_output(replace(part, refusal=started.refusal), path, self.losses, live.logprobs)
        message.contents[live.content] = final
        if started.refusal:
            out += self._event("response.refusal.done", {**_where(live), "refusal": part.text})
        else:
            done = {**_where(live), "text": part.text, "logprobs": live.logprobs}
            out += self._event("response.output_text.done", done)
        out += self._event("response.content_part.done", {**_where(live), "part": final})
        message.open -= 1
        if starts_item(part):
            message.item = {**self._factory.message(message.output, part), "id": message.id}
        if live.opaque is not None:
            if self._message is message:
                self._message = None
            message.sealed = True
        if message.sealed and message.open == 0:
            out += self._close(message)
        return out + self._carry(live)

    def _end_reasoning(self, live: _Live, part: Reasoning, path: str) -> bytes:
        started = live.part
        assert isinstance(started, Reasoning)
        out = b""
        summary = started.summary
        if part.summary == summary or live.content < 0:
            summary = part.summary
            live.part = replace(started, summary=summary)
            out = self._rest(live, part.text)
        if live.content >= 0:
            if summary:
                where, kind = _where(live, "summary_index"), "reasoning_summary_part"
                entry = {"type": "summary_text", "text": part.text}
                out += self._event("response.reasoning_summary_text.done", {**where, "text": part.text})
            else:
                where, kind = _where(live), "content_part"
                entry = {"type": "reasoning_text", "text": part.text}
                out += self._event("response.reasoning_text.done", {**where, "text": part.text})
            out += self._event(f"response.{kind}.done", {**where, "part": entry})
        item = self._factory.reasoning(live.output, part, path)
        return out + self._done(live.output, {**item, "id": live.id})

    def _end_call(self, live: _Live, part: ToolCall, path: str) -> bytes:
        arguments = part.arguments or ("" if part.custom or own(part.native) is not None else "{}")
        out = self._rest(live, arguments)
        name, kind = ("input", "custom_tool_call_input") if part.custom else ("arguments", "function_call_arguments")
        done = {"item_id": live.id, "output_index": live.output, name: arguments}
        out += self._event(f"response.{kind}.done", done)
        item = self._factory.call(live.output, part, path)
        if own(part.native) is None or "id" in item:
            item["id"] = live.id
        return out + self._done(live.output, item) + self._carry(live)

    # Items.

    def _whole(self, item: object) -> bytes:
        """An item that begins and ends at once."""
        place = len(self._output)
        self._output.append(item)
        begun = item
        if is_object(item) and "result" in item:
            begun = {**item, "result": None, "status": "in_progress"}  # the image once is enough
        added = self._event("response.output_item.added", {"output_index": place, "item": begun})
        return added + self._event("response.output_item.done", {"output_index": place, "item": item})

    def _done(self, place: int, item: Members) -> bytes:
        self._output[place] = item
        return self._event("response.output_item.done", {"output_index": place, "item": item})

    def _carry(self, live: _Live) -> bytes:
        """State of a part that has no place for it follows in an item of its own."""
        if live.opaque is None:
            return b""
        return self._whole(self._factory.carrier(len(self._output), live.opaque))

    def _seal(self) -> bytes:
        """No more texts for the message under way."""
        message, self._message = self._message, None
        if message is None:
            return b""
        message.sealed = True
        return self._close(message) if message.open == 0 else b""

    def _close(self, message: _Message) -> bytes:
        return self._done(message.output, {**message.item, "content": message.contents})


def _where(live: _Live, name: str = "content_index") -> Members:
    return {"item_id": live.id, "output_index": live.output, name: live.content}
