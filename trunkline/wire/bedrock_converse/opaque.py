"""Opaque state in Converse's places: `reasoningText.signature` (a text) and `redactedContent` (base64 of bytes).

State of another provider travels in an envelope in the same places. What stood on a text or a tool call, where
Converse has no place, travels in a `redactedContent` of its own behind that block (`_CARRIED`): clients that send an
answer back as they got it send that too. SDKs decode base64 and encode it anew, so an envelope inside
`redactedContent` is base64 of the envelope's text.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import Final

import msgspec

from trunkline.ir.envelope import PREFIX, is_envelope, open_envelope, seal
from trunkline.ir.parts import Opaque
from trunkline.wire.codec import Reply

SIGNATURE: Final = "bedrock.signature"
REDACTED: Final = "bedrock.redacted"
OWN_KINDS: Final = frozenset({SIGNATURE, REDACTED})

_CARRIED: Final = "before:"
_BEGINNINGS: Final = tuple(b64encode(text.encode())[:6].decode() for text in (PREFIX, _CARRIED))
"""How base64 of either begins (six characters hold four and a half bytes)."""


class Opened(msgspec.Struct, frozen=True):
    """What stood in one of the places."""

    opaque: Opaque | None
    """`None`: a damaged envelope."""
    carried: bool = False
    """It belongs to the part before."""


def open_signature(text: str) -> Opened:
    """What `reasoningText.signature` holds; the text is not empty."""
    if is_envelope(text):
        return Opened(open_envelope(text))
    return Opened(Opaque(SIGNATURE, text))


def open_redacted(text: str) -> Opened:
    """What `redactedContent` holds; the text is not empty."""
    if text.startswith(_BEGINNINGS):
        try:
            inner = b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            inner = ""
        carried = inner.startswith(_CARRIED)
        inner = inner.removeprefix(_CARRIED)
        if is_envelope(inner):
            return Opened(open_envelope(inner), carried)
        if carried:
            return Opened(None, carried)
    return Opened(Opaque(REDACTED, text))


def _sealed(opaque: Opaque, reply: Reply) -> str | None:
    """The envelope for a client; `None` where it is ours and nobody knows more."""
    provider, deployment = opaque.provider or reply.provider, opaque.deployment or reply.deployment
    if opaque.kind in OWN_KINDS and not provider and not deployment:
        return None
    return seal(Opaque(opaque.kind, opaque.data, provider, deployment, opaque.id))


def signature_for(opaque: Opaque, reply: Reply) -> str:
    """For a client, in `reasoningText.signature`."""
    return _sealed(opaque, reply) or opaque.data


def redacted_for(opaque: Opaque, reply: Reply) -> str:
    """For a client, in `redactedContent`."""
    envelope = _sealed(opaque, reply)
    return opaque.data if envelope is None else b64encode(envelope.encode()).decode()


def carried_for(opaque: Opaque, reply: Reply) -> str:
    """For a client, in the `redactedContent` behind the part that it stood on."""
    provider, deployment = opaque.provider or reply.provider, opaque.deployment or reply.deployment
    envelope = seal(Opaque(opaque.kind, opaque.data, provider, deployment, opaque.id))
    return b64encode((_CARRIED + envelope).encode()).decode()
