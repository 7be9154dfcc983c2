"""One chat format in, another out: decode, adapt to the model, encode; and the answer back the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import asdict, replace

from trunkline.config.snapshot import Deployment
from trunkline.ir.answer import Answer
from trunkline.ir.events import Event
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.fold import unfold
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.request import Request
from trunkline.pipeline.codec_relay import Restreamed, Translating, Untooling
from trunkline.pipeline.continued import shown
from trunkline.pipeline.drops import leave_out
from trunkline.pipeline.request import NOT_READABLE, OBEYED, OURS, Sent
from trunkline.pipeline.way import Again, Carried, Fetch, Refused, Whole
from trunkline.profiles.adapt import Adapter, MustFetch
from trunkline.profiles.schemas import schema_tool, untool
from trunkline.wire.codec import Codec, Members, Named, Reply, StreamDecoder, StreamEncoder
from trunkline.wire.openai_chat.failure import failure_inside

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call
    from trunkline.upstream import Headers

_decode: Final = msgspec.json.Decoder(dict[str, object]).decode
_encode: Final = msgspec.json.Encoder().encode


class Translation:
    """The way between a client's format and a deployment's."""

    __slots__ = (
        "_adapter", "_defaults", "_drop", "_extra", "_leave_out", "_own", "_rename", "_theirs", "_usage_option",
        "client_stream_type", "deployment", "stream_type",
    )  # fmt: skip

    def __init__(
        self, *, own: Codec, theirs: Codec, adapter: Adapter, deployment: Deployment, usage_option: bool
    ) -> None:
        """`own` is the client's format, `theirs` the provider's.

        `usage_option`: the provider ends a stream with its usage only where `stream_options` asks for it.
        """
        target = deployment.target
        assert target is not None
        self._own = own
        self._theirs = theirs
        self._adapter = adapter
        self.deployment = deployment
        self._drop = deployment.drop
        self._leave_out = target.quirks.leave_out
        # Names that hosts and families of OpenAI's format have for a knob (`max_completion_tokens`).
        self._rename = {**target.quirks.rename, **deployment.rename} if theirs.format is Format.OPENAI_CHAT else {}
        self._extra = dict(target.quirks.body)
        self._defaults, native = _read_defaults(deployment.defaults)
        self._extra.update(native)
        self._usage_option = usage_option
        self.stream_type = theirs.stream_type.encode() if target.quirks.streams else b""
        self.client_stream_type = own.stream_type.encode()

    def request(self, call: Call, carried: Carried) -> Sent:
        """The provider's body. Raises `Refused` and `Fetch`."""
        losses = Losses()
        members = self.checked(call, carried, losses)
        return Sent(_encode(members), losses=_told(losses) if losses.found else ())

    def checked(self, call: Call, carried: Carried, losses: Losses) -> Members:
        """The provider's body as JSON members. Raises `Refused` and `Fetch`."""
        try:
            members = self.members(call, carried, losses)
        except BadShape as error:
            raise Refused(_invalid(str(error), error.path)) from None
        except Untranslatable as error:
            raise Refused(_invalid(f"{self._named()} cannot take this request: {error}", error.path)) from None
        except MustFetch as needed:
            raise Fetch(needed.urls) from None
        if losses.found and carried.strict:
            first = losses.found[0]
            raise Refused(
                _invalid(f"`strict`: {self._named()} cannot carry `{first.path}`: {first.reason}", first.path)
            )
        return members

    def members(self, call: Call, carried: Carried, losses: Losses) -> Members:
        """The provider's body as JSON members; what `/utils/transform_request` shows.

        Raises:
            BadShape, Untranslatable, MustFetch.
        """
        request = self._asked(call, carried, losses)
        if self._defaults is not None:
            request = _with_defaults(request, self._defaults)
        adapted = self._adapter.adapt(request, losses, carried.fetched)
        carried.schema_tool = schema_tool(adapted) is not None
        native = adapted.native
        passed: dict[str, object] = {}
        if native is not None and native.members and native.format is not self._theirs.format:
            # A member that is not OpenAI's own is meant for the provider (LiteLLM's `extra_body`).
            passed = {
                name: value for name, value in native.members.items() if self._adapter.passes(name, native.format)
            }
            if passed:
                left = {name: value for name, value in native.members.items() if name not in passed}
                adapted = replace(adapted, native=replace(native, members=left))
        members = self._theirs.encode_request(adapted, losses)
        if passed or self._extra:
            for name, value in {**passed, **self._extra}.items():
                members.setdefault(name, value)
        if call.stream and self._usage_option:
            members["stream_options"] = {"include_usage": True}
        for name in self._leave_out:
            members.pop(name, None)
        if self._rename:
            for old, new in self._rename.items():
                if old in members:
                    value = members.pop(old)
                    members.setdefault(new, value)
        return members

    def _asked(self, call: Call, carried: Carried, losses: Losses) -> Request:
        """The client's request. Each attempt reads it anew: what is left out differs by deployment."""
        try:
            members = _decode(call.body)
        except NOT_READABLE as error:
            raise BadShape("", f"Invalid JSON in the request body: {error}") from None
        if not OURS.isdisjoint(members):
            for name in OURS & members.keys():
                del members[name]
                if name not in OBEYED:
                    losses.add(name, "a parameter for the gateway that it does not take from clients")
        for path in self._drop:
            if leave_out(members, path):
                losses.add(path, "left out, as the configuration says")
        asked = self._own.decode_request(members, Named(model=call.model_group, stream=call.stream))
        if not asked.messages and members.get("input") != "":  # an empty word is an input, as in LiteLLM
            raise BadShape("", "the request holds no messages: there is nothing to answer")
        carried.decoded = asked
        return replace(asked, model=self._adapter.model, stream=call.stream)

    def _named(self) -> str:
        return f"`{self._adapter.model}`"

    def whole(
        self, call: Call, carried: Carried, status: int, headers: Headers, body: bytes
    ) -> Whole | Again | Failure:
        """The client's answer."""
        del headers
        try:
            read = _decode(body)
            inside = error_under_200(self._theirs, read, body)
            if inside is not None:
                return inside
            answer = self._theirs.decode_answer(read)
        except (BadShape, *NOT_READABLE) as error:
            return _unreadable(status, error)
        return self.written(call, carried, answer)

    def written(self, call: Call, carried: Carried, answer: Answer) -> Whole:
        """An answer in the client's format."""
        losses = Losses()
        if carried.schema_tool:
            answer = untool(answer)
        choice = answer.choices[0] if answer.choices else None
        native = answer.native
        if native is not None and native.format is not self._own.format:
            native = None  # the provider's book-keeping, no part of what the model said
        model = call.model_group if call.state.snapshot.echo_model else answer.model
        shown = replace(answer, model=model, native=native)
        members = self._own.encode_answer(shown, self._reply(call, carried), losses)
        finish = "" if choice is None else choice.finish_native or (choice.finish.value if choice.finish else "")
        return Whole(
            body=_encode(members),
            usage=answer.usage,
            model=answer.model,
            provider_id=answer.id,
            finish_reason=finish,
            losses=_told(losses, "answer.") if losses.found else (),
        )

    def relay(self, call: Call, carried: Carried) -> Translating:
        """For one stream."""
        kind = Untooling if carried.schema_tool else Translating
        return kind(self.provider_decoder(), self.client_encoder(call, carried), echo=echoed(call))

    def provider_decoder(self) -> StreamDecoder:
        """Reads the provider's stream."""
        return self._theirs.stream_decoder()

    def client_encoder(self, call: Call, carried: Carried) -> StreamEncoder:
        """Writes the client's."""
        return self._own.stream_encoder(self._reply(call, carried))

    def restream(self, call: Call, carried: Carried, whole: bytes) -> Restreamed | None:
        """A whole answer as the stream that was asked for."""
        try:
            answer = self._theirs.decode_answer(_decode(whole))
            events: list[Event] = list(unfold(untool(answer) if carried.schema_tool else answer))
        except (BadShape, *NOT_READABLE):
            return None
        return Restreamed(self.provider_decoder(), self.client_encoder(call, carried), events, echo=echoed(call))

    def failure(self, status: int, body: bytes) -> tuple[Failure, bytes]:
        """The provider's error; the client's body is made from it."""
        return self._theirs.decode_failure(status, body), b""

    def _reply(self, call: Call, carried: Carried) -> Reply:
        return Reply(
            id=call.id,
            model=call.model_group,
            created=call.started_us // 1_000_000,
            request=shown(call, carried),
            provider=self.deployment.provider,
            deployment=self.deployment.id,
        )


