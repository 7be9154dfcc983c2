"""The same format on both sides, other than OpenAI's chat: bytes pass with targeted edits, and a codec reads along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from trunkline.ir import NO_USAGE
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import BadShape
from trunkline.pipeline.codec_relay import Watching
from trunkline.pipeline.request import NOT_READABLE, Edit, Sent, prepare
from trunkline.pipeline.translate import error_under_200
from trunkline.pipeline.way import Carried, StreamRelay, Whole
from trunkline.wire.codec import Codec

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call
    from trunkline.upstream import Headers

_decode: Final = msgspec.json.Decoder(dict[str, object]).decode


class SameFormat:
    """Passes a format through."""

    __slots__ = ("_codec", "_edit", "client_stream_type", "stream_type")

    def __init__(self, codec: Codec, edit: Edit) -> None:
        self._codec = codec
        self._edit = edit
        self.stream_type = codec.stream_type.encode()
        self.client_stream_type = b""

    def request(self, call: Call, carried: Carried) -> Sent:
        """The client's bytes, with the model and what must go replaced."""
        del carried
        return prepare(call.body, call.asked, call.prepared.named_as(call.asked.model), self._edit, wants_usage=False)

    def whole(self, call: Call, carried: Carried, status: int, headers: Headers, body: bytes) -> Whole | Failure:
        """The provider's bytes, and what they say."""
        del call, carried, status
        try:
            members = _decode(body)
            inside = error_under_200(self._codec, members, body)
            if inside is not None:
                return inside
            answer = self._codec.decode_answer(members)
        except (BadShape, *NOT_READABLE) as error:
            return Failure(
                kind=FailureKind.INTERNAL, status=502, message=f"the provider's answer cannot be read: {error}"
            )
        choice = answer.choices[0] if answer.choices else None
        finish = "" if choice is None else choice.finish_native or (choice.finish.value if choice.finish else "")
        return Whole(
            body=body,
            content_type=headers.get(b"content-type", b"application/json"),
            usage=answer.usage,
            model=answer.model,
            provider_id=answer.id,
            finish_reason=finish,
        )

    def relay(self, call: Call, carried: Carried) -> StreamRelay:
        """For one stream."""
        del call, carried
        return Watching(self._codec.stream_decoder())

    def restream(self, call: Call, carried: Carried, whole: bytes) -> StreamRelay | None:
        """A provider that sends no stream where one was asked for is at fault."""
        del call, carried, whole
        return None

    def failure(self, status: int, body: bytes) -> tuple[Failure, bytes]:
        """The provider's error, passed on as it is where it has the format's shape."""
        return self._codec.decode_failure(status, body), body if _is_object(body) else b""


class Question(SameFormat):
    """An operation that costs nothing (a count of tokens, a moderation): bytes pass, and no usage is charged."""

    __slots__ = ()

    def whole(self, call: Call, carried: Carried, status: int, headers: Headers, body: bytes) -> Whole | Failure:
        """The provider's bytes."""
        del call, carried, status
        if not _is_object(body):
            message = "the provider's answer is no JSON object"
            return Failure(kind=FailureKind.INTERNAL, status=502, message=message)
        return Whole(body=body, content_type=headers.get(b"content-type", b"application/json"), usage=NO_USAGE)


def _is_object(body: bytes) -> bool:
    try:
        return bool(_decode(body))
    except NOT_READABLE:
        return False
