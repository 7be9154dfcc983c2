"""The headers of an answer: LiteLLM's own, and the provider's that are fit to be passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trunkline.ledger.cost import usd
from trunkline.pipeline.state import header_value
from trunkline.upstream import Headers

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call

MAX_PASSED: Final = 48
MAX_PASSED_BYTES: Final = 16 * 1024

_HELD_BACK: Final = frozenset(
    {
        b"alt-svc", b"connection", b"content-encoding", b"content-length", b"content-type", b"date", b"keep-alive",
        b"nel", b"proxy-authenticate", b"proxy-authorization", b"report-to", b"server", b"set-cookie", b"set-cookie2",
        b"strict-transport-security", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"vary", b"via",
        b"www-authenticate", b"x-accel-buffering", b"content-security-policy", b"access-control-allow-origin",
    }
)  # fmt: skip
"""Hop-by-hop (RFC 9110, 7.6.1), ours to set, or a matter between the gateway and the provider (reliability U19)."""

_AS_THEY_ARE: Final = (b"x-ratelimit-", b"openai-", b"anthropic-", b"x-request-id", b"retry-after", b"azureml-", b"apim-")
"""What SDKs of the client's format read under these very names; everything else only as `llm_provider-<name>`."""


def header(headers: Headers, name: bytes) -> bytes:
    """The first value of a header, `b""` where it is missing."""
    for found, value in headers:
        if found == name:
            return value
    return b""


def provider_block(headers: Headers) -> bytes:
    """The provider's headers as lines for the client: LiteLLM's `llm_provider-<name>`, and some as they are."""
    passed = [pair for pair in headers if pair[0] not in _HELD_BACK]
    if not passed:
        return b""
    lines: list[bytes] = []
    named = header(headers, b"connection").lower()
    room = MAX_PASSED_BYTES
    for name, value in passed:
        if named and name in named:
            continue  # named in Connection: hop-by-hop, whatever it is (RFC 9110, 7.6.1)
        if name.startswith((b"x-litellm-", b"x-trunkline-", b"llm_provider-")):
            continue  # a gateway behind us: its own accounting, not ours
        room -= 2 * (len(name) + len(value)) + 24
        if room < 0 or len(lines) >= MAX_PASSED:
            break
        lines.append(b"llm_provider-%b: %b\r\n" % (name, value))
        if name.startswith(_AS_THEY_ARE):
            lines.append(b"%b: %b\r\n" % (name, value))
    return b"".join(lines)


def whole_block(call: Call, cost_pico: int | None, now: float) -> bytes:
    """The header block of a whole answer."""
    total = int((now - call.started) * 1e6)
    ours = max(total - int((call.answered - call.launched) * 1e6), 0)
    spend = b"" if cost_pico is None else b"x-litellm-response-cost: %b\r\n" % usd(cost_pico).encode()
    # Integers with a point put in: a third of the time that %.3f takes.
    return b"%b%bx-litellm-response-duration-ms: %d.%03d\r\nx-litellm-overhead-duration-ms: %d.%03d\r\n%b%b" % (
        common_block(call), spend, total // 1000, total % 1000, ours // 1000, ours % 1000,
        provider_block(call.headers), losses_block(call) if call.sent.losses else b"",
    )  # fmt: skip


def common_block(call: Call) -> bytes:
    """What every answer of an attempted call says of the call."""
    tried = b""
    if call.retries or call.fell_back:
        tried = b"x-litellm-attempted-retries: %d\r\nx-litellm-attempted-fallbacks: %d\r\n" % (call.retries, call.fell_back)
    return b"x-litellm-call-id: %b\r\n%b%b" % (call.id.encode(), call.prepared.block_for(call.model_group), tried)


def stream_block(call: Call) -> bytes:
    """The header block of a stream; its cost is known only at its end, so it is not here."""
    content_type = header(call.headers, b"content-type")
    return b"content-type: %b\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n%b%b%b" % (
        content_type, common_block(call), provider_block(call.headers), losses_block(call),
    )  # fmt: skip


def losses_block(call: Call) -> bytes:
    """Which members of the request were left out on the way."""
    losses = call.sent.losses
    return b"x-trunkline-losses: %b\r\n" % header_value(", ".join(losses)) if losses else b""
