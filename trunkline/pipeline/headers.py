"""The headers of an answer: LiteLLM's own, and the provider's that are fit to be passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trunkline.ledger.cost import usd
from trunkline.pipeline.heads import header_value
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

_SHORT: Final = 1000
_TENTHS: Final = tuple(f"{tenths // 10}.{tenths % 10}" for tenths in range(_SHORT))
"""Milliseconds below 100 as they are written: what the gateway adds is always among them."""

_AS_THEY_ARE: Final = (
    b"x-ratelimit-",
    b"openai-",
    b"anthropic-",
    b"x-request-id",
    b"retry-after",
    b"azureml-",
    b"apim-",
)
"""What SDKs of the client's format read under these very names; everything else only as `llm_provider-<name>`."""


def passed_block(call: Call) -> bytes:
    """What of the provider's headers goes on, without its key."""
    block = native_block(call.headers) if call.prepared.native_headers else provider_block(call.headers)
    return call.prepared.censored(block) if block else block


def provider_block(headers: Headers) -> bytes:
    """The provider's headers as lines for the client: LiteLLM's `llm_provider-<name>`, and some as they are."""
    if headers.keys() <= _HELD_BACK:
        return b""
    lines: list[bytes] = []
    named = headers.get(b"connection", b"").lower()
    room = MAX_PASSED_BYTES
    for name, value in headers.items():
        if name in _HELD_BACK or name in named:
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


def native_block(headers: Headers) -> bytes:
    """The provider's headers under their own names: the client speaks the provider's API and reads them there."""
    named = headers.get(b"connection", b"").lower()
    room = MAX_PASSED_BYTES
    lines: list[bytes] = []
    for name, value in headers.items():
        if name in _HELD_BACK or name in named or name.startswith((b"x-litellm-", b"x-trunkline-", b"llm_provider-")):
            continue
        room -= len(name) + len(value) + 4
        if room < 0 or len(lines) >= MAX_PASSED:
            break
        lines.append(b"%b: %b\r\n" % (name, value))
    return b"".join(lines)


def whole_block(call: Call, spent: int | None, total: int, ours: int) -> bytes:
    """The header block of a whole answer. `spent` in pico-USD, `total` and `ours` in microseconds."""
    headers = call.headers
    spend = "" if spent is None else f"x-litellm-response-cost: {usd(spent)}\r\n"
    # Tenths of a millisecond, the point put in by hand: half the time that formatting a float takes.
    # A number that was written before is looked up for a tenth of that again.
    total, ours = total // 100, ours // 100
    duration = _TENTHS[total] if total < _SHORT else f"{total // 10}.{total % 10}"
    overhead = _TENTHS[ours] if ours < _SHORT else f"{ours // 10}.{ours % 10}"
    lines = (
        f"x-litellm-call-id: {call.id}\r\n{spend}x-litellm-response-duration-ms: {duration}\r\n"
        f"x-litellm-overhead-duration-ms: {overhead}\r\ncontent-type: "
    )
    prepared, group = call.prepared, call.model_group
    block = b"".join(
        (
            lines.encode(), headers.get(b"content-type", b"application/json"), b"\r\n",
            prepared.blocks.get(group) or prepared.block_for(group),
            b"" if headers.keys() <= _HELD_BACK else passed_block(call),
        )
    )  # fmt: skip
    if call.retries or call.fell_back or call.losses:
        block += tried_block(call) + losses_block(call)
    return block


def common_block(call: Call) -> bytes:
    """What every answer of an attempted call says of the call."""
    return b"x-litellm-call-id: %b\r\n%b%b" % (
        call.id.encode(), call.prepared.block_for(call.model_group), tried_block(call)
    )  # fmt: skip


def tried_block(call: Call) -> bytes:
    """How often the call was tried again, where it was."""
    if not (call.retries or call.fell_back):
        return b""
    return b"x-litellm-attempted-retries: %d\r\nx-litellm-attempted-fallbacks: %d\r\n" % (call.retries, call.fell_back)


def stream_block(call: Call) -> bytes:
    """The header block of a stream; its cost is known only at its end, so it is not here."""
    content_type = call.headers.get(b"content-type", b"text/event-stream")
    return b"content-type: %b\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n%b%b%b" % (
        content_type, common_block(call), passed_block(call), losses_block(call),
    )  # fmt: skip


def losses_block(call: Call) -> bytes:
    """Which members of the request were left out on the way."""
    losses = call.losses
    return b"x-trunkline-losses: %b\r\n" % header_value(", ".join(losses)) if losses else b""
