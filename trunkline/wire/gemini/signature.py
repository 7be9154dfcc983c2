"""`thoughtSignature`, Gemini's opaque state, which may stand on any part.

The field is `bytes` in Google's protobuf, so its clients read it as base64 (the Python SDK's pydantic model, Go's
`[]byte`): an envelope, which has a dot, goes there in base64 once more. Clients give the field back in either base64
alphabet, with or without padding (recorded: pydantic-ai sends `-` and `_` for the `+` and `/` that came).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from typing import Final

from msgspec.structs import replace

from trunkline.ir.envelope import PREFIX, is_envelope, open_envelope, seal
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Opaque
from trunkline.wire.gemini.losses import OPAQUE

KIND: Final = "gemini.signature"

_SIGN: Final = b64encode(PREFIX.encode())[:6].decode()
"""How every envelope begins in base64; a seventh letter depends on what follows the prefix."""

PLACEHOLDER: Final = b64encode(b"skip_thought_signature_validator").decode()
"""Google's documented stand-in for calls that another model made (ai.google.dev, thought signatures)."""


def read_signature(text: str) -> Opaque | None:
    """The state in the field; `None` where it is empty, or an envelope that is damaged."""
    if not text:
        return None
    if is_envelope(text):
        return open_envelope(text)
    if text.startswith(_SIGN):
        try:
            inner = b64decode(text.translate(_STANDARD) + "=" * (-len(text) % 4), validate=True).decode("ascii")
        except (Error, ValueError):
            return Opaque(KIND, text)
        if is_envelope(inner):
            return open_envelope(inner)
    return Opaque(KIND, text)


_STANDARD: Final = str.maketrans("-_", "+/")


def for_client(opaque: Opaque, provider: str, deployment: str) -> str:
    """The field's text for a client: in an envelope, unless it is Gemini's own and nobody knows whose."""
    if not opaque.provider:
        opaque = replace(opaque, provider=provider, deployment=opaque.deployment or deployment)
    if opaque.kind == KIND and not opaque.provider and not opaque.deployment:
        return opaque.data
    return b64encode(seal(opaque).encode()).decode("ascii")


def for_provider(opaque: Opaque | None, losses: Losses, path: str) -> str | None:
    """The field's text for Gemini; another provider's state is dropped and reported."""
    if opaque is None:
        return None
    if opaque.kind == KIND:
        return opaque.data or None
    losses.add(path, OPAQUE)
    return None
