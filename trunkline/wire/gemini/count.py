"""`countTokens`: a request without an answer.

AI Studio takes `{contents}` or the whole request in `generateContentRequest`; Vertex AI takes the request's members
at the top (both recorded). The answer is `{totalTokens, promptTokensDetails, ...}`.
"""

from __future__ import annotations

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Native
from trunkline.ir.request import Request
from trunkline.wire.codec import NOT_NAMED, Members, Named
from trunkline.wire.gemini.form import Form, as_object, left
from trunkline.wire.gemini.request import decode_request
from trunkline.wire.gemini.request_out import Rules, encode_request
from trunkline.wire.gemini.usage import MAX_PLAUSIBLE


class TokenCount(msgspec.Struct, kw_only=True):
    """What a count says."""

    tokens: int
    native: Native | None = None


def decode_count_request(members: Members, named: Named = NOT_NAMED) -> Request:
    """A client's request for a count.

    Raises:
        BadShape: it does not have the format's shape.
    """
    for name in _WHOLE:
        if name in members:
            request = decode_request(as_object(members[name], name), named)
            native = request.native
            assert isinstance(native, Form)
            native.how["whole"] = (name, left(members, {name}))
            return request
    return decode_request(members, named)


_WHOLE = ("generateContentRequest", "generate_content_request")


def encode_count_request(request: Request, losses: Losses, rules: Rules) -> Members:
    """The body for a provider: AI Studio counts more than the contents only in the long form, which names the model.

    Raises:
        Untranslatable: it holds content that Gemini cannot express.
    """
    body = encode_request(request, losses, rules)
    native = request.native
    if isinstance(native, Form):
        whole = native.how.get("whole")
        if isinstance(whole, tuple):
            return {**whole[1], whole[0]: body}
        return body
    if rules.vertex or body.keys() == {"contents"}:
        return body
    return {"generateContentRequest": {"model": f"models/{request.model}", **body}}


def decode_count_answer(members: Members) -> TokenCount:
    """A provider's count.

    Raises:
        BadShape: there is none, or none that can be true.
    """
    tokens = members.get("totalTokens", 0)
    if "totalTokens" not in members and "error" in members:
        raise BadShape("error", "the answer is an error")
    if not isinstance(tokens, int) or isinstance(tokens, bool) or not 0 <= tokens <= MAX_PLAUSIBLE:
        raise BadShape("totalTokens", "must be a count")
    return TokenCount(tokens=tokens, native=Native(Format.GEMINI, left(members, {"totalTokens"})))


def encode_count_answer(count: TokenCount) -> Members:
    """The body for a client."""
    out: Members = {"totalTokens": count.tokens}
    if count.native is not None and count.native.format is Format.GEMINI:
        out.update(count.native.members)
    return out