def _read_defaults(defaults: Mapping[str, object]) -> tuple[Request | None, Mapping[str, object]]:
    """A deployment's own parameters (OpenAI's names, as LiteLLM has them) as a request; and those that are no
    parameter of OpenAI's, which go to the provider as they are.
    """
    if not defaults:
        return None, {}
    from trunkline.wire.registry import codec

    try:
        read = codec(Format.OPENAI_CHAT).decode_request({"model": "", "messages": [], **defaults})
    except BadShape:
        return None, defaults
    native = read.native.members if read.native is not None else {}
    return read, native


def _told(losses: Losses, where: str = "") -> tuple[str, ...]:
    return tuple(f"{where}{loss.path} ({loss.reason})" for loss in losses.found)


def _with_defaults(request: Request, defaults: Request) -> Request:
    """The request, with what it does not say taken from the deployment's own parameters."""
    sampling = request.sampling
    missing = {
        name: value
        for name, value in asdict(defaults.sampling).items()
        if value is not None and getattr(sampling, name) is None
    }
    given = {
        name: getattr(defaults, name)
        for name in _DEFAULTED
        if getattr(request, name) is None and getattr(defaults, name) is not None
    }
    return replace(request, sampling=replace(sampling, **missing), **given)


_DEFAULTED: Final = (
    "tool_choice", "parallel_tools", "output", "thinking", "modalities", "verbosity", "user", "metadata",
    "service_tier", "store",
)  # fmt: skip


def error_under_200(codec: Codec, members: Members, body: bytes) -> Failure | None:
    """The error that came with a status of success (Azure's prompt filter, MiniMax, failed responses)."""
    if codec.format is Format.OPENAI_CHAT:
        return failure_inside(members)
    return codec.decode_failure(502, body) if members.get("error") else None


def echoed(call: Call) -> str:
    """The name that answers carry instead of the provider's; empty: the provider's."""
    return call.model_group if call.state.snapshot.echo_model else ""


def _invalid(message: str, param: str) -> Failure:
    return Failure(kind=FailureKind.INVALID_REQUEST, status=400, message=message, param=param)


def _unreadable(status: int, error: Exception) -> Failure:
    del status
    return Failure(kind=FailureKind.INTERNAL, status=502, message=f"the provider's answer cannot be read: {error}")
