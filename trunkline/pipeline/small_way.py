"""Embeddings, reranking, moderation, images, speech and transcription: one question, one answer, in any wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from msgspec.structs import replace

from trunkline.config.snapshot import Deployment
from trunkline.ir import Endpoint, Usage
from trunkline.ir.events import Ended, Failed
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.small_media import AnswerDelta, AnswerDone, OtherEvent, PartialImage, SegmentDone, SmallEvent
from trunkline.pipeline.codec_relay import SINGLE_EVENT
from trunkline.pipeline.request import Edit, Sent, edit_for, prepare
from trunkline.pipeline.way import Carried, Refused, StreamRelay, Whole
from trunkline.wire.codec import Named
from trunkline.wire.small.codec import JSON_TYPE, Body, Received, Reply
from trunkline.wire.small.failure import decode_failure
from trunkline.wire.small.multipart import parse
from trunkline.wire.small.openai_stream import OpenAIStreamDecoder
from trunkline.wire.small.registry import OPERATIONS, PROVIDERS, SURFACES
from trunkline.wire.sse import LARGE_EVENT_BYTES, SseSplitter

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call
    from trunkline.upstream import Headers


class SmallWay:
    """One operation of one deployment, in the client's wire or another."""

    __slots__ = (
        "_deployment", "_edit", "_endpoint", "_extra", "_path", "_provider", "_same", "_surface", "client_stream_type",
        "stream_type",
    )  # fmt: skip

    def __init__(self, asked: Endpoint, offered: Endpoint, deployment: Deployment) -> None:
        """`asked` is the client's operation, `offered` the one of the deployment that serves it."""
        target = deployment.target
        assert target is not None
        client, operation = OPERATIONS[asked]
        wire = target.small.get(offered) or OPERATIONS[offered][0]
        self._endpoint = asked
        self._deployment = deployment
        self._path = target.paths[offered]
        self._extra = dict(target.quirks.body)
        self._surface: Any = SURFACES[(client, operation)]
        self._provider: Any = PROVIDERS[(wire, operation)]
        self._same = asked is offered and wire == client
        self._edit: Edit = edit_for(deployment, asked)
        self.stream_type = b"text/event-stream" if self._same else b""
        self.client_stream_type = b""

    def request(self, call: Call, carried: Carried) -> Sent:
        """The provider's body. Raises `Refused`."""
        losses = Losses()
        multipart = bool(call.arrival.content_type)
        try:
            asked = self._decode(call)
            carried.small = asked
            if self._same and not multipart:
                return prepare(
                    call.body, call.asked, call.prepared.named_as(call.asked.model), self._edit, wants_usage=False
                )
            if self._same and not self._edit.structural and multipart:
                kind = call.arrival.content_type
                carried.shape(call, self._path, (), kind, "")
                return Sent(parse(call.body, kind).with_field("model", self._deployment.model))
            body: Body = self._provider.encode_request(replace(asked, model=self._deployment.model), losses)
        except BadShape as error:
            raise Refused(_invalid(str(error), error.path)) from None
        except Untranslatable as error:
            message = f"`{self._deployment.model}` cannot take this request: {error}"
            raise Refused(_invalid(message, error.path)) from None
        if losses.found and carried.strict:
            first = losses.found[0]
            raise Refused(_invalid(f"`strict`: `{first.path}` cannot be carried: {first.reason}", first.path))
        if isinstance(body.content, dict):
            body.content = {**self._extra, **body.content}
        path = self._path.replace("{path}", body.path) if "{path}" in self._path else self._path
        if body.content_type != JSON_TYPE or body.query or body.accept or path != self._path:
            carried.shape(call, path, body.query, body.content_type, body.accept)
        return Sent(body.encoded(), losses=tuple(f"{loss.path} ({loss.reason})" for loss in losses.found))

    def _decode(self, call: Call) -> Any:
        received = Received(
            body=call.body,
            content_type=call.arrival.content_type or JSON_TYPE,
            path="/" + self._endpoint.value if "embed" not in self._endpoint.value else ":" + self._endpoint.value,
        )
        return self._surface.decode_request(received, Named(model=call.model_group, stream=call.stream))

    def whole(self, call: Call, carried: Carried, status: int, headers: Headers, body: bytes) -> Whole | Failure:
        """The client's answer."""
        del status
        content_type = headers.get(b"content-type", b"application/json")
        asked = carried.small
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        received = Received(body=body, content_type=content_type.decode("latin-1"), headers=named)
        try:
            answer = self._provider.decode_answer(received, asked)
        except BadShape as error:
            if self._same and not _is_json(content_type):
                return Whole(body=body, content_type=content_type, usage=_spoken(asked))
            return Failure(
                kind=FailureKind.INTERNAL, status=502, message=f"the provider's answer cannot be read: {error}"
            )
        usage, model = answer.usage or _spoken(asked), str(getattr(answer, "model", ""))
        if self._same:
            return Whole(body=body, content_type=content_type, usage=usage, model=model)
        losses = Losses()
        reply: Reply[Any] = Reply(
            request=asked, id=call.id, model=call.model_group, created=call.started_us // 1_000_000
        )
        written: Body = self._surface.encode_answer(answer, reply, losses)
        if written.status >= 400:
            message = getattr(answer, "withheld", "") or "the provider's filter held the answer back"
            return Failure(kind=FailureKind.CONTENT_POLICY, status=written.status, message=message)
        return Whole(
            body=written.encoded(),
            content_type=written.content_type.encode("latin-1", "replace"),
            usage=usage,
            model=model,
            streamed=True,
            losses=tuple(f"answer.{loss.path} ({loss.reason})" for loss in losses.found),
        )

    def relay(self, call: Call, carried: Carried) -> StreamRelay:
        """For one stream: only the client's own wire has any."""
        del call
        return SmallWatching(_spoken(carried.small))

    def restream(self, call: Call, carried: Carried, whole: bytes) -> StreamRelay | None:
        """A stream that was asked for of a host without streams is part of the answer's encoding."""
        del call, carried, whole
        return None

    def failure(self, status: int, body: bytes) -> tuple[Failure, bytes]:
        """The provider's error; the client's own wire's passes as it is."""
        return decode_failure(status, body), body if self._same and body.lstrip().startswith(b"{") else b""


