"""CountTokens: what a Converse request would count as input, without an answer.

Facts: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html. The request stands in
`input.converse`, without what does not count (`inferenceConfig` and the like).
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.request import Request
from trunkline.wire.bedrock_converse.request_decode import decode_request
from trunkline.wire.bedrock_converse.request_encode import encode_request
from trunkline.wire.bedrock_converse.shape import Members, an_object
from trunkline.wire.codec import NOT_NAMED, Named

_COUNTED: Final = ("messages", "system", "toolConfig", "additionalModelRequestFields")
"""The members of `ConverseTokensRequest`."""


def decode_count_request(members: Members, named: Named = NOT_NAMED) -> Request:
    """A client's question.

    Raises:
        BadShape: it is not about a Converse request (`invokeModel` holds a body of another format).
    """
    asked = an_object(members.get("input"), "input")
    if "converse" not in asked:
        raise BadShape("input", "must hold `converse`: the body of another format cannot be counted here")
    return decode_request(an_object(asked["converse"], "input.converse"), named)


def encode_count_request(request: Request, losses: Losses) -> Members:
    """The question for Bedrock.

    Raises:
        Untranslatable: content or a tool that Converse does not have.
    """
    whole = encode_request(request, losses)
    return {"input": {"converse": {name: whole[name] for name in _COUNTED if name in whole}}}


def decode_count(members: Members) -> int:
    """Bedrock's number.

    Raises:
        BadShape: there is none.
    """
    found = members.get("inputTokens")
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise BadShape("inputTokens", "must be a whole number")


def encode_count(tokens: int) -> Members:
    """The number for a client."""
    return {"inputTokens": tokens}