class SmallWatching:
    """Forwards a stream of one of these operations and reads its usage."""

    __slots__ = (
        "_decoder", "_fallback", "_splitter", "done", "error", "events", "failure", "finish_reason", "malformed",
        "model", "progressed", "provider_id", "usage",
    )  # fmt: skip

    def __init__(self, fallback: Usage | None) -> None:
        self._decoder = OpenAIStreamDecoder()
        self._splitter = SseSplitter(LARGE_EVENT_BYTES)
        self._fallback = fallback
        self.done = self.progressed = self.malformed = False
        self.error = b""
        self.events = 0
        self.failure: Failure | None = None
        self.finish_reason = self.model = self.provider_id = ""
        self.usage: Usage | None = fallback

    def feed(self, data: bytes) -> bytes:
        """Whole events, as they came."""
        self.progressed = False
        whole = self._splitter.feed(data)
        if not whole:
            return b""
        kept: list[bytes] = []
        for event in SINGLE_EVENT.findall(whole):
            for read in self._decoder.feed(event):
                self._note(read)
            if self.failure is not None and b'"error"' not in event:
                self.malformed = True
                break
            kept.append(event)
        return b"".join(kept)

    def _note(self, event: SmallEvent) -> None:
        self.progressed = True
        self.events += 1
        match event:
            case Failed():
                self.failure = event.failure
                self.error = event.failure.message.encode() or b"error"
            case AnswerDone():
                self.usage = event.answer.usage or self._fallback
            case Ended():
                self.done = True
            case AnswerDelta() | SegmentDone() | PartialImage() | OtherEvent():
                pass
            case _:
                assert_never(event)

    def close(self, *, needs_marker: bool) -> bytes | None:
        """The provider closed: its `done` event has been seen, or the stream was cut."""
        del needs_marker
        for event in self._decoder.end():
            self._note(event)
        return b"" if self.failure is None else None

    def estimated_output(self) -> int:
        """No tokens are guessed for pictures and sounds."""
        return 0

    def failed(self, failure: Failure) -> bytes | None:
        """The call writes its own error."""
        del failure
        return None


def _is_json(content_type: bytes) -> bool:
    return content_type.lower().startswith(b"application/json")


def _spoken(asked: object) -> Usage | None:
    """Speech is billed by what is read aloud, which the request says."""
    text = getattr(asked, "input", None)
    return Usage(characters=len(text)) if isinstance(text, str) else None


def _invalid(message: str, param: str) -> Failure:
    return Failure(kind=FailureKind.INVALID_REQUEST, status=400, message=message, param=param)
